import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ProtocolError } from "../../lib/errors.ts";
import { ByteReader } from "../../lib/reader.ts";
import { decodeText, encodeText } from "../../lib/text.ts";
import { type Answer, type Form, formOf, MAX_NAME, outOfRange, parseInteger, readAnswer } from "../../sum/protocol.ts";
import { readQuestion, writeOffer, writeRefusal, writeStopping } from "../../sum/protocol.ts";
import { everyWay, sourceOf } from "../support/chunks.ts";

Deno.test("parseInteger() accepts a sign and digits, exactly (41)", { permissions: "none" }, () => {
  assertEquals(parseInteger("42"), 42n);
  assertEquals(parseInteger("+42"), 42n);
  assertEquals(parseInteger("-3"), -3n);
  assertEquals(parseInteger("007"), 7n);
  assertEquals(parseInteger("9007199254740993"), 9007199254740993n);
  assertEquals(parseInteger(`1${"0".repeat(400)}`), 10n ** 400n);
  for (const text of ["", "+", "-", "4.5", "42.", "1e1", "0x10", "٤٢", "４２", "1 2", " 1", "1_000", "1,000", "--1"]) {
    assertEquals(parseInteger(text), null, text);
  }
  for (const text of ["NaN", "Infinity", "½", "42n", "4\0", "42\n"]) assertEquals(parseInteger(text), null, text);
});

Deno.test("readQuestion() splits a line at its last colon (C7)", { permissions: "none" }, () => {
  const cases: [string, string, bigint][] = [
    ["Client of X: 42", "Client of X", 42n],
    ["Ada:42", "Ada", 42n],
    [" Ada\t:  42 \r", "Ada", 42n],
    ["a: b: 7: 42", "a: b: 7", 42n],
    ["http://x:80/: 1", "http://x:80/", 1n],
    ["42: 42", "42", 42n],
    ["Ada: -3", "Ada", -3n],
    ["\x1b[31mé\0: 1", "\x1b[31mé\0", 1n],
    ["\ufeffAda: 42", "Ada", 42n],
    ["[Ada]: 42", "[Ada]", 42n],
    [`${"é😀".repeat(MAX_NAME / 2)}: 1`, "é😀".repeat(MAX_NAME / 2), 1n],
  ];
  for (const [text, name, number] of cases) assertEquals(readQuestion(text), { name, number }, text);
});

Deno.test("readQuestion() refuses a malformed question with the reason (C7, C8)", { permissions: "none" }, () => {
  const cases: [string, string][] = [
    ["", "it is empty"],
    ["  ", "it is empty"],
    ["hello", "it has no colon"],
    ["42", "it has no colon"],
    ["Ada:", "the integer after the last colon is missing"],
    ["Ada: 4.5", '"4.5" is not an integer'],
    ["Ada: 1e1", '"1e1" is not an integer'],
    ["Ada: 0x10", '"0x10" is not an integer'],
    ["Ada: ٤٢", '"٤٢" is not an integer'],
    ["Ada: 42 43", '"42 43" is not an integer'],
    ["Ada: \x1b[2J", '"␛[2J" is not an integer'],
    [`Ada: ${"x".repeat(10_000)}`, `"${"x".repeat(60)}…" is not an integer`],
    [": 42", "the name is empty"],
    [" : 42", "the name is empty"],
    [`${"x".repeat(10_240)}: 42`, "the name has 10240 characters, the limit is 200"],
    ["Ada: 1\nBob: 2", "it is more than one line"],
    ["{}", 'the key "number" is missing'],
    ['{"number":42}', 'the key "name" is missing'],
    ['{"name":"Ada"}', 'the key "number" is missing'],
    ['{"name":42,"number":42}', 'the value of "name" is not a string'],
    ['{"name":null,"number":42}', 'the value of "name" is not a string'],
    ['{"name":"","number":42}', "the name is empty"],
    ['{"name":"Ada","number":"42"}', 'the value of "number" is not an integer'],
    ['{"name":"Ada","number":[42]}', 'the value of "number" is not an integer'],
    ['{"name":"Ada","number":4.5}', 'the value of "number" is not an integer'],
    ['{"name":"Ada","number":1e1}', 'the value of "number" is not an integer'],
    ['{"name":"Ada","number":true}', 'the value of "number" is not an integer'],
    ['{"name":"Ada","name":"Bob","number":42}', 'the key "name" appears twice'],
    ['{"name":"Ada", "number": 42', "it is not valid JSON"],
    ["[42]", "not an object"],
  ];
  for (const [text, reason] of cases) {
    const error = assertThrows(() => readQuestion(text), ProtocolError, reason, text.slice(0, 50));
    assertStringIncludes(error.message, "Cannot take the question: ");
  }
});

