import { assertEquals } from "@std/assert";
import { completions } from "../../../chat/room/complete.ts";

const pure = { permissions: "none" } as const;
const NAMES = ["bob", "Alice", "alan"];
const COMMANDS = ["who", "msg", "me"];

Deno.test("completions() completes commands at the start of a line", pure, () => {
  assertEquals(completions("/", NAMES, COMMANDS), [["/who ", "/msg ", "/me "], "/"]);
  assertEquals(completions("/m", NAMES, COMMANDS), [["/msg ", "/me "], "/m"]);
  assertEquals(completions("/x", NAMES, COMMANDS), [[], "/x"]);
});

Deno.test("completions() completes names anywhere, ignoring case", pure, () => {
  assertEquals(completions("AL", NAMES, COMMANDS), [["Alice: ", "alan: "], "AL"]);
  assertEquals(completions("hello b", NAMES, COMMANDS), [["bob "], "b"]);
  assertEquals(completions("/msg al", NAMES, COMMANDS), [["Alice ", "alan "], "al"]);
  assertEquals(completions("/msg ", NAMES, COMMANDS), [["Alice ", "alan ", "bob "], ""]);
});

Deno.test("completions() completes names ignoring accents", pure, () => {
  assertEquals(completions("zoe", ["Zoë"], COMMANDS), [["Zoë: "], "zoe"]);
});
