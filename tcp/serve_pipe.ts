/**
 * `tcp:server --pipe`: one client at a time, its bytes on standard output and standard input to it.
 *
 * @module
 */
import type { LineInput } from "../lib/console/line_input.ts";
import { type DataOutput, OutputClosed } from "../lib/console/output.ts";
import type { Stop } from "../lib/console/stop.ts";
import { Exit, ProtocolError, stateOf } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { StreamListener } from "../lib/net/socket.ts";
import { REFUSED } from "../lib/refusal.ts";
import type { Connection } from "../lib/stream/connection.ts";
import type { FlagTable } from "../lib/script/flags.ts";
import type { Run } from "../lib/script/script.ts";
import { type Handler, type ServeOptions, serveTcp } from "../lib/stream/server.ts";
import { totalsLine } from "../lib/totals.ts";
import { within } from "../lib/within.ts";
import { CHUNK, Input } from "./input.ts";
import { pipe, SILENCE } from "./pipe.ts";
import { atTerminal, openLine, talk } from "./talk.ts";

/** The prompt of an input line while no client is there. */
const NOBODY = "(nobody here) ";
/** How long a further client waits (ms): the one before it may have left already. */
const GRACE = SILENCE + 500;
const BUSY = `${REFUSED}another client is connected; try again later`;

/** Options of {@linkcode servePipe}. */
export interface PipeServerOptions extends Omit<ServeOptions, "maxConnections" | "waiting"> {
  /** What is sent: an input line at a terminal, or else all of standard input. What one client leaves of it is for the next. */
  readonly source: LineInput | Input;
  readonly output: DataOutput;
  readonly json: boolean;
  readonly events: Events;
  /** Ends the run: standard input or output has failed. */
  readonly stop: Pick<Stop, "request">;
}

/** As {@linkcode servePipe}, with what a run's user types at the terminal, or else its standard input. */
export async function serveInput(
  listener: StreamListener,
  serving: Omit<PipeServerOptions, "source" | "output" | "json" | "stop">,
  run: Pick<Run<FlagTable>, "events" | "stop" | "redirectTerminal" | "flush" | "output"> & {
    readonly options: { readonly json: boolean };
  },
): Promise<string> {
  const { output, stop, options: { json } } = run;
  using line = atTerminal() ? await openLine(run, NOBODY) : null;
  const source = line ?? new Input(Deno.stdin);
  return await servePipe(listener, { ...serving, chunk: CHUNK, source, output, json, stop });
}

/**
 * Serves one client after the other until the signal fires, or a single one with `once`. A client that connects in the meantime is
 * turned away.
 *
 * @param listener Already listening; owned by this function from now on.
 * @returns The last line of the run.
 * @throws {Failure} With `once`: why the client's connection ended, unless the client ended it.
 */
export async function servePipe(listener: StreamListener, options: PipeServerOptions): Promise<string> {
  const { source, output, json, stop, events, once = false, signal, timeout = 0 } = options;
  let ended = "";
  let failure: unknown;
  let busy: Promise<void> | null = null;
  const serve: Handler = async (connection) => {
    try {
      ended = source instanceof Input
        ? await pipe(connection, source, output, { message: null, json, events })
        : await talkTo(connection, source, options);
    } catch (error) {
      if (error instanceof OutputClosed || stateOf(error).code === Exit.failed) stop.request(error);
      else if (!once) throw error;
      failure = error;
    }
  };
  const handler: Handler = async (connection) => {
    if (busy !== null && !await within(busy, GRACE)) throw new ProtocolError(BUSY);
    const serving = serve(connection);
    busy = serving.catch(() => {});
    await serving;
  };
  // A client that does not read holds up nobody else: only --timeout limits its pauses.
  const totals = await serveTcp(listener, handler, { ...options, stall: timeout, maxConnections: 1, waiting: 1 });
  const line = totalsLine(totals, events);
  // A stopped server has cut the connection itself.
  if (!once || signal?.aborted === true) return line;
  if (failure !== undefined) throw failure;
  return ended || line;
}

async function talkTo(connection: Connection, input: LineInput, options: PipeServerOptions): Promise<string> {
  input.prompt("> ");
  try {
    return await talk(connection, input, options.output, { lineEnd: "\n", json: options.json });
  } finally {
    input.prompt(NOBODY);
  }
}
