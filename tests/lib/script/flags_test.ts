import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/errors.ts";
import { flag } from "../../../lib/script/flag_kinds.ts";
import { flagName, type ParsedFlags, parseFlags } from "../../../lib/script/flags.ts";

const permissions = "none";

const table = {
  port: flag.port("port", { default: 12345, short: "p", zero: true }),
  timeout: flag.seconds("limit", { default: 0, short: "t" }),
  message: flag.text("what to send", { default: "Hello!", short: "m" }),
  count: flag.integer("how often", { default: undefined, min: 1, max: 9 }),
  maxConnections: flag.integer("at most", { default: 0, min: 0, max: 99 }),
  allow: flag.ranges("who may connect"),
  quiet: flag.on("say less", { short: "q" }),
  json: flag.on("events"),
  noNewline: flag.on("leave it off"),
};

const parse = (...args: string[]): ParsedFlags<typeof table> => parseFlags(table, args);

/** The one line that the user sees. */
function refusal(...args: string[]): string {
  const error = assertThrows(() => parse(...args), UsageError);
  assertEquals(error.code, 2);
  assert(!error.message.includes("\n") && error.message.startsWith("Cannot use "), error.message);
  return error.message;
}

Deno.test("flagName() returns a key as the user types it", { permissions }, () => {
  assertEquals(["port", "maxConnections", "noNewline"].map(flagName), ["--port", "--max-connections", "--no-newline"]);
});

Deno.test("parseFlags() without arguments returns the defaults, and nothing as given", { permissions }, () => {
  const { values, given } = parse();
  assertEquals(values, {
    port: 12345,
    timeout: 0,
    message: "Hello!",
    count: undefined,
    maxConnections: 0,
    allow: [],
    quiet: false,
    json: false,
    noNewline: false,
  });
  assertEquals(given.size, 0);
});

Deno.test("parseFlags() parses every notation of a value", { permissions }, () => {
  for (
    const args of [["--port", "9"], ["--port=9"], ["-p", "9"], ["-p9"], ["-p=9"], ["-qp", "9"], ["-qp9"], ["-qp=9"]]
  ) {
    const { values, given } = parse(...args);
    assertEquals(values.port, 9, args.join(" "));
    assertEquals(values.quiet, args.join().includes("q"), args.join(" "));
    assert(given.has("port") && !given.has("json"));
  }
  assertEquals(parse("-mhello", "-t", ".5").values.message, "hello");
});

Deno.test("parseFlags() accepts switches alone and combined", { permissions }, () => {
  const { values, given } = parse("--no-newline", "-q", "--json");
  assert(values.noNewline && values.quiet && values.json);
  assertEquals([...given], ["quiet", "json", "noNewline"]);
});

Deno.test("parseFlags() accepts any text as a value, including the empty string (P4)", { permissions }, () => {
  for (
    const text of [
      "",
      " ",
      "-",
      "-1",
      "-.5",
      "a=b",
      "=",
      "\n",
      "a\nb",
      "true",
      "false",
      "é😀",
      "__proto__",
      "1e3",
      "'\"",
    ]
  ) {
    assertEquals(parse("--message", text).values.message, text, JSON.stringify(text));
    assertEquals(parse("-m", text).values.message, text, JSON.stringify(text));
  }
  for (const text of ["", "-x", "--port", "--", "-", "a=b=c", "\n"]) {
    assertEquals(parse(`--message=${text}`).values.message, text, JSON.stringify(text));
  }
  assert(parse("--message=").given.has("message"));
});

Deno.test("parseFlags() collects the values of a repeatable flag", { permissions }, () => {
  const { values } = parse("--allow", "10.0.0.0/8", "--allow=::1");
  assertEquals(values.allow.map(({ prefix }) => prefix), [8, 128]);
});

Deno.test("parseFlags() reports an unknown flag and the nearest known one (P4)", { permissions }, () => {
  assertEquals(refusal("--prot", "1"), "Cannot use --prot: no such flag; the nearest is --port (see --help)");
  assertStringIncludes(refusal("--prot=1"), "Cannot use --prot: no such flag; the nearest is --port");
  assertStringIncludes(refusal("--maxConnections", "5"), "the nearest is --max-connections");
  assertStringIncludes(refusal("--max", "5"), "the nearest is --max-connections");
  assertStringIncludes(refusal("--no-json"), "the nearest is --json");
  assertStringIncludes(refusal("---port", "5"), "the nearest is --port");
  assertStringIncludes(refusal("--port.x=1"), "Cannot use --port.x: no such flag");
  for (const far of ["--elephant", "--constructor", "--__proto__=1", "--toString"]) {
    assertEquals(refusal(far), `Cannot use ${far.replace("=1", "")}: no such flag (see --help)`);
  }
  assertEquals(refusal("-x"), "Cannot use -x: no such flag (see --help)");
  assertEquals(refusal("-qx"), "Cannot use -qx: no such flag (see --help)");
  for (const odd of ["-_", "--_", "-q_", "--_=x"]) {
    assertEquals(refusal(odd), `Cannot use ${odd.replace("=x", "")}: no such flag (see --help)`);
  }
  assertEquals(refusal("-9"), "Cannot use -9: no such flag (see --help)");
  assertEquals(refusal("--=x"), "Cannot use --: no such flag (see --help)");
});