Deno.test("readQuestion() reads JSON exactly and ignores unknown members", { permissions: "none" }, () => {
  const huge = `1${"0".repeat(400)}`;
  assertEquals(readQuestion(`{"name":"é: 1","number":${huge}}`), { name: "é: 1", number: 10n ** 400n });
  assertEquals(readQuestion('\ufeff { "number": -0, "x": [{}], "name": " Ada " } '), { name: "Ada", number: 0n });
});

Deno.test("messages round-trip in both forms", { permissions: "none" }, () => {
  for (const form of ["line", "json"] as Form[]) {
    for (const name of ["Ada", "a: b", "Cannot take: it", 'é"\\', "漢😀", "stopping", "x: stopping"]) {
      const offer = { name, number: 58n };
      assertEquals(formOf(writeOffer(offer, form)), form);
      assertEquals(readQuestion(writeOffer(offer, form)), offer);
      assertEquals(readAnswer(writeOffer(offer, form), form, "peer"), { kind: "number", offer });
      assertEquals(readAnswer(writeStopping(name, form), form, "peer"), { kind: "stopping", name });
    }
    for (
      const reason of ["Cannot take the question: it is empty", 'Cannot take the question: "4:5" is not an integer']
    ) {
      assertEquals(readAnswer(writeRefusal(reason, form), form, "peer"), { kind: "refused", reason });
    }
  }
});

Deno.test("a refusal cannot be mistaken for an answer", { permissions: "none" }, () => {
  for (
    const text of ["Ada: 1x", ": 5", "stopping", "Ada: 5: stopping", '{"a: 5":1,"a: 5":2}', `${"x".repeat(300)}: 5`]
  ) {
    const { message } = assertThrows(() => readQuestion(text), ProtocolError);
    for (const form of ["line", "json"] as Form[]) {
      assertEquals(readAnswer(writeRefusal(message, form), form, "peer").kind, "refused", message);
    }
  }
});

Deno.test("readAnswer() is strict: the form of the question, a number from 1 to 100", { permissions: "none" }, () => {
  const bad: [string, Form, string][] = [
    ["", "line", "it is empty"],
    ["Invalid input", "line", "it has no colon"],
    ["HTTP/1.1 400 Bad Request", "line", "it has no colon"],
    ["SSH-2.0-x: y", "line", '"y" is not an integer'],
    ["Bob: 0", "line", "0 is not between 1 and 100"],
    ["Bob: 101", "line", "101 is not between 1 and 100"],
    [": 58", "line", "the name is empty"],
    [": stopping", "line", "the name is empty"],
    ['{"name":"Bob","number":58}', "line", "it is JSON, but the question was a line"],
    ["Bob: 58", "json", "it is a line, but the question was JSON"],
    ["Bob: stopping", "json", "it is a line, but the question was JSON"],
    ['{"name":"Bob","stopping":"yes"}', "json", 'the key "number" is missing'],
    ['{"error":1}', "json", 'the key "number" is missing'],
  ];
  for (const [text, form, reason] of bad) {
    const error = assertThrows(() => readAnswer(text, form, "192.0.2.1:12000"), ProtocolError, reason, text);
    assertStringIncludes(error.message, "Cannot accept the answer ");
    assertStringIncludes(error.message, " from 192.0.2.1:12000: ");
  }
  // A full server has not read the question: it refuses with a line.
  const full: Answer = { kind: "refused", reason: "Cannot serve you: the server is full (1 connection at most)" };
  assertEquals(readAnswer(full.reason, "json", "peer"), full);
});

Deno.test("outOfRange() shortens a long number", { permissions: "none" }, () => {
  assertEquals(outOfRange(101n), "101 is not between 1 and 100");
  assertEquals(outOfRange(-3n), "-3 is not between 1 and 100");
  assertEquals(outOfRange(10n ** 400n), "100000000000… (401 digits) is not between 1 and 100");
});

Deno.test(
  "a question is the same however the stream is chunked (S1, S2, S3, S5)",
  { permissions: "none" },
  async () => {
    const bytes = encodeText('Zoë 漢😀: 42\r\n{"name":"Zoë","number":7}\nlast: 1');
    for (const { name, pieces } of everyWay(bytes)) {
      const reader = new ByteReader(sourceOf(pieces));
      const offers = [];
      for (let line; (line = await reader.readLine(80)) !== null;) offers.push(readQuestion(decodeText(line)));
      const expected = [{ name: "Zoë 漢😀", number: 42n }, { name: "Zoë", number: 7n }, { name: "last", number: 1n }];
      assertEquals(offers, expected, name);
    }
  },
);
