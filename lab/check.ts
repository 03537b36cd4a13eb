/**
 * lab:check does to a server, in whatever language it is written, what a network and its users do to it, and reports what it cannot take.
 *
 * ```sh
 * deno task lab:check tcp localhost 12345
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net --allow-read --allow-run=sh lab/check.ts tcp localhost 12345
 * ```
 *
 * Try it with `deno task tcp:server` in another terminal.
 *
 * @module
 */
import { Exit, Failure, UsageError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { type Run, runScript, type Script } from "../lib/script/script.ts";
import { basicFlags } from "../lib/script/shared_flags.ts";
import { encodeText } from "../lib/text.ts";
import { findingOf } from "./checks/finding.ts";
import { protocolFlags } from "./checks/protocol_flags.ts";
import { PROTOCOLS } from "./checks/protocols.ts";
import { runChecks } from "./checks/runner.ts";
import { tapComment, tapHead, tapResult } from "./checks/tap.ts";
import { acceptingOf, addressesOf, targetOf } from "./checks/target.ts";
import { Trial } from "./checks/trial.ts";

const flags = {
  host: flag.host("server's name or address, if no argument names it", { default: "127.0.0.1", short: "H" }),
  port: flag.port("server's port, if no argument names it", { default: undefined, short: "p" }),
  seed: flag.integer("seed of the checks' chance", { default: 1, min: 0, max: 4_294_967_295 }),
  allowRemote: flag.on("check a server on another machine: the checks are attacks, so it has to be yours"),
  ...protocolFlags,
  ...basicFlags,
  timeout: flag.seconds("seconds to wait for an answer", { default: 2, short: "t" }),
};

/** Flags and help text of `lab:check`. */
export const script: Script<typeof flags> = {
  name: "lab:check",
  role: "client",
  summary: "Checks a server in any language: what it does when the network and its clients misbehave",
  example: { flags: "tcp localhost 12345", does: "Runs all the checks of plain TCP against the server at that port." },
  flags,
  operands: {
    placeholder: "tcp|udp|http|chat|sum HOST PORT",
    help: "the protocol, and where the server listens; HOST:PORT, :PORT or PORT will do",
  },
};

/** Checks a server; returns the last line. */
async function check({ options, operands, given, events, signal, output }: Run<typeof flags>): Promise<string> {
  const [name = "", ...rest] = operands;
  const protocol = await PROTOCOLS[name]?.();
  if (protocol === undefined) {
    throw new UsageError(`Cannot check ${JSON.stringify(name)}: it must be ${Object.keys(PROTOCOLS).join(", ")}`);
  }
  const patience = options.timeout * 1000;
  const print = (lines: readonly string[]): Promise<void> => output.write(encodeText(`${lines.join("\n")}\n`));
  const target = targetOf(rest, options, given);
  if (target === null) throw new UsageError("Cannot check nothing: name HOST PORT");
  const [first = target, ...others] = await addressesOf(target, { remote: options.allowRemote });
  const endpoint = protocol.transport === "udp" ? first : await acceptingOf([first, ...others], patience, signal);
  const { checks } = protocol;
  await print(tapHead(checks.length));
  using trial = new Trial({ server: endpoint, dialect: null, patience, random: () => 0, signal });
  const said: string[] = [];
  const dialect = await protocol.dialectOf(options, { trial, say: (comment) => said.push(tapComment(comment)) });
  if (said.length > 0) await print(said);
  const server = { endpoint, output: null, ending: () => Promise.resolve(null), restart: null };
  let failed = 0;
  const onStart = (number: number): void => events.emit({ event: "status", text: `${number} of ${checks.length}` });
  for await (
    const result of runChecks({ protocol, dialect, checks, server, patience, seed: options.seed, signal, onStart })
  ) {
    if (result.outcome === "failed") failed++;
    await print(tapResult(result, result.outcome === "failed" ? findingOf(result) : null));
  }
  if (failed > 0) throw new Failure(Exit.failed, `Cannot pass the server: ${failed} of ${checks.length} checks failed`);
  return `Done: ${checks.length} checks`;
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, check);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
