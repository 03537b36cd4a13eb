import { assertEquals, assertThrows } from "@std/assert";
import { readMembers, textOf } from "../../sum/json.ts";

Deno.test("readMembers() keeps every digit and the last member's neighbours", { permissions: "none" }, () => {
  const members = readMembers(' {"name" : "a\\"}:{b" ,"number":9007199254740993, "more":[{"name":1}], "none":null}\t');
  assertEquals([...members], [
    ["name", '"a\\"}:{b"'],
    ["number", "9007199254740993"],
    ["more", "["],
    ["none", "null"],
  ]);
  assertEquals([...readMembers("{}")], []);
});

Deno.test("readMembers() refuses with the reason (C8)", { permissions: "none" }, () => {
  const cases: [string, string][] = [
    ["", "no JSON"],
    ["{", "no JSON"],
    ["{'name':'Ada'}", "double quotes"],
    ['{"number":042}', "no JSON"],
    ['{"number":+5}', "no JSON"],
    ['{"number":1}{}', "no JSON"],
    ["[1,2]", "no object"],
    ['["name:", 42]', "no object"],
    ["null", "no object"],
    ['"{}"', "no object"],
    ['{"a":1,"a":1}', 'the key "a" is there twice'],
    ['{"a":1,"\\u0061":2}', 'the key "a" is there twice'],
    ['{"__proto__":1,"__proto__":2}', 'the key "__proto__" is there twice'],
    ['{"a":'.repeat(10_000) + "1" + "}".repeat(10_000), "nested more than 32 deep"],
    [`{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, "nested more than 32 deep"],
    ["[".repeat(10_000), "no JSON"],
    ["[".repeat(10_000) + "]".repeat(10_000), "no object"],
  ];
  for (const [text, reason] of cases) assertThrows(() => readMembers(text), SyntaxError, reason, text.slice(0, 50));
  // Equal keys in two different objects are no double key.
  assertEquals(readMembers('{"a":{"b":1},"b":{"b":1}}').size, 2);
});

Deno.test("readMembers() is done with 64 KiB of quotes and backslashes at once", { permissions: "none" }, () => {
  const value = '\\"\\\\'.repeat(16_000);
  assertEquals(readMembers(`{"a":"${value}"}`).get("a"), `"${value}"`);
  assertThrows(() => readMembers(`{"a":"${value}`), SyntaxError, "no JSON");
});

Deno.test("textOf() reads strings and nothing else", { permissions: "none" }, () => {
  assertEquals(textOf('"\\u00e9\\n"'), "é\n");
  for (const value of ["1", "null", "[", "{", ""]) assertEquals(textOf(value), null);
});

Deno.test("readMembers() quotes no more than the beginning of a peer's key", { permissions: "none" }, () => {
  const key = "k".repeat(5000);
  assertThrows(
    () => readMembers(`{"${key}":1,"${key}":2}`),
    SyntaxError,
    `the key "${"k".repeat(60)}" is there twice`,
  );
});
