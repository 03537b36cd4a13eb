/** What holds for the checks of every protocol. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { MISTAKES } from "../../../lib/wire/explain/mistakes.ts";
import { PROTOCOLS } from "../../../lab/checks/protocols.ts";
import { sourceOf } from "../../support/modules.ts";

for (const [name, load] of Object.entries(PROTOCOLS)) {
  const { checks } = await load();

  Deno.test(`lab:check ${name}: the checks have names of their own, and say what they try, expect and why`, () => {
    assertEquals(new Set(checks.map((check) => check.name)).size, checks.length);
    for (const { name, title, expects, source, mistake } of checks) {
      assertMatch(name, /^[a-z0-9]+([-.][a-z0-9]+)*$/);
      for (const text of [title, expects, source]) assertMatch(text, /^[^\s.][^\n]*[^\s.]$/, name);
      assert(mistake === undefined || MISTAKES[mistake - 1] !== undefined, name);
    }
  });

  Deno.test(`lab:check ${name}: each remedy's words stand on one line of its file`, async () => {
    for (const { name, remedy } of checks) {
      if (remedy === undefined) continue;
      const lines = (await sourceOf(remedy.file)).split("\n").filter((line) => line.includes(remedy.line));
      assertEquals(lines.length, 1, `${name}: ${remedy.file}: ${remedy.line}`);
      assertMatch(remedy.why, /^([A-Z]|\w+\().*\.$/, name);
    }
  });
}
