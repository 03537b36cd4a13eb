/** The compile tasks build programs that run without Deno. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { needs, taskArgs } from "./support/script.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const program = `${folder}/tcp-client${Deno.build.os === "windows" ? ".exe" : ""}`;
const args = taskArgs("compile:tcp:client").map((arg) => arg === "bin/tcp-client" ? program : arg);
const compiled = await new Deno.Command(Deno.execPath(), { args, cwd: new URL("../", import.meta.url) }).output();
const said = new TextDecoder().decode(compiled.stderr);
// `deno compile` downloads the runtime that it embeds.
const [unreachable = ""] = compiled.success ? [] : /^.*(download|sending request|dns error).*$/im.exec(said) ?? [];

Deno.test(
  "compile:tcp:client builds one binary that runs as the client",
  needs(unreachable === "", `to download the runtime: ${unreachable}`),
  async () => {
    assertEquals(compiled.code, 0, said);
    const { code, stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
    assertEquals(code, 0);
    assertStringIncludes(new TextDecoder().decode(stdout), `plainwire ${config.version}`);
  },
);
