import { assertEquals, assertThrows } from "@std/assert";
import { readMembers, textOf } from "../../sum/json.ts";

Deno.test("readMembers() keeps every digit and every member", { permissions: "none" }, () => {
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
    ["", "not valid JSON"],
    ["{", "not valid JSON"],
    ["{'name':'Ada'}", "double quotes"],
    ['{"number":042}', "not valid JSON"],
    ['{"number":+5}', "not valid JSON"],
    ['{"number":1}{}', "not valid JSON"],
    ["[1,2]", "not an object"],
    ['["name:", 42]', "not an object"],
    ["null", "not an object"],
    ['"{}"', "not an object"],
    ['{"a":1,"a":1}', 'the key "a" appears twice'],
    ['{"a":1,"\\u0061":2}', 'the key "a" appears twice'],
    ['{"__proto__":1,"__proto__":2}', 'the key "__proto__" appears twice'],
    ['{"a":'.repeat(10_000) + "1" + "}".repeat(10_000), "nested more than 32 deep"],
    [`{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, "nested more than 32 deep"],
    ["[".repeat(10_000), "not valid JSON"],
    ["[".repeat(10_000) + "]".repeat(10_000), "not an object"],
  ];
  for (const [text, reason] of cases) assertThrows(() => readMembers(text), SyntaxError, reason, text.slice(0, 50));
  // Equal keys in different objects are not duplicates.
  assertEquals(readMembers('{"a":{"b":1},"b":{"b":1}}').size, 2);
});

Deno.test("readMembers() reads 64 KiB of quotes and backslashes fast", { permissions: "none" }, () => {
  const value = '\\"\\\\'.repeat(16_000);
  assertEquals(readMembers(`{"a":"${value}"}`).get("a"), `"${value}"`);
  assertThrows(() => readMembers(`{"a":"${value}`), SyntaxError, "not valid JSON");
});

Deno.test("textOf() accepts only strings", { permissions: "none" }, () => {
  assertEquals(textOf('"\\u00e9\\n"'), "é\n");
  for (const value of ["1", "null", "[", "{", ""]) assertEquals(textOf(value), null);
});

Deno.test("readMembers() quotes only the start of a long key", { permissions: "none" }, () => {
  const key = "k".repeat(5000);
  assertThrows(
    () => readMembers(`{"${key}":1,"${key}":2}`),
    SyntaxError,
    `the key "${"k".repeat(60)}" appears twice`,
  );
});
