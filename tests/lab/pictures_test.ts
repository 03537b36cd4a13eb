import { assertEquals, assertMatch } from "@std/assert";
import { argumentsOf, commandOf } from "../../lab/tasks.ts";
import config from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

Deno.test({
  name: "make:pictures draws real runs",
  // The scripts are stopped as by Ctrl-C.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "plainwire-test-" });
    try {
      const command = argumentsOf(commandOf(config.tasks, "make:pictures"), () => "");
      const { code, stderr } = await new Deno.Command(Deno.execPath(), { args: [...command, folder], cwd: ROOT })
        .output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      const picture = (name: string): Promise<string> => Deno.readTextFile(`${folder}/${name}.svg`);
      assertMatch(await picture("hello"), /SYN, ACK[^]*Hello from client![^]*Hello from server!/);
      // How many are lost depends on how many are sent: on a busy machine the client asks again for answers that come late.
      assertMatch(await picture("loss"), /UDP, 6 flows, relayed[^]*\d lost[^]*class="lost"/);
      assertMatch(await picture("compare"), /What arrived when: 5 % loss, 20 ms delay[^]*class="mark bad"/);
      assertMatch(await picture("http"), /GET \/ HTTP\/1\.1[^]*HTTP\/1\.1 200 OK/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
