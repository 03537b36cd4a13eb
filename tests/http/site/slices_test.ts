import { setImmediate } from "node:timers";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { collect, type Collected, type Form, formMemory, parseForm } from "../../../http/request/form.ts";
import { checkJson, jsonObject, jsonString, jsonUtf8 } from "../../../http/answer/json_text.ts";
import { Slices } from "../../../http/site/slices.ts";

const permissions = "none";
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Runs a generator to its end; returns its result and the number of steps. */
function done<T>(work: Generator<void, T>): { value: T; steps: number } {
  for (let steps = 1;; steps++) {
    const step = work.next();
    if (step.done === true) return { value: step.value, steps };
  }
}

const URLENCODED = "application/x-www-form-urlencoded";

function fields(text: string): Collected | undefined {
  return done(parseForm(URLENCODED, encode(text))).value?.fields;
}

Deno.test("parseForm() parses a form like the URL Standard", { permissions }, () => {
  for (
    const text of [
      "",
      "&",
      "a",
      "a=",
      "=a",
      "=",
      "a=1&b=2&a=3",
      "a=b=c",
      "a+b=c+d",
      "%41=%zz&%=%4&x=%C3%A9%ff",
      "é=😀&&b",
      "a%3Db%26=1",
      `long=${"%20+x".repeat(20_000)}`,
    ]
  ) {
    const expected: Collected = new Map();
    for (const [name, value] of new URLSearchParams(text)) collect(expected, name, value);
    assertEquals(fields(text), expected, text.slice(0, 40));
  }
});

const part = (fields: string, content: string): string => `--B\r\n${fields}\r\n\r\n${content}\r\n`;

function multipart(text: string, type = "multipart/form-data; boundary=B"): Form | null {
  return done(parseForm(type, encode(text))).value;
}

Deno.test("parseForm() parses multipart bodies: fields, files, preamble, quotes", { permissions }, () => {
  const form = multipart(
    "preamble\r\n" + part('Content-Disposition: form-data; name="a"', "one\r\n--Bx two") +
      part("content-disposition: FORM-DATA; name=a", "") +
      part('X-Y: z\r\nContent-Disposition: form-data; filename="; name=c"; name="q\\"%22é"\r\nContent-Type: a/b', "f") +
      "--B--\r\nepilogue",
  );
  assertEquals(form?.fields, new Map([["a", ["one\r\n--Bx two", ""]]]));
  assertEquals(form?.files, new Map([['q""é', "f"]]));
});

Deno.test("parseForm() refuses what is not a form", { permissions }, () => {
  const good = part('Content-Disposition: form-data; name="a"', "1");
  assertEquals(multipart(`${good}--B--`)?.fields, new Map([["a", "1"]]));
  for (
    const bad of [
      "",
      "no parts",
      good,
      `${good}--B`,
      part("Content-Disposition: form-data", "1") + "--B--",
      part("Content-Disposition: inline; name=a", "1") + "--B--",
      part("X: y", "1") + "--B--",
      `--B\nContent-Disposition: form-data; name="a"\n\n1\n--B--`,
      `--B\r\nContent-Disposition: form-data; name="a"`,
      part(`Content-Disposition: form-data; name="${"a".repeat(9000)}"`, "1") + "--B--",
    ]
  ) assertEquals(multipart(bad), null, bad);
  for (const type of ["multipart/form-data", "multipart/form-data; boundary=", "text/plain", ""]) {
    assertEquals(multipart(`${good}--B--`, type), null, type);
  }
  assertEquals(multipart(`${good}--B--`, 'multipart/form-data; charset=x; boundary="B"')?.fields.get("a"), "1");
});

