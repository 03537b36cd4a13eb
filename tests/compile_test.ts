/** The compile tasks make programs that run by themselves. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { notTested, taskArgs } from "./support/script.ts";

Deno.test("compile:tcp:client makes one binary that is the client", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/tcp-client${Deno.build.os === "windows" ? ".exe" : ""}`;
    const args = taskArgs("compile:tcp:client").map((arg) => arg === "bin/tcp-client" ? output : arg);
    const compiled = await new Deno.Command(Deno.execPath(), { args, cwd: new URL("../", import.meta.url) }).output();
    const said = new TextDecoder().decode(compiled.stderr);
    if (!compiled.success && /download|error sending request|dns error/i.test(said)) {
      return notTested(
        `deno compile cannot fetch the runtime that it embeds: ${
          /^.*(download|sending request|dns error).*$/im.exec(said)?.[0]
        }`,
      );
    }
    assertEquals(compiled.code, 0, said);
    const { code, stdout } = await new Deno.Command(output, { args: ["--version"] }).output();
    assertEquals(code, 0);
    assertStringIncludes(new TextDecoder().decode(stdout), `plainwire ${config.version}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
