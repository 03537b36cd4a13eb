/**
 * The commands that change a relay's faults while it runs. Pure.
 *
 * A line for people is `set up loss 30%`; the same for programs is `{"set":"loss","value":"30%","direction":"up"}`, and `cut` is
 * `{"command":"cut"}`.
 *
 * @module
 */
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { UsageError } from "../../lib/errors.ts";
import { FAULT_NAMES, type FaultName, FAULTS, type FaultTransport, flagName } from "../../lib/faults/plan.ts";
import { listed } from "../../lib/text.ts";
import { type Way, WAYS } from "./tally.ts";

/** The commands and what they do, as `help` lists them. */
export const COMMANDS = {
  set: {
    usage: "set [up|down] NAME VALUE",
    help:
      "change a fault, both ways, or up (to the server) or down (to the client): set loss 30%, set down delay 200ms; off ends it",
  },
  clear: { usage: "clear [up|down]", help: "no faults any more" },
  cut: { usage: "cut", help: "pull the cable: streams stand still, datagrams are lost" },
  heal: { usage: "heal", help: "plug the cable in again" },
  reset: { usage: "reset", help: "end every open connection by RST, on both sides" },
  plan: { usage: "plan", help: "the flags that repeat the faults as they are now" },
  stats: { usage: "stats", help: "what has passed so far, and what went wrong" },
  list: { usage: "list", help: "the open connections, or flows of datagrams" },
  help: { usage: "help", help: "this list" },
  quit: { usage: "quit", help: "stop the relay, as Ctrl-C does" },
} as const;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** A command, parsed. */
export type Command =
  | { readonly name: "set"; readonly fault: FaultName; readonly value: string; readonly ways: readonly Way[] }
  | { readonly name: "clear"; readonly ways: readonly Way[] }
  | { readonly name: Exclude<CommandName, "set" | "clear"> };

const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];

/**
 * Parses a line typed by a person.
 *
 * @returns `null` for a blank line.
 * @throws {UsageError} It is not a command; the message suggests the nearest one. A fault's value is not checked until it is set.
 *
 * @example Usage
 * ```ts
 * import { parseCommand } from "./command.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseCommand("set up loss 30%"), { name: "set", fault: "loss", value: "30%", ways: ["up"] });
 * assertEquals(parseCommand("cut"), { name: "cut" });
 * ```
 */
export function parseCommand(line: string): Command | null {
  const [typed = "", ...words] = line.trim().split(/\s+/);
  if (typed === "") return null;
  const name = commandNamed(typed);
  const way = name === "set" || name === "clear" ? WAYS.find((way) => way === words[0]?.toLowerCase()) : undefined;
  const ways = way === undefined ? WAYS : [way];
  const rest = way === undefined ? words : words.slice(1);
  if (name !== "set") {
    const [stray] = rest;
    if (stray !== undefined) throw wrong(stray, `it comes after "${name}" (${COMMANDS[name].usage})`);
    return name === "clear" ? { name, ways } : { name };
  }
  const [fault, value, stray] = rest;
  if (fault === undefined) throw new UsageError(`Cannot set nothing: ${COMMANDS.set.usage}, such as set loss 30%`);
  const known = faultNamed(fault);
  if (value === undefined) throw withoutValue(known);
  if (stray !== undefined) throw wrong(stray, `it comes after the value ${JSON.stringify(value)}`);
  return { name, fault: known, value, ways };
}

/** The fields of a JSON command. */
const FIELDS: readonly string[] = ["command", "set", "value", "direction"];

/**
 * Parses a line written by a program: `{"command":NAME}`, or `{"set":FAULT,"value":VALUE}`, with `"direction":"up"` or `"down"` if it
 * applies to one direction only. A value is a string as in a flag, a number, or `null` for off.
 *
 * @returns `null` for a blank line.
 * @throws {UsageError} It is not a command.
 *
 * @example Usage
 * ```ts
 * import { parseJsonCommand } from "./command.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = { name: "set", fault: "loss", value: "30%", ways: ["up"] } as const;
 * assertEquals(parseJsonCommand('{"set":"loss","value":"30%","direction":"up"}'), loss);
 * assertEquals(parseJsonCommand('{"command":"cut"}'), { name: "cut" });
 * ```
 */