Deno.test("2046 5.1.1: parseForm() takes the boundary from its parameter only, and no other text for one", {
  permissions,
}, () => {
  const form = (boundary: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--${boundary}--`;
  const field = (type: string, boundary: string): unknown =>
    multipart(form(boundary), `multipart/form-data; ${type}`)?.fields.get("a");
  assertEquals(field('boundary=B; x="; boundary=C"', "B"), "1");
  assertEquals(field("BOUNDARY=gc0p4Jq0M2Yt08j34c0p//==", "gc0p4Jq0M2Yt08j34c0p//=="), "1");
  assertEquals(field('boundary="a b:c?(d)"', "a b:c?(d)"), "1");
  assertEquals(field(`boundary=${"b".repeat(70)}`, "b".repeat(70)), "1");
  assertEquals(field(`boundary=${"b".repeat(71)}`, "b".repeat(70)), undefined);
  assertEquals(field(`boundary=${"b".repeat(71)}`, "b".repeat(71)), undefined);
  for (const bad of ["b ", "b@", "b*", "é"]) assertEquals(field(`boundary="${bad}"`, bad), undefined, bad);
});

Deno.test("checkJson() agrees with JSON.parse()", { permissions }, () => {
  const atoms = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"\\u00e9\\n"',
    "1",
    "-0.5e+3",
    "true",
    "null",
    " ",
    "\n",
    "é",
    '"',
  ];
  const texts = [
    ...[
      "",
      " ",
      "01",
      "1.",
      ".5",
      "-",
      "+1",
      "1e",
      "tru",
      "truex",
      "NaN",
      "Infinity",
      '"\t"',
      '"\\x"',
      '"\\u12"',
      '"',
      "'a'",
    ],
    ...[
      "[1,]",
      "[,1]",
      "{,}",
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      "{1:2}",
      "[1 2]",
      "[1][2]",
      "1 2",
      "[",
      "]",
      '{"a":1]',
      "[1}",
    ],
    ...[' {"a": [1, {"b": null}], "c": "\\"\\\\\\/"} ', "\ufeff1", "[[[[]]],{}]", '"\u2028"', "1\v"],
  ];
  let seed = 1;
  for (let count = 0; count < 20_000; count++) {
    let text = "";
    for (let length = 1 + count % 9; length > 0; length--) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      text += atoms[Math.floor(seed / 65_536) % atoms.length];
    }
    texts.push(text);
  }
  let good = 0;
  for (const text of texts) {
    let expected = true;
    try {
      JSON.parse(text);
    } catch {
      expected = false;
    }
    if (expected) good++;
    assertEquals(done(checkJson(encode(text))).value, expected, text);
  }
  assert(good > 500, "some of the texts are JSON");
});

Deno.test(
  "jsonString(), jsonObject() and jsonUtf8() write what JSON.stringify() does, in pieces",
  { permissions },
  () => {
    const texts = ["", "a", 'é"\\\n\x01\u2028', "x".repeat(4095) + "😀😀", "😀".repeat(10_000), "\x01".repeat(10_000)];
    for (const text of texts) {
      assertEquals([...jsonString(text)].join(""), JSON.stringify(text));
      assertEquals([...jsonUtf8(encode(text))].join(""), JSON.stringify(text));
      for (const piece of jsonString(text)) assert(piece.length < 30_000);
    }
    const shape = { a: "1", b: ["x", "é"], "__proto": "\n" };
    const indented = JSON.stringify({ shape }, null, 2).split("\n").slice(1, -1).join("\n");
    assertEquals(`  "shape": ${[...jsonObject(new Map(Object.entries(shape)))].join("")}`, indented);
    assertEquals([...jsonObject(new Map())].join(""), "{}");
  },
);

Deno.test("forms and JSON of a mebibyte are parsed in many small steps", { permissions }, () => {
  const size = 1024 * 1024;
  const type = "multipart/form-data; boundary=B";
  const many = part('Content-Disposition: form-data; name="a"', "x");
  const cases: [string, Generator<void, unknown>][] = [
    ["fields", parseForm(URLENCODED, encode("a&".repeat(size / 2)))],
    ["one field", parseForm(URLENCODED, encode(`a=${"%01".repeat(size / 3)}`))],
    ["parts", parseForm(type, encode(many.repeat(size / many.length)))],
    ["returns", parseForm(type, encode(part('Content-Disposition: form-data; name="a"', "\r".repeat(size))))],
    ["objects", checkJson(encode(`[${"{},".repeat(size / 3)}1]`))],
    ["string", checkJson(encode(`"${"a".repeat(size)}"`))],
    ["depth", checkJson(encode("[".repeat(size)))],
  ];
  for (const [name, work] of cases) {
    const { steps } = done(work);
    assert(steps >= 20, `${name}: ${steps} steps`);
  }
});

Deno.test("formMemory() accounts for the overhead of many small fields", { permissions }, () => {
  const [large, small] = [encode(`a=${"x".repeat(100_000)}`), encode("a&".repeat(50_000))];
  assert(formMemory(large) < 1_000_000);
  assert(formMemory(small) > 50_000 * 100);
});

Deno.test("Slices lets other tasks run, and ends the task when its check throws", async () => {
  const slices = new Slices();
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const until = performance.now() + 5000;
  const work = function* (): Generator<void, string> {
    while (turns < 3 && performance.now() < until) yield;
    return "done";
  };
  assertEquals(await slices.run(work()), "done");
  clearInterval(timer);
  assertEquals(turns >= 3, true, "other tasks had their turns");
  let checks = 0;
  const ending = new Slices(() => {
    if (++checks > 1) throw new RangeError("enough");
  });
  await ending.pause();
  await assertRejects(() => ending.pause(), RangeError, "enough");
});

Deno.test("Slices of concurrent tasks run one per turn of the event loop", async () => {
  const inTurn = new Set<number>();
  let most = 0;
  const work = function* (worker: number): Generator<void, void> {
    for (const until = performance.now() + 60; performance.now() < until;) {
      if (inTurn.size === 0) setImmediate(() => inTurn.clear());
      inTurn.add(worker);
      most = Math.max(most, inTurn.size);
      yield;
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, worker) => new Slices().run(work(worker))));
  assertEquals(most, 1);
});
