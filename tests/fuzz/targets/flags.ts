/**
 * `lib/script/flags.ts` and the kinds of flags: whatever is typed, it is taken or refused as misuse. An input's arguments end in NUL.
 *
 * @module
 */
import { parseRange } from "../../../lib/addr.ts";
import { UsageError } from "../../../lib/errors.ts";
import { BURST, BYTES, RATE, SHARE, SPLIT, TIME, wholeNumber } from "../../../lib/faults/syntax.ts";
import { flag } from "../../../lib/script/flag_kinds.ts";
import { flagName, type ParsedFlags, parseFlags } from "../../../lib/script/flags.ts";
import { decodeText, escapeControls } from "../../../lib/text.ts";
import { utf8 } from "../engine/bytes.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, outcome, same, type Target } from "../engine/target.ts";

/** A flag of every kind. */
const TABLE = {
  host: flag.host("host", { default: "127.0.0.1", short: "H" }),
  port: flag.port("port", { default: 12345, short: "p" }),
  message: flag.text("message", { default: undefined, short: "m" }),
  name: flag.texts("names", { placeholder: "NAME" }),
  size: flag.size("size", { default: undefined, min: 1 }),
  timeout: flag.seconds("seconds", { default: 0, short: "t" }),
  count: flag.integer("count", { default: undefined, min: -5, max: 1000 }),
  log: flag.choice("log", ["prose", "common"], { default: "prose" }),
  allow: flag.ranges("ranges"),
  inspect: flag.optional(flag.port("port", { default: undefined, zero: true }), 0),
  maxMessage: flag.size("size", { default: 65_536, min: 0 }),
  quiet: flag.on("quiet", { short: "q" }),
  json: flag.on("json"),
};
type Parsed = ParsedFlags<typeof TABLE>;

function checkValues({ values, given, operands }: Parsed, operandsAllowed: boolean): void {
  const { port, size, timeout, count, log, allow, inspect, maxMessage, quiet, json, host } = values;
  holds(Number.isInteger(port) && port >= 1 && port <= 65_535, "a port is one", () => String(port));
  holds(size === undefined || (Number.isSafeInteger(size) && size >= 1), "a size is one", () => String(size));
  holds(Number.isSafeInteger(maxMessage) && maxMessage >= 0, "a size is one", () => String(maxMessage));
  holds(timeout >= 0 && timeout <= 2_000_000, "a time is within its limits", () => String(timeout));
  holds(
    count === undefined || (Number.isInteger(count) && count >= -5 && count <= 1000),
    "a number is within its limits",
    () => String(count),
  );
  holds(log === "prose" || log === "common", "a choice is one", () => log);
  holds(
    inspect === undefined || (Number.isInteger(inspect) && inspect >= 0 && inspect <= 65_535),
    "an optional value is one",
    () => String(inspect),
  );
  holds(typeof quiet === "boolean" && typeof json === "boolean", "a switch is on or off");
  holds(host !== "" && !/[\s/]/.test(host), "a host is one", () => JSON.stringify(host));
  for (const range of allow) same(parseRange(`${range.network}/${range.prefix}`), range, "a range is one");
  for (const key of given) holds(key in TABLE, "only flags of the table are given", () => key);
  holds(operandsAllowed || operands.length === 0, "no argument is left over");
}

/** The same flags, each written in the plainest way. */
function rewritten({ values, given, operands }: Parsed): string[] {
  const texts: string[] = [];
  for (const key of given) {
    const value: unknown = values[key];
    const name = flagName(key);
    if (value === true) texts.push(name);
    else if (key === "inspect") texts.push(`${name}=${value}`);
    else if (key === "name") texts.push(...(value as string[]).map((text) => `${name}=${text}`));
    else if (key === "allow") {
      texts.push(...values.allow.map(({ network, prefix }) => `${name}=${network}/${prefix}`));
    } else texts.push(`${name}=${value}`);
  }
  return [...texts, "--", ...operands];
}

