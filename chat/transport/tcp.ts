/**
 * The way into a chat for those who come by TCP: telnet's commands stay outside, and at the end everybody gets to hear the goodbye.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Connection } from "../../lib/stream/connection.ts";
import type { Events } from "../../lib/events.ts";
import { type Handler, type ServeOptions, serveTcp } from "../../lib/stream/server.ts";
import type { ServeTotals } from "../../lib/totals.ts";
import { type Layer, SocketLayer } from "../../lib/net/layers.ts";
import type { RawSocket, StreamListener } from "../../lib/net/socket.ts";
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
  { signal, goodbye, layers = {}, ...options }: ReceiveOptions,
): Promise<ServeTotals> {
  const door = new Door(listener);
  const filter: Layer = (socket) => new WithoutTelnet(socket);
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
      layers: { ...layers, script: [...layers.script ?? [], filter] },
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
  events.emit({ event: "refused", id: connection.id, peer: connection.peer, reason });
  await connection.write(`${line}\n`);
  await connection.finish();
}

/** A listener that can be shut before it is closed. */
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

  async accept(): Promise<RawSocket> {
    try {
      return await this.#listener.accept();
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
 * A layer whose reads have passed a {@linkcode TelnetFilter}. The bytes it drops are input all the same: a client that sends many of
 * them is read more slowly.
 */
class WithoutTelnet extends SocketLayer {
  #filter = new TelnetFilter();
  #limit = new RateLimit(NOISE, performance.now());
  #closed = new AbortController();
  #wait = 0;

  override async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#wait > 0) await delay(this.#wait, { signal: this.#closed.signal }).catch(() => {});
      const count = await this.below.read(into);
      if (count === null) return null;
      const kept = this.#filter.strip(into.subarray(0, count));
      this.#wait = kept === count
        ? 0
        : this.#limit.take(performance.now(), Math.ceil((count - kept) / BYTES_PER_TOKEN));
      // A read that brought nothing but commands brought nothing.
      if (kept > 0) return kept;
    }
  }

  override close(): void {
    this.#closed.abort();
    this.below.close();
  }
}
