/**
 * lab:check does to a server, in whatever language it is written, what networks and clients do to it, and reports what it cannot take.
 *
 * ```sh
 * deno task lab:check tcp localhost 12345
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net --allow-read --allow-run=sh lab/check.ts tcp localhost 12345
 * ```
 *
 * Try it with the textbook's server, which `--start` starts on a free port, and again whenever a check has ended it:
 *
 * ```
 * $ deno task lab:check tcp --start 'deno task tcp:basic-server $PORT'
 * TAP version 14
 * 1..39
 * …
 * not ok 2 - split-at-each-byte: one message in two pieces, cut at each byte in turn
 *   ---
 *   expected: the server answers once it has the whole message
 *   instead: it took 1 of the 2 pieces for the whole message
 *   why: RFC 9293 3.7 (practice)
 *   mistake: '1, one write = one read'
 *   …
 *   see: 'tcp/server.ts, line 73: if (await connection.readMessage() === null) return;'
 * …
 * # failures with the same remedy:
 * #   18 reset-at-once, 19, 20
 * #   2 split-at-each-byte, 3: mistake 1, one write = one read
 * #   32 silent-client, 35: mistake 14, one client at a time
 * # passed 21 of 30 (70 %), skipped 9
 * ```
 *
 * The report is TAP 14 (testanything.org): `not ok` is a check that the server failed, with what was sent and received, what was expected
 * and why, where to find the remedy, and the command that repeats it by hand. The exit code is 1 if a check fails, 4 or 5 if there is no
 * server.
 *
 * @module
 */
import { type Run, runScript, type Script } from "../lib/script/script.ts";
import { encodeText } from "../lib/text.ts";
import { checkRun, flags, protocolNameOf } from "./checks/flags.ts";
import { protocolOf } from "./checks/protocols.ts";
import { listLines, selected } from "./checks/select.ts";
import { checkServer } from "./checks/session.ts";
import { targetOf } from "./checks/target.ts";

/** Flags and help text of `lab:check`. */
export const script: Script<typeof flags> = {
  name: "lab:check",
  role: "client",
  summary: "Checks a server in any language: what it does when the network and its clients misbehave",
  example: {
    flags: "tcp --start 'python3 server.py $PORT' --points",
    does: "Starts a server at a free port, runs all the checks of plain TCP, stops it, and prints a score.",
  },
  flags,
  operands: {
    placeholder: "tcp|udp|http|chat|sum [HOST PORT]",
    help:
      "the protocol, and where the server listens, also HOST:PORT, :PORT or PORT; this machine, unless --allow-remote",
  },
  check: checkRun,
};

/** Prints a line for each check. */
async function list(run: Run<typeof flags>, print: (lines: readonly string[]) => Promise<void>): Promise<string> {
  const { checks } = await protocolOf(protocolNameOf(run.operands), run.options);
  const wanted = selected(checks, run.options.only);
  for (const { name, title, expects, source, level, mistake = null } of wanted) {
    run.events.emit({ event: "result", prose: "", name, title, expects, source, level, mistake });
  }
  await print(listLines(wanted));
  return `Done: ${wanted.length} checks listed`;
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, operands, given, events, signal, output } = run;
    const print = (lines: readonly string[]): Promise<void> => output.write(encodeText(`${lines.join("\n")}\n`));
    if (options.list) return await list(run, print);
    const [, ...address] = operands;
    const name = protocolNameOf(operands);
    const protocol = await protocolOf(name, options);
    const target = options.start === undefined ? targetOf(address, options, given) : null;
    return await checkServer({ name, protocol, flags: options, target, events, signal, print });
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