function checkFaults(text: string): void {
  const kinds = { SHARE, TIME, RATE, BYTES, BURST, SPLIT, number: wholeNumber(1000) };
  for (const [what, kind] of Object.entries(kinds)) {
    const parsed = outcome(() => kind.parse(text), UsageError);
    if (!("value" in parsed)) continue;
    if (what === "BYTES") holds(Number.isSafeInteger(parsed.value), "a number of bytes is exact", () => text);
    const printed = kind.print(parsed.value as never);
    const again = outcome(() => kind.parse(printed), UsageError);
    holds("value" in again, "what is printed can be read", () => `${what} ${printed}`);
    same(kind.print(again.value as never), printed, `what is printed is read as the same (${what})`);
  }
}

const VALUES = [
  "1",
  "0",
  "-1",
  "80",
  "65535",
  "65536",
  "1e3",
  "0x10",
  " 80",
  "",
  "a",
  "-",
  "--",
  "::1",
  "[::1]:80",
  "h:80",
  ":80",
  "10.0.0.0/8",
  "1.5",
  ".5",
  "5.",
  "2000000",
  "2000001",
  "500k",
  "10M",
  "1GiB",
  "1.5kib",
  "9007199254740993",
  "prose",
  "true",
  "false",
  "é",
  "\u202e",
  "200ms",
  "1s",
  "50%",
  "8Mbit/s",
  "random",
  "1%",
  "0.1",
];

function make(draw: Draw): Uint8Array {
  const names = Object.keys(TABLE).map(flagName);
  return utf8(draw.some(1, 6, () => {
    const name = draw.happens(0.7) ? draw.pick(names) : draw.pick([
      "-p",
      "-q",
      "-H",
      "-qp",
      "-t",
      "-m",
      "--prot",
      "--no-json",
      "--__proto__",
      "--constructor",
      "-x",
      "--",
      "-",
      "--=",
      "-=",
      "--port-",
    ]);
    return draw.pick([
      `${name}\0`,
      `${name}=${draw.pick(VALUES)}\0`,
      `${name}\0${draw.pick(VALUES)}\0`,
      `${name}${draw.pick(VALUES)}\0`,
      `${draw.pick(VALUES)}\0`,
    ]);
  }));
}

export const flags: Target = {
  name: "flags",
  what: "command lines: every kind of flag, and the values of faults",
  max: 2000,
  seeds: [
    "--port\x0080\0",
    "-qp80\0h\0",
    "--message=\0--name\0a\0--name=b\0",
    "--allow=10.0.0.0/8\0--inspect\0-q\0",
    "localhost\x009000\0",
    "--\0-x\0",
    "--size\x001.5MiB\0--timeout\0.5\0",
  ].map(utf8),
  words: [
    "\0",
    "--",
    "-",
    "=",
    "--port",
    "-p",
    "--message",
    "--name",
    "--no-",
    "--__proto__",
    "true",
    "--quiet=",
    "65536",
    "\n",
    "\u202e",
    "-5",
  ],
  make,
  check(input) {
    const args = decodeText(input).split("\0");
    if (args.at(-1) === "") args.pop();
    for (const operands of [true, false]) {
      const parsed = outcome(() => parseFlags(TABLE, args, { operands }), UsageError);
      if ("error" in parsed) {
        same((parsed.error as UsageError).code, 2, "misuse ends with 2");
        holds(
          parsed.error.message.startsWith("Cannot "),
          "misuse says what cannot be done",
          () => parsed.error.message,
        );
        same(escapeControls(parsed.error.message).includes("\n"), false, "misuse is one line");
        continue;
      }
      checkValues(parsed.value, operands);
      const before = args.slice(0, args.includes("--") ? args.indexOf("--") : undefined);
      for (const name of ["--port", "--message", "--size", "--timeout", "--count", "--log"]) {
        const times = before.filter((arg) => arg.startsWith(`${name}=`)).length;
        holds(
          times <= 1 || ["--message", "--host"].some((other) => before.includes(other)),
          "a flag is given once",
          () => name,
        );
      }
      const again = outcome(() => parseFlags(TABLE, rewritten(parsed.value), { operands }), UsageError);
      holds(
        "value" in again,
        "flags that are written again can be read",
        () => "error" in again ? again.error.message : "",
      );
      // As JSON, which has no -0.
      const [seen, expected] = [again.value.values, parsed.value.values].map((values) => JSON.stringify(values));
      same(seen, expected, "flags that are written again say the same");
      same(again.value.operands, parsed.value.operands, "arguments that are written again are the same");
    }
    for (const arg of args.slice(0, 8)) checkFaults(arg);
  },
};
