/**
 * The way into a chat for those who come by TCP: telnet's commands stay outside, and at the end everybody gets to hear the goodbye.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Connection } from "../../lib/stream/connection.ts";
import type { Events } from "../../lib/events.ts";
import { type Handler, type ServeOptions, serveTcp, type ServeTotals } from "../../lib/stream/server.ts";
import { type StreamListener, type StreamSocket, withRead } from "../../lib/net/socket.ts";
import { encodeText } from "../../lib/text.ts";
import { noticeLine } from "../protocol.ts";
import { BYTES_PER_TOKEN, RateLimit } from "../room/pace.ts";
import { TelnetFilter } from "./telnet.ts";

/** How guests are received. */
export interface ReceiveOptions extends Omit<ServeOptions, "signal"> {
  /** Stops the server. */
  readonly signal: AbortSignal;
  /** Called once when it stops: says goodbye to everybody, whereupon the handlers end. */
  readonly goodbye: () => void;
}

/** Why everybody is let go at the end. */
export const STOPS = "the server stops";
/** How long the goodbyes may take (ms); then connections are closed as they are. */
const PARTING = 2000;
/**
 * How much telnet one client may send, in tokens a second (`rate.ts`): clients send some dozens of bytes, and more when a window is
 * resized.
 */
const NOISE = 10;

/**
 * Serves connections as `serveTcp` does, but for the end: nobody new is let in, and those who are here are told before they are closed.
 *
 * @param listener Already listening; owned by this function from here on.
 */
export async function receiveAll(
  listener: StreamListener,
  handler: Handler,
  { signal, goodbye, ...options }: ReceiveOptions,
): Promise<ServeTotals> {
  const door = new Door(listener);
  const here = new Set<Promise<void>>();
  const parted = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = async (): Promise<void> => {
    door.shut();
    goodbye();
    timer = setTimeout(() => parted.abort(), PARTING);
    await Promise.allSettled(here);
    parted.abort();
  };
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await serveTcp(door, (connection) => {
      const serving = handler(connection).finally(() => here.delete(serving));
      here.add(serving);
      return serving;
    }, {
      report: false,
      refusal: (reason) => encodeText(`${noticeLine(reason)}\n`),
      ...options,
      signal: parted.signal,
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Turns away a guest who came by TCP.
 *
 * @param reason What the log says.
 * @param line What the guest reads, without its end, where the reason is not enough.
 */
export async function turnAway(
  connection: Connection,
  { events, reason, line = noticeLine(`Cannot serve you: ${reason}`) }: {
    events: Events;
    reason: string;
    line?: string;
  },
): Promise<void> {
  events.emit({ event: "refused", peer: connection.peer, reason });
  await connection.write(`${line}\n`);
  await connection.finish();
}

/** A listener whose sockets deliver text without telnet's commands, and which can be shut before it is closed. */
class Door implements StreamListener {
  #listener: StreamListener;
  #shut = false;
  #closed = Promise.withResolvers<void>();

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  get addr(): Deno.Addr {
    return this.#listener.addr;
  }

  async accept(): Promise<StreamSocket> {
    try {
      return withoutTelnet(await this.#listener.accept());
    } catch (error) {
      // Shut, but not closed: whoever accepts goes on waiting, and in vain.
      if (this.#shut) await this.#closed.promise;
      throw error;
    }
  }

  /** Lets nobody in any more. */
  shut(): void {
    if (!this.#shut) this.#listener.close();
    this.#shut = true;
  }

  close(): void {
    this.shut();
    this.#closed.resolve();
  }
}

/**
 * Decorates a socket: what is read has passed a {@linkcode TelnetFilter}. The bytes it drops are input all the same: a client that sends
 * many of them is read more slowly.
 */
function withoutTelnet(socket: StreamSocket): StreamSocket {
  const filter = new TelnetFilter();
  const limit = new RateLimit(NOISE, performance.now());
  const closed = new AbortController();
  let wait = 0;
  const read = async (into: Uint8Array): Promise<number | null> => {
    for (;;) {
      if (wait > 0) await delay(wait, { signal: closed.signal }).catch(() => {});
      const count = await socket.read(into);
      if (count === null) return null;
      const kept = filter.strip(into.subarray(0, count));
      wait = kept === count ? 0 : limit.take(performance.now(), Math.ceil((count - kept) / BYTES_PER_TOKEN));
      // A read that brought nothing but commands brought nothing.
      if (kept > 0) return kept;
    }
  };
  const close = (): void => {
    closed.abort();
    socket.close();
  };
  return { ...withRead(socket, read), close };
}
