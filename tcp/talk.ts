/**
 * A connection to type into, for `tcp:client --interactive` and `tcp:server --pipe` at a terminal.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import type { Connection } from "../lib/stream/connection.ts";
import type { LineInput } from "../lib/console/line_input.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { canAsk } from "../lib/console/prompt.ts";
import { StopRequested } from "../lib/console/stop.ts";
import type { FlagTable } from "../lib/script/flags.ts";
import type { Run } from "../lib/script/script.ts";
import { bothWays } from "./pipe.ts";

/** Options of {@linkcode talk}. */
export interface TalkOptions {
  /** Ends each line that is sent: LF, CR LF or nothing. */
  readonly lineEnd: string;
  /** Whether what is said becomes events; the terminal shows it anyway. */
  readonly json: boolean;
}

/** Whether a person can type here and see the answer. */
export const atTerminal = canAsk;

/** What an input line needs of a run. */
type TerminalRun = Pick<Run<FlagTable>, "events" | "stop" | "redirectTerminal" | "flush">;

/** Opens the terminal's input line; everything printed from now on goes above it. */
export async function openLine(
  { events, stop, redirectTerminal, flush }: TerminalRun,
  prompt = "> ",
): Promise<LineInput> {
  await flush();
  // Loading node:readline takes a third of a script's start.
  const { openInput } = await import("../lib/console/terminal.ts");
  const input = openInput({
    prompt,
    onInterrupt: () => stop.request(new StopRequested("SIGINT")),
    onEnd: () =>
      events.emit({
        event: "notice",
        message: "Your input has ended: nothing more is sent, what arrives is still shown",
      }),
  });
  redirectTerminal(input);
  return input;
}

/**
 * Sends each line that is typed and shows what arrives, until the peer closes. At the end of the input (Ctrl-D) it half-closes and reads
 * on. The connection is closed in any case.
 *
 * @returns The last line of the run.
 * @throws {CutOffError} The peer reset the connection.
 */
export async function talk(
  connection: Connection,
  input: LineInput,
  output: DataOutput,
  { lineEnd, json }: TalkOptions,
): Promise<string> {
  connection.report.data = json ? "stream" : "none";
  await bothWays(connection, {
    send: (signal) => sendLines(connection, input, lineEnd, signal),
    receive: () => show(connection, output),
  });
  const { bytesOut, bytesIn, peer } = connection;
  return `Done: ${formatBytes(bytesOut)} out, ${formatBytes(bytesIn)} in; ${peer} closed`;
}

async function sendLines(
  connection: Connection,
  input: LineInput,
  lineEnd: string,
  signal: AbortSignal,
): Promise<void> {
  // Ctrl-D was for an earlier client; this one may still have something to say.
  if (input.ended) return;
  for (let line; (line = await input.read(signal)) !== null;) await connection.write(`${line}${lineEnd}`);
  await connection.closeWrite();
}

/** Shows what arrives. The input line leaves room for whole lines only, so a prompt without newline becomes one after the pause. */
async function show(connection: Connection, output: DataOutput): Promise<void> {
  const { gap } = connection.framing;
  try {
    for (let bytes; (bytes = await connection.read()) !== null;) {
      await output.write(bytes);
      if (gap > 0 && !await connection.readyWithin(gap)) await output.pause();
    }
  } finally {
    await output.end();
  }
}
