/**
 * `sum/protocol.ts` and `sum/json.ts`: questions and answers in both forms.
 *
 * @module
 */
import { ProtocolError } from "../../../lib/errors.ts";
import { decodeText } from "../../../lib/text.ts";
import { readMembers } from "../../../sum/json.ts";
import {
  endsExchange,
  type Form,
  formOf,
  inRange,
  MAX_DIGITS,
  MAX_NAME,
  parseInteger,
  readAnswer,
  readName,
  readQuestion,
  writeOffer,
  writeRefusal,
  writeStopping,
} from "../../../sum/protocol.ts";
import { latin1, utf8 } from "../engine/bytes.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, outcome, same, type Target } from "../engine/target.ts";

/** What each accepted offer fulfils. */
function checkOffer({ name, number }: { name: string; number: bigint }): void {
  same(name, name.trim(), "a name has no white space around it");
  const { length } = [...name];
  holds(length >= 1 && length <= MAX_NAME, "a name has 1 to 200 characters", () => String(length));
  holds(String(number).replace("-", "").length <= MAX_DIGITS, "a number is within its limit");
}

/** JSON is read as the runtime reads it, but for what a double cannot hold and for keys that occur twice. */
function checkJson(text: string): void {
  const read = outcome(() => readMembers(text), SyntaxError);
  const other = outcome(() => JSON.parse(text) as unknown, SyntaxError);
  if ("error" in read) return;
  holds("value" in other && typeof other.value === "object" && other.value !== null, "only an object has members");
  const value = other.value as Record<string, unknown>;
  same([...read.value.keys()].sort(), Object.keys(value).sort(), "the members are those that the runtime reads");
  const inner = text.replace(/"(?:[^"\\]|\\.)*"/g, "");
  if (!/^\s*\{[^]*[[{]/.test(inner)) same(inner.split(":").length - 1, read.value.size, "no key is there twice");
  for (const [key, written] of read.value) {
    const member = value[key];
    if (typeof member === "object" && member !== null) continue;
    same(JSON.parse(written), member, "a member has the value that the runtime reads");
  }
}

/** A line is a name up to the last colon, and an integer. */
function checkLine(line: string): void {
  const [, before = "", digits = ""] = /^([^\n]*):[ \t]*([+-]?\d{1,300})$/.exec(line) ?? [];
  const name = before.trim();
  if (digits === "" || formOf(line) === "json" || name === "" || [...name].length > MAX_NAME) return;
  same(
    outcome(() => readQuestion(line), ProtocolError),
    { value: { name, number: BigInt(digits.replace("+", "")) } },
    "a right line is taken",
  );
}

function checkAnswer(text: string, asked: Form): void {
  const read = outcome(() => readAnswer(text, asked, "192.0.2.7:12000"), ProtocolError);
  if ("error" in read) {
    holds(
      !/[\p{Cc}\u202e]/u.test(read.error.message),
      "an error is safe to print",
      () => read.error.message,
    );
    holds(read.error.message.startsWith("Cannot "), "an error says what cannot be done", () => read.error.message);
    return;
  }
  const answer = read.value;
  holds(formOf(text) === asked || answer.kind === "refused", "an answer has the form of its question");
  if (answer.kind === "number") {
    holds(inRange(answer.offer.number), "an answer's number is from 1 to 100", () => String(answer.offer.number));
    checkOffer(answer.offer);
  }
  same(endsExchange(text), answer.kind !== "number", "only an answer without a number ends the exchange");
  checkRewritten(answer, asked);
}

/** An answer that is written again says the same, unless its texts make a line of another form. */
function checkRewritten(answer: ReturnType<typeof readAnswer>, form: Form): void {
  const text = answer.kind === "number"
    ? writeOffer(answer.offer, form)
    : answer.kind === "stopping"
    ? writeStopping(answer.name, form)
    : writeRefusal(answer.reason, form);
  // The reason of a refusal in JSON need not be one of ours; and a name may begin with a brace, or hold a line break.
  if (form === "line" && (formOf(text) === "json" || text.includes("\n") || answer.kind === "refused")) return;
  if (answer.kind === "refused" && answer.reason === "") return;
  same(readAnswer(text, form, "x"), answer, `an answer that is written again says the same (${form})`);
}

const NAMES = [
  "Ada",
  "Team 7: Ada",
  "Cannot",
  "é".repeat(200),
  "x".repeat(201),
  "😀".repeat(200),
  "\ufeffAda",
  "A\tB",
  "",
  " ",
  "{",
  "[x]",
  "stopping",
];
const NUMBERS = [
  "42",
  "1",
  "100",
  "0",
  "101",
  "-1",
  "+7",
  "007",
  "1e1",
  "4.5",
  "9".repeat(40),
  "9".repeat(10_000),
  "9".repeat(10_001),
  "٤٢",
  "",
  "stopping",
  "true",
];

function make(draw: Draw): Uint8Array {
  const [name, number] = [draw.pick(NAMES), draw.pick(NUMBERS.slice(0, draw.happens(0.12) ? undefined : 11))];
  const space = (): string => draw.pick(["", "", " ", "\t", "\u00a0", "\ufeff"]);
  if (draw.happens(0.4)) {
    return utf8(`${space()}${name}${space()}:${space()}${number}${space()}${draw.pick(["", "", "\n", "\r"])}`);
  }
  const members = draw.some(1, 5, () => {
    const key = draw.pick(["name", "number", "\\u006eame", "stopping", "error", "x", "__proto__", ""]);
    const value = draw.pick([
      JSON.stringify(name),
      number,
      `"${number}"`,
      "true",
      "null",
      "{}",
      "[1,{}]",
      "[".repeat(draw.below(40)),
      "1e400",
      "-0",
    ]);
    return `"${key}"${space()}:${space()}${value},`;
  });
  return utf8(`${space()}{${members.slice(0, -1)}}${space()}`);
}

export const sum: Target = {
  name: "sum",
  what: "questions and answers of the number exchange, as lines and as JSON",
  max: 11_000,
  seeds: [
    ...["Ada: 42", "Bob: stopping", "Cannot take the question: it has no colon", '{"name":"Ada","number":42}'],
    ...[
      '{"name":"Bob","stopping":true}',
      '{"error":"Cannot do it"}',
      '{"number":9007199254740993,"name":"\\u00e9","x":[{"y":1}]}',
      "Team 7: Ada: 42",
      " : ",
    ],
  ].map(latin1),
  edges: [MAX_DIGITS, MAX_DIGITS + 1].flatMap((
    size,
  ) => [`A: ${"9".repeat(size)}`, `{"name":"A","number":${"9".repeat(size)}}`]).map(latin1),
  words: [
    '"name"',
    '"number"',
    '"stopping":true',
    '"error":"',
    "Cannot ",
    ": ",
    "\\u006e",
    "\\ud800",
    "\\",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    "1e1",
    "\xc2\xa0",
    "\xef\xbb\xbf",
    "\n",
    "stopping",
  ],
  make,
  check(input) {
    const text = decodeText(input);
    checkJson(text);
    checkLine(text.trim());
    const question = outcome(() => readQuestion(text), ProtocolError);
    if ("value" in question) {
      checkOffer(question.value);
      for (const form of ["line", "json"] as const) {
        const { name, number } = question.value;
        // A name may be such that the line is taken for JSON, as `{…`, or has a line break in it that only JSON can carry.
        const line = writeOffer(question.value, form);
        if (form === "line" && (formOf(line) === "json" || name.includes("\n"))) continue;
        same(readQuestion(line), { name, number }, `a question that is written again says the same (${form})`);
      }
    }
    for (const form of ["line", "json"] as const) checkAnswer(text, form);
    const integer = parseInteger(text.slice(0, 400));
    if (integer !== null) same(parseInteger(String(integer)), integer, "an integer that is written again is the same");
    const name = outcome(() => readName(text), SyntaxError);
    if ("value" in name) same(readName(name.value), name.value, "a name that was read is a name");
  },
};
