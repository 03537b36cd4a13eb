/**
 * The flags of `lab:check`.
 *
 * @module
 */
import { UsageError } from "../../lib/errors.ts";
import { flag } from "../../lib/script/flag_kinds.ts";
import { flagName, type FlagValues, type ParsedFlags } from "../../lib/script/flags.ts";
import { basicFlags } from "../../lib/script/shared_flags.ts";
import { type Given, refuseWith } from "../../lib/script/unused_flags.ts";
import { listed } from "../../lib/text.ts";
import { flagsOf, protocolFlags } from "./protocol_flags.ts";
import { PROTOCOLS } from "./protocols.ts";

/** The flags of `lab:check`. */
export const flags = {
  start: flag.text("start the server under test with this shell command, at the port $PORT, and stop it at the end", {
    default: undefined,
    placeholder: "COMMAND",
  }),
  only: flag.texts("run only the check of this name, or those whose names begin with what is before *; repeatable", {
    placeholder: "NAME",
  }),
  list: flag.on("list the checks instead, one a line"),
  points: flag.on("count the points that the checks are worth"),
  junit: flag.path("write the report as JUnit's XML too", { default: undefined }),
  seed: flag.integer("seed of the checks' chance", { default: 1, min: 0, max: 4_294_967_295 }),
  allowRemote: flag.on("check a server on another machine: the checks are attacks, so it has to be yours"),
  host: flag.host("server's name or address, if no argument names it", { default: "127.0.0.1", short: "H" }),
  port: flag.port("server's port, if no argument names it", { default: undefined, short: "p" }),
  ...protocolFlags,
  ...basicFlags,
  timeout: flag.seconds("seconds to wait for an answer", { default: 2, short: "t" }),
  json: flag.on("one JSON object per check on stdout instead of TAP"),
  quiet: flag.on("only the checks that fail, and the totals", { short: "q" }),
};

/** Their values. */
export type CheckFlags = FlagValues<typeof flags>;

/**
 * The name of the protocol, which is the first argument.
 *
 * @throws {UsageError} It is missing or unknown.
 */
export function protocolNameOf([name]: readonly string[]): keyof typeof PROTOCOLS {
  const names = listed(Object.keys(PROTOCOLS), "or");
  if (name === undefined) throw new UsageError(`Cannot check a server: say which protocol it speaks, ${names}`);
  if (name in PROTOCOLS) return name as keyof typeof PROTOCOLS;
  throw new UsageError(`Cannot use the argument ${JSON.stringify(name)}: the protocol must be ${names}`);
}

/**
 * Checks that the flags make sense together.
 *
 * @throws {UsageError} A flag belongs to another protocol or makes another one pointless; or there is no server, or more than one.
 */
export function checkRun({ values, operands, ...parsed }: ParsedFlags<typeof flags>): void {
  const name = protocolNameOf(operands);
  const given: Given = parsed.given;
  const own = Object.keys(flagsOf[name]);
  const foreign = Object.keys(protocolFlags).find((key) => given.has(key) && !own.includes(key));
  if (foreign !== undefined) throw new UsageError(`Cannot use ${flagName(foreign)}: it says nothing about ${name}`);
  refuseWith(given, "discard", "echo", "expectReply", "maxMessage");
  refuseWith(given, "echo", "expectReply");
  refuseWith(given, "list", "start", "junit", "points");
  refuseWith(given, "start", "host", "port");
  if (values.timeout < 0.05) throw new UsageError(`Cannot use --timeout ${values.timeout}: it must be 0.05 at least`);
  const addressed = operands.length > 1 || given.has("port");
  if (given.has("start") && addressed) {
    throw new UsageError("Cannot use --start and an address together: it starts the server at a free port");
  }
  if (!values.list && !given.has("start") && !addressed) {
    throw new UsageError("Cannot check a server: name its HOST PORT, or --start one");
  }
}
