/**
 * How a client notices over TCP that the server turns it away.
 *
 * @module
 */
import { formatEndpoint } from "../addr.ts";
import { isDisconnect, RefusedError } from "../errors.ts";
import type { Events } from "../events.ts";
import { type Layer, SocketLayer } from "../net/layers.ts";
import type { StreamSocket } from "../net/socket.ts";
import { RefusalFilter, type RefusalPlace, REFUSED } from "../refusal.ts";
import { SYSTEM_TIME, type TimeSource } from "../time.ts";
import { within } from "../within.ts";

/**
 * How long bytes that may become a refusal are held back (ms), from the first of them: a server sends its refusal at once and closes,
 * while a person who has typed `Can` should see it.
 */
const HOLD = 500;
/** The most bytes in one read (until it is clear that they are data, and in a chat). */
const BUFFER = 4096;
const NOTHING = new Uint8Array(0);

/** Options of {@linkcode refusalGuard}. */
export interface RefusalGuardOptions {
  readonly place: RefusalPlace;
  readonly events: Events;
  readonly time?: TimeSource | undefined;
}

/**
 * Makes the layer that recognises a refusal: the read that meets it emits `refused` and fails with a {@linkcode RefusedError}. Everything
 * else passes unchanged.
 */
export function refusalGuard(options: RefusalGuardOptions): Layer {
  return (socket) => new RefusalGuard(socket, options);
}

/** What a read of the socket below has brought. */
type Outcome = { readonly count: number | null } | { readonly error: unknown };

class RefusalGuard extends SocketLayer {
  #filter: RefusalFilter;
  #events: Events;
  #time: TimeSource;
  #buffer = new Uint8Array(BUFFER);
  /** A read into the buffer; it outlives a hold that gave up. Never rejects. */
  #pending: Promise<Outcome> | null = null;
  /** Data for the next reads; part of the buffer or of what was held back. */
  #data: Uint8Array = NOTHING;
  #heldSince: number | null = null;
  /** How every further read ends, once there is no more data. */
  #end: (() => null) | null = null;

  constructor(below: StreamSocket, { place, events, time = SYSTEM_TIME }: RefusalGuardOptions) {
    super(below);
    this.#filter = new RefusalFilter(place);
    this.#events = events;
    this.#time = time;
  }

  override read(into: Uint8Array): Promise<number | null> {
    // From here on the guard costs nothing.
    if (this.#filter.over && this.#pending === null && this.#data.length === 0 && this.#end === null) {
      return this.below.read(into);
    }
    return this.#guarded(into);
  }

  async #guarded(into: Uint8Array): Promise<number | null> {
    while (this.#data.length === 0) {
      if (this.#end !== null) return this.#end();
      await this.#next();
    }
    const count = Math.min(into.length, this.#data.length);
    into.set(this.#data.subarray(0, count));
    this.#data = this.#data.subarray(count);
    return count;
  }

  /** Waits for the next bytes; while some are held back, only until the hold is over. */
  async #next(): Promise<void> {
    this.#pending ??= this.below.read(this.#buffer).then((count) => ({ count }), (error) => ({ error }));
    if (this.#heldSince !== null) {
      const left = this.#heldSince + HOLD - this.#time.now();
      if (!await within(this.#pending, left, this.#time)) return this.#flush();
    }
    const outcome = await this.#pending;
    this.#pending = null;
    if (!("count" in outcome)) return this.#ended(outcome.error);
    if (outcome.count === null) return this.#ended(null);
    this.#data = this.#filter.push(this.#buffer.subarray(0, outcome.count));
    if (this.#filter.held === 0) this.#heldSince = null;
    // With data before it, what is held back has just begun.
    else if (this.#data.length > 0 || this.#heldSince === null) this.#heldSince = this.#time.now();
  }

  /** The stream has ended, or failed with an error: what is held back is the refusal, or data. */
  #ended(error: unknown): void {
    const reason = error === null || isDisconnect(error) ? this.#filter.reason({ cutOff: error !== null }) : null;
    this.#end = () => {
      if (error !== null) throw error;
      return null;
    };
    if (reason === null) return this.#flush();
    const refused = new RefusedError(`${REFUSED}${reason}`, this.#filter.held);
    this.#events.emit({ event: "refused", id: this.id, peer: formatEndpoint(this.remoteAddr as Deno.NetAddr), reason });
    this.#end = () => {
      throw refused;
    };
  }

  #flush(): void {
    this.#data = this.#filter.flush();
    this.#heldSince = null;
  }
}
