/**
 * Real servers on free ports for the tests of `serveTcp`.
 *
 * @module
 */
import type { Connection } from "../../../lib/stream/connection.ts";
import { type ServeOptions, serveTcp } from "../../../lib/stream/server.ts";
import type { ServeTotals } from "../../../lib/totals.ts";
import { decodeText } from "../../../lib/text.ts";
import { RecordedEvents } from "../../support/sockets.ts";

/** A server under test. It stops when it is disposed of; an error of its own fails the test. */
export interface Served extends AsyncDisposable {
  readonly port: number;
  readonly events: RecordedEvents;
  readonly done: Promise<ServeTotals>;
  stop(): void;
}

/** Starts a server under test. */
export function serve(
  handler: (connection: Connection) => Promise<void>,
  options: ServeOptions & { hostname?: string } = {},
): Served {
  const { hostname = "127.0.0.1", ...rest } = options;
  const [listener, events, controller] = [
    Deno.listen({ hostname, port: 0 }),
    new RecordedEvents(),
    new AbortController(),
  ];
  const done = serveTcp(listener, handler, { events, signal: controller.signal, ...rest });
  const stop = (): void => controller.abort();
  return {
    port: listener.addr.port,
    events,
    done,
    stop,
    async [Symbol.asyncDispose]() {
      stop();
      await done;
    },
  };
}

/** Echoes each line. */
export async function echoLines(connection: Connection): Promise<void> {
  for (let line; (line = await connection.readLine()) !== null;) await connection.write(`${decodeText(line)}\n`);
}
