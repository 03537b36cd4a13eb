/**
 * Accepts chat clients over TCP: filters out telnet commands, answers its requests, and delivers the goodbye to all clients on shutdown.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Events } from "../../lib/events.ts";
import { writeAll } from "../../lib/console/output.ts";
import { type Handler, type ServeOptions, serveTcp } from "../../lib/stream/server.ts";
import type { ServeTotals } from "../../lib/totals.ts";
import { type Layer, SocketLayer } from "../../lib/net/layers.ts";
import type { RawSocket, StreamListener, StreamSocket } from "../../lib/net/socket.ts";
import { REFUSED } from "../../lib/refusal.ts";
import { encodeText } from "../../lib/text.ts";
import { noticeLine, refusalLine } from "../protocol.ts";
import { BYTES_PER_TOKEN, RateLimit } from "../room/pace.ts";
import type { MemberStream } from "./member_stream.ts";
import { IAC, TelnetFilter } from "./telnet.ts";

/** Options of {@linkcode serveWithGoodbye}. */
export interface GoodbyeOptions extends Omit<ServeOptions, "signal"> {
  /** Stops the server. */
  readonly signal: AbortSignal;
  /** Called once on shutdown: says goodbye to all clients, so that their handlers end. */
  readonly goodbye: () => void;
  /** The layer between the text and the wire; {@linkcode telnetFilter} by default. */
  readonly filter?: Layer | undefined;
}

/** The time limit for the goodbyes (ms); then the connections are closed. */
const GOODBYE_TIMEOUT = 2000;
/**
 * How much telnet one client may send, in tokens per second (`pace.ts`): real clients send a few dozen bytes, and more when a window
 * is resized.
 */
const TELNET_RATE = 10;

/**
 * Serves connections as `serveTcp` does, except on shutdown: it stops accepting, and the clients get a goodbye before they are closed.
 *
 * @param listener Already listening; owned by this function from here on.
 */
export async function serveWithGoodbye(
  listener: StreamListener,
  handler: Handler,
  { signal, goodbye, layers = {}, filter = telnetFilter, ...options }: GoodbyeOptions,
): Promise<ServeTotals> {
  const stoppable = new StoppableListener(listener);
  const active = new Set<Promise<void>>();
  const closing = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = async (): Promise<void> => {
    stoppable.stop();
    goodbye();
    timer = setTimeout(() => closing.abort(), GOODBYE_TIMEOUT);
    await Promise.allSettled(active);
    closing.abort();
  };
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await serveTcp(stoppable, (connection) => {
      const serving = handler(connection).finally(() => active.delete(serving));
      active.add(serving);
      return serving;
    }, {
      report: false,
      refusal: (sentence) => encodeText(`${sentence.startsWith(REFUSED) ? sentence : noticeLine(sentence)}\n`),
      ...options,
      layers: { ...layers, script: [...layers.script ?? [], filter] },
      signal: closing.signal,
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Refuses a TCP client.
 *
 * @param reason The reason, for the client and for the log.
 */
export async function turnAway(
  connection: MemberStream,
  { events, reason }: { events: Events; reason: string },
): Promise<void> {
  events.emit({ event: "refused", id: connection.id, peer: connection.peer, reason });
  await connection.write(encodeText(`${refusalLine(reason)}\n`));
  await connection.finish();
}

/** A listener that can stop accepting before it is closed. */
class StoppableListener implements StreamListener {
  #listener: StreamListener;
  #stopped = false;
  #closed = Promise.withResolvers<void>();

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  get addr(): Deno.Addr {
    return this.#listener.addr;
  }

  async accept(): Promise<RawSocket> {
    try {
      return await this.#listener.accept();
    } catch (error) {
      // Stopped but not closed: `accept` stays pending until it is.
      if (this.#stopped) await this.#closed.promise;
      throw error;
    }
  }

  /** Stops accepting connections. */
  stop(): void {
    if (!this.#stopped) this.#listener.close();
    this.#stopped = true;
  }

  close(): void {
    this.stop();
    this.#closed.resolve();
  }
}

/**
 * Removes telnet from what a client sends, and answers it.
 *
 * @param isOff Tells of each read whether to leave it alone.
 */
export function telnetFilter(socket: StreamSocket, isOff: () => boolean = () => false): StreamSocket {
  return new TelnetLayer(socket, isOff);
}

/**
 * A layer that passes reads through a {@linkcode TelnetFilter}. The bytes it drops still count as input: a client that sends many of
 * them is throttled. A client that does not read its answers is not read any further, so they never pile up.
 */
class TelnetLayer extends SocketLayer {
  /** What only a telnet client needs: made at its first command. */
  #telnet: { readonly filter: TelnetFilter; readonly limit: RateLimit; readonly closed: AbortController } | null = null;
  #isOff: () => boolean;
  #wait = 0;
  /** The last write and the last answer; neither rejects. */
  #written: Promise<unknown> = Promise.resolve();
  #answered: Promise<void> | null = null;

  constructor(below: StreamSocket, isOff: () => boolean) {
    super(below);
    this.#isOff = isOff;
  }

  override read(into: Uint8Array): Promise<number | null> {
    if (this.#telnet !== null) return this.#readOn(into, null);
    // Nothing is kept for a client that waits, but this callback.
    return this.below.read(into).then((count) =>
      count === null || this.#isOff() || !into.subarray(0, count).includes(IAC) ? count : this.#readOn(into, count)
    );
  }

  /** Strips what was read, `count` bytes or `null`, or what is read next; until there is text. */
  async #readOn(into: Uint8Array, read: number | null): Promise<number | null> {
    const { filter, limit, closed } = this.#telnet ??= {
      filter: new TelnetFilter(),
      limit: new RateLimit(TELNET_RATE, performance.now()),
      closed: new AbortController(),
    };
    for (;; read = null) {
      if (this.#answered !== null) await this.#answered;
      if (this.#wait > 0) await delay(this.#wait, { signal: closed.signal }).catch(() => {});
      const count = read ?? await this.below.read(into);
      if (count === null || this.#isOff()) return count;
      const kept = filter.strip(into.subarray(0, count));
      const answers = filter.takeAnswers();
      if (answers.length > 0) this.#answered = this.#written.then(() => this.#answer(answers));
      this.#wait = kept === count ? 0 : limit.take(performance.now(), Math.ceil((count - kept) / BYTES_PER_TOKEN));
      // Returning 0 would be wrong: the stream has not ended. Read on.
      if (kept > 0) return kept;
    }
  }

  override write(bytes: Uint8Array): Promise<number> {
    const writing = this.#answered === null
      ? this.below.write(bytes)
      : this.#answered.then(() => this.below.write(bytes));
    this.#written = writing.catch(() => {});
    return writing;
  }

  /** Writes answers in turn with the text. If that fails, the next read or write tells how the connection ended. */
  async #answer(answers: Uint8Array): Promise<void> {
    await writeAll(this.below, answers).catch(() => {});
    this.#answered = null;
  }

  override close(): void {
    this.#telnet?.closed.abort();
    this.below.close();
  }

  override reset(): void {
    this.#telnet?.closed.abort();
    this.below.reset();
  }
}