Deno.test("parseFlags() refuses a flag given twice (P4)", { permissions }, () => {
  for (const args of [["--port", "1", "--port", "1"], ["-p1", "--port=2"], ["-p", "1", "-p", "2"]]) {
    assertEquals(refusal(...args), "Cannot use --port 2 times: it may be given once");
  }
  assertStringIncludes(refusal("-q", "--quiet", "-q"), "--quiet 3 times");
  assertStringIncludes(refusal("-qq"), "--quiet 2 times");
});

Deno.test("parseFlags() distinguishes a missing value from an empty one (P4)", { permissions }, () => {
  const advice = "it needs a value (one that starts with a dash is written";
  for (const args of [["--port"], ["-p"], ["-qp"], ["--port", "--json"], ["-p", "-q"], ["--port", "--"]]) {
    assertEquals(refusal(...args), `Cannot use --port: ${advice} --port=VALUE)`, args.join(" "));
  }
  assertStringIncludes(refusal("--message", "-x"), `Cannot use --message: ${advice} --message=VALUE)`);
  assertStringIncludes(refusal("--port="), 'Cannot use --port "": it must be a whole number');
});

Deno.test("parseFlags() names the flag of an invalid value (P4)", { permissions }, () => {
  for (const text of ["65536", "1e3", " 80", "80x", "-1", "-", "", "0x50"]) {
    assertEquals(
      refusal("--port", text),
      `Cannot use --port ${JSON.stringify(text)}: it must be a whole number from 1 to 65535, or 0 for any free port`,
    );
  }
  for (const text of ["NaN", "-1", "Infinity", "1e3", "", "2000001", "1,5", " 1", "0x1"]) {
    assertStringIncludes(
      refusal("-t", text),
      `Cannot use --timeout ${JSON.stringify(text)}: it must be a number of seconds`,
    );
  }
  assertStringIncludes(
    refusal("--max-connections=100"),
    'Cannot use --max-connections "100": it must be a whole number',
  );
  assertStringIncludes(refusal("--allow", "::1", "--allow", "LAN"), 'Cannot use --allow "LAN": it must be an address');
});

Deno.test("parseFlags() refuses a value for a switch (P4)", { permissions }, () => {
  assertEquals(refusal("--json=true"), "Cannot use --json=true: --json takes no value");
  assertEquals(refusal("--json="), "Cannot use --json=: --json takes no value");
  assertEquals(refusal("-q=false"), "Cannot use -q=false: --quiet takes no value");
  assertStringIncludes(refusal("--quiet", "false"), 'Cannot use the argument "false"');
  assertStringIncludes(refusal("-q", "true"), 'Cannot use the argument "true"');
});

Deno.test("parseFlags() refuses stray arguments (P4)", { permissions }, () => {
  const stray = (text: string): string =>
    `Cannot use the argument ${JSON.stringify(text)}: everything here is a flag (see --help)`;
  for (const text of ["x", "", "-", "9000", "true", "\x1b[31m"]) {
    assertEquals(refusal(text), stray(text));
    assertEquals(refusal("--json", "--port", "1", text), stray(text));
  }
  assertEquals(refusal("--", "x"), stray("x"));
  assertEquals(refusal("--", "--port", "1"), stray("--port"));
  assertEquals(parse("--json", "--").values.json, true);
});

Deno.test("parseFlags() returns positional arguments if the script takes some", { permissions }, () => {
  const operands = (...args: string[]): readonly string[] => parseFlags(table, args, { operands: true }).operands;
  assertEquals(operands(), []);
  assertEquals(operands("a", "--port", "9", "b", "-q", "true", "--json", "false", "", "-"), [
    "a",
    "b",
    "true",
    "false",
    "",
    "-",
  ]);
  assertEquals(operands("-p", "9", "--", "--port", "-x", "--"), ["--port", "-x", "--"]);
  const { values, given } = parseFlags(table, ["a", "-q", "b"], { operands: true });
  assertEquals([values.quiet, [...given]], [true, ["quiet"]]);
  for (const args of [["a", "--prot", "1"], ["a", "-x"], ["--port"]]) {
    assertThrows(() => parseFlags(table, args, { operands: true }), UsageError);
  }
});

Deno.test("parseFlags() rethrows other errors of a flag's parser unchanged", { permissions }, () => {
  const broken = { ...flag.text("x", { default: "" }), read: () => JSON.parse("{") };
  assertInstanceOf(assertThrows(() => parseFlags({ broken }, []), SyntaxError), SyntaxError);
});

Deno.test("a value that may be left out is the argument after its flag, unless that starts with a dash", {
  permissions,
}, () => {
  const port = flag.optional(flag.port("x", { default: undefined, zero: true }), "any" as const);
  const optional = { port, quiet: flag.on("y", { short: "q" }) };
  const value = (...args: string[]): unknown => parseFlags(optional, args).values.port;
  assertEquals([value(), value("--port"), value("--port="), value("--port", "9"), value("--port=0")], [
    ...[undefined, "any", "any", 9, 0],
  ]);
  assertEquals(parseFlags(optional, ["--port", "-q"]).values, { port: "any", quiet: true });
  assertEquals(port.placeholder, "[PORT]");
  assertThrows(() => value("--port", "x"), UsageError, 'Cannot use --port "x"');
});