export function parseJsonCommand(line: string): Command | null {
  if (line.trim() === "") return null;
  const { command = "set", set, value, direction, ...others } = objectIn(line);
  const [other] = Object.keys(others);
  if (other !== undefined) throw wrong(other, `a command has only the fields ${listed(FIELDS)}`);
  if (typeof command !== "string") throw wrong(command, `"command" is one of ${listed(COMMAND_NAMES)}`);
  const name = commandNamed(command);
  const ways = direction === undefined ? WAYS : WAYS.filter((way) => way === direction);
  if (ways.length === 0) throw wrong(direction, '"direction" is "up" or "down"; without it, both');
  if (name === "set") {
    if (typeof set !== "string") throw new UsageError('Cannot set nothing: {"set":"loss","value":"30%"}');
    const fault = faultNamed(set);
    if (value === undefined) throw withoutValue(fault);
    return { name, fault, value: valueOf(value), ways };
  }
  const unused = Object.entries({ set, value, direction: name === "clear" ? undefined : direction })
    .find(([, given]) => given !== undefined);
  if (unused !== undefined) throw wrong(unused[0], `"${name}" does not have it`);
  return name === "clear" ? { name, ways } : { name };
}

/**
 * Completes the last word of a line.
 *
 * @param typed The line up to the cursor.
 * @param transport Faults that it cannot have are left out.
 * @returns The candidates and the word that they complete, as `node:readline` expects.
 *
 * @example Usage
 * ```ts
 * import { completions } from "./command.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(completions("se", "udp"), [["set "], "se"]);
 * assertEquals(completions("set up tr", "udp"), [["truncate "], "tr"]);
 * ```
 */
export function completions(typed: string, transport: FaultTransport): [string[], string] {
  const words = typed.trimStart().split(/\s+/);
  const part = words.pop() ?? "";
  const faults = FAULT_NAMES.filter((name) => FAULTS[name].transports.includes(transport)).map(flagName);
  const before = words.join(" ").toLowerCase();
  const candidates = before === ""
    ? COMMAND_NAMES
    : before === "set"
    ? [...WAYS, ...faults]
    : before === "clear"
    ? WAYS
    : /^set (up|down)$/.test(before)
    ? faults
    : [];
  return [candidates.filter((word) => word.startsWith(part)).map((word) => `${word} `), part];
}

function objectIn(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Told below.
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError('Cannot read a command: a line is one JSON object, such as {"command":"stats"}');
  }
  return value as Record<string, unknown>;
}

function withoutValue(fault: FaultName): UsageError {
  return new UsageError(
    `Cannot set ${flagName(fault)} to nothing: a value follows, ${FAULTS[fault].placeholder} or off`,
  );
}

function valueOf(value: unknown): string {
  if (value === null) return "off";
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw wrong(value, "the value of a fault is a string as in a flag, a number, or null for off");
}

function commandNamed(text: string): CommandName {
  const name = COMMAND_NAMES.find((name) => name === text.toLowerCase());
  if (name !== undefined) return name;
  const near = nearest(text, COMMAND_NAMES);
  throw wrong(
    text,
    near === null ? `the commands are ${listed(COMMAND_NAMES)}` : `no such command; the nearest is ${near}`,
  );
}

function faultNamed(text: string): FaultName {
  const name = FAULT_NAMES.find((name) => name === text || flagName(name) === text.toLowerCase());
  if (name !== undefined) return name;
  if (text === "seed") throw wrong(text, "the seed is chosen when the relay starts, by --seed");
  const names = FAULT_NAMES.map(flagName);
  const near = nearest(text, names);
  throw wrong(text, near === null ? `the faults are ${listed(names)}` : `no such fault; the nearest is ${near}`);
}

/** The name that starts with what was typed, or else the closest one; `null` if more than a third of the letters would have to change. */
function nearest(typed: string, names: readonly string[]): string | null {
  const given = typed.toLowerCase();
  const begun = names.find((name) => given !== "" && name.startsWith(given));
  const [first] = names.map((name) => ({ name, distance: levenshteinDistance(given, name) }))
    .sort((one, other) => one.distance - other.distance);
  return begun ?? (first !== undefined && first.distance <= Math.max(1, given.length / 3) ? first.name : null);
}

function wrong(what: unknown, why: string): UsageError {
  return new UsageError(`Cannot use ${JSON.stringify(what)}: ${why}`);
}
