/**
 * The layer that applies a plan to streams.
 *
 * @module
 */
import { type Layer, SocketLayer } from "../net/layers.ts";
import type { StreamSocket } from "../net/socket.ts";
import { SYSTEM_TIME, type TimeSource } from "../time.ts";
import { limitOf, type Load, streamsPass } from "./capacity.ts";
import type { Faults, FaultSink } from "./fault.ts";
import { Line } from "./line.ts";
import { StreamIn } from "./stream_in.ts";
import { StreamOut } from "./stream_out.ts";

/** How long bytes may take to arrive after a close (ms), on top of their delay, of which at most the second figure counts. */
const CLOSING = 5000;
const MAX_CLOSING_DELAY = 30_000;

/**
 * Makes the layer that impairs every stream socket it wraps. Each socket draws its own chance, by its number.
 *
 * Positions count the bytes of the stream, and chance is drawn per segment of 1,448 bytes, so the same bytes have the same faults
 * however they are written or read. In this order, bytes are coalesced, wait for the rate limit, are delayed, and are cut into pieces.
 *
 * A write succeeds once its bytes are in flight, and waits while too many are. If they fail later, the next write rejects with that
 * error. After a close, bytes in flight still arrive within five seconds plus their delay; `gone` resolves then. After a reset by the
 * plan, our own reads and writes fail with `ConnectionReset` too. Sockets that cannot send RST are closed instead.
 *
 * @param tell Called with each fault; with delay, rate, slow reading and coalescing once, since they happen to all bytes alike.
 *
 * @example Usage
 * ```ts
 * import { streamFaults } from "./stream_faults.ts";
 * import { NO_FAULTS } from "./plan.ts";
 * import { compose } from "../net/layers.ts";
 * import { streamSocket } from "../net/socket.ts";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const raw = streamSocket(await Deno.connect({ port: listener.addr.port }), 1);
 * using peer = await listener.accept();
 * const faults = streamFaults({ seed: 1, out: { ...NO_FAULTS, split: 3 }, in: NO_FAULTS, cut: false });
 * const socket = compose(raw, { faults });
 * await socket.write(new Uint8Array(5));
 * assertEquals(await peer.read(new Uint8Array(10)), 3);
 * assertEquals(await peer.read(new Uint8Array(10)), 2);
 * socket.close();
 * ```
 */
export function streamFaults(faults: Faults, tell: FaultSink = () => {}, time: TimeSource = SYSTEM_TIME): Layer {
  const load = { bytes: 0 };
  return (socket) => new FaultyStream(socket, { faults, tell, time, load });
}

/** What the sockets of a layer share. */
interface Shared {
  readonly faults: Faults;
  readonly tell: FaultSink;
  readonly time: TimeSource;
  readonly load: Load;
}

class FaultyStream extends SocketLayer {
  #faults: Faults;
  #tell: FaultSink;
  #time: TimeSource;
  #load: Load;
  #out: { readonly line: Line; readonly side: StreamOut } | null = null;
  #in: { readonly line: Line; readonly side: StreamIn } | null = null;
  /** How many bytes have passed in each direction before its line was made. */
  #counts = { out: 0, in: 0 };
  /** How many reads are pending on the socket below, into their callers' buffers. */
  #reading = 0;
  /** Why nothing can be read or written: closed here, or reset by the plan. */
  #ended: Error | null = null;
  #gone: Promise<void> | null = null;
  /** Cancels the time limit of a close. */
  #stopClosing = (): void => {};
  /** Whether the socket below is closed, and whether the plan has reset it. */
  #isShut = false;
  #isReset = false;

  constructor(below: StreamSocket, { faults, tell, time, load }: Shared) {
    super(below);
    this.#faults = faults;
    this.#tell = tell;
    this.#time = time;
    this.#load = load;
    if (limitOf(faults.out)[0] === 0) this.#sending().push(new Uint8Array());
    if (limitOf(faults.in)[0] > 0) return;
    this.#receiving().push(new Uint8Array());
    this.#receiving().checkReset();
  }

  override read(into: Uint8Array): Promise<number | null> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (!this.#passes("in") || !this.#passes("out")) return this.#receiving().read(into);
    this.#reading++;
    return this.below.read(into).then((count) => {
      this.#reading--;
      return this.#passes("in") ? this.#counted("in", count) : this.#readThrough(into, count);
    }, (error) => {
      this.#reading--;
      throw this.#isReset ? this.#ended : error;
    });
  }

  override write(bytes: Uint8Array): Promise<number> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (!this.#passes("out")) return this.#sending().write(bytes);
    return this.below.write(bytes).then((count) => this.#counted("out", count));
  }

  override closeWrite(): Promise<void> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return this.#passes("out") ? this.below.closeWrite() : this.#sending().closeWrite();
  }

  override close(): void {
    if (this.#ended !== null) return;
    const closed = this.#end(new Deno.errors.BadResource("closed"));
    // A pending read must not write into its caller's buffer after the close.
    if (this.#out === null || !this.#out.side.busy || this.#reading > 0) return this.#shut();
    this.#out.side.refuse(closed);
    this.#receiving().swallow(closed);
    this.#gone = this.#deliver(this.#out.side);
  }

  override reset(): void {
    if (this.#isShut) return;
    this.#end(new Deno.errors.BadResource("closed"));
    this.#shut("reset");
  }

  override get gone(): Promise<void> | undefined {
    return this.#gone ?? this.below.gone;
  }

  /** Closes the socket when everything in flight has arrived, or when time is up. Never rejects. */
  async #deliver(side: StreamOut): Promise<void> {
    const limit = CLOSING + Math.min(MAX_CLOSING_DELAY, this.#faults.out.delay);
    // A write may be waiting below for a peer that reads no more: only a close ends it.
    this.#stopClosing = this.#time.after(limit, () => this.#shut());
    await side.done;
    if (!this.#isShut) this.#shut();
    await this.below.gone;
  }

  #shut(how: "close" | "reset" = "close"): void {
    this.#isShut = true;
    this.#stopClosing();
    this.#out?.side.stop(this.#ended);
    this.#in?.side.stop(this.#ended);
    this.below[how]();
  }

  #end(error: Error): Error {
    return this.#ended ??= error;
  }

  /** Resets the connection, as the plan says. */
  #resetByPlan(): void {
    if (this.#isShut) return;
    this.#isReset = true;
    this.#end(new Deno.errors.ConnectionReset("reset by a fault"));
    this.#shut("reset");
  }

  /** Whether bytes may bypass the line of a direction. */
  #passes(direction: "out" | "in"): boolean {
    if (this.#faults.cut || !streamsPass(this.#faults[direction])) return false;
    return direction === "out" ? this.#out?.side.idle ?? true : this.#in?.side.idle ?? true;
  }

  #counted<T extends number | null>(direction: "out" | "in", count: T): T {
    const line = direction === "out" ? this.#out?.line : this.#in?.line;
    if (line !== undefined) line.skip(count ?? 0);
    else this.#counts[direction] += count ?? 0;
    return count;
  }

  /** Puts what a read has returned through the line, because the plan has changed meanwhile. */
  #readThrough(into: Uint8Array, count: number | null): Promise<number | null> {
    const side = this.#receiving();
    side.push(count === null ? null : into.slice(0, count));
    return side.read(into);
  }

  #sending(): StreamOut {
    if (this.#out === null) {
      const line = this.#line("out");
      this.#out = { line, side: new StreamOut(this.#sideOptions(line)) };
    }
    return this.#out.side;
  }

  #receiving(): StreamIn {
    if (this.#in === null) {
      const line = this.#line("in");
      this.#in = { line, side: new StreamIn(this.#sideOptions(line)) };
    }
    return this.#in.side;
  }

  #line(direction: "out" | "in"): Line {
    const { seed } = this.#faults;
    const start = this.#counts[direction];
    return new Line({ seed, flow: this.id, direction, tell: this.#tell, start, load: this.#load });
  }

  #sideOptions(line: Line): ConstructorParameters<typeof StreamOut>[0] {
    const onReset = (): void => this.#resetByPlan();
    return { below: this.below, line, faults: this.#faults, time: this.#time, onReset };
  }
}
