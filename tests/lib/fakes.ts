/**
 * Sources, sockets, listeners and sinks that do what a test tells them, when it tells them.
 *
 * @module
 */
import type { Sink } from "../../lib/console/output.ts";
import type { ByteSource } from "../../lib/reader.ts";
import type { StreamListener, StreamSocket } from "../../lib/net/socket.ts";
import { decodeText, encodeText } from "../../lib/text.ts";

type Delivery = { readonly bytes: Uint8Array } | { readonly end: true } | { readonly error: Error };

/** A source that delivers when the test says so; a second read at the same time is a fault of the reader under test. */
export class FedSource implements ByteSource {
  /** How many reads were begun. */
  reads = 0;
  /** The largest room that a read offered. */
  room = 0;
  #queue: Delivery[] = [];
  #waiting: { into: Uint8Array; resolve: (count: number | null) => void; reject: (error: Error) => void } | null = null;
  #asked = Promise.withResolvers<void>();

  read(into: Uint8Array): Promise<number | null> {
    if (this.#waiting !== null) throw new Error("two reads at the same time");
    if (into.length === 0) throw new Error("a read without room");
    this.reads++;
    this.room = Math.max(this.room, into.length);
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    this.#waiting = { into, resolve, reject };
    this.#asked.resolve();
    this.#deliver();
    return promise;
  }

  feed(data: string | Uint8Array): void {
    this.#queue.push({ bytes: typeof data === "string" ? encodeText(data) : data });
    this.#deliver();
  }

  end(): void {
    this.#queue.push({ end: true });
    this.#deliver();
  }

  fail(error: Error): void {
    this.#queue.push({ error });
    this.#deliver();
  }

  /** Whether a read waits for what the test feeds next. */
  get wanted(): boolean {
    return this.#waiting !== null;
  }

  /** Resolves when a read waits. */
  async asked(): Promise<void> {
    while (this.#waiting === null) {
      await this.#asked.promise;
      if (this.#waiting === null) this.#asked = Promise.withResolvers();
    }
  }

  #deliver(): void {
    const next = this.#queue[0];
    const waiting = this.#waiting;
    if (next === undefined || waiting === null) return;
    this.#queue.shift();
    this.#waiting = null;
    if ("error" in next) return waiting.reject(next.error);
    if ("end" in next) {
      this.#queue.unshift(next);
      return waiting.resolve(null);
    }
    const count = Math.min(next.bytes.length, waiting.into.length);
    waiting.into.set(next.bytes.subarray(0, count));
    if (count < next.bytes.length) this.#queue.unshift({ bytes: next.bytes.subarray(count) });
    waiting.resolve(count);
  }
}

/** A socket in memory: `source` is what it receives, `sent` what was written to it. */
export class FakeSocket implements StreamSocket {
  readonly source = new FedSource();
  readonly id: number;
  readonly localAddr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  readonly remoteAddr: Deno.NetAddr;
  readonly calls: string[] = [];
  /** How many bytes one write takes. */
  atOnce = Infinity;
  /** What the next write throws. */
  writeError: Error | null = null;
  /** Whether writes wait: the peer does not read. */
  stuck = false;
  #sent: number[] = [];
  #stuckWrite: ((error: Error) => void) | null = null;

  constructor(hostname = "192.0.2.7", port = 4000, id = 1) {
    this.id = id;
    this.remoteAddr = { transport: "tcp", hostname, port };
  }

  get sent(): string {
    return decodeText(Uint8Array.from(this.#sent));
  }

  get closed(): boolean {
    return this.calls.includes("close");
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.closed ? Promise.reject(new Deno.errors.BadResource("Bad resource ID")) : this.source.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.closed) return Promise.reject(new Deno.errors.BadResource("Bad resource ID"));
    if (this.writeError !== null) return Promise.reject(this.writeError);
    if (this.stuck) return new Promise((_, reject) => this.#stuckWrite = reject);
    const count = Math.min(bytes.length, this.atOnce);
    this.#sent.push(...bytes.subarray(0, count));
    return Promise.resolve(count);
  }

  closeWrite(): Promise<void> {
    this.calls.push("closeWrite");
    return Promise.resolve();
  }

  close(): void {
    if (this.closed) throw new Deno.errors.BadResource("Bad resource ID");
    this.calls.push("close");
    const interrupted = new Deno.errors.Interrupted("operation canceled");
    this.source.fail(interrupted);
    this.#stuckWrite?.(interrupted);
  }

  reset(): void {
    this.calls.push("reset");
    this.close();
  }

  /** Ends a stuck write as a peer does that leaves. */
  cut(): void {
    this.#stuckWrite?.(new Deno.errors.BrokenPipe());
  }

  setNoDelay(): void {
    this.calls.push("setNoDelay");
  }
}

/** A listener whose accepts come out as the test says, then wait until it is closed. */
export class FakeListener implements StreamListener {
  readonly addr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  /** How many accepts were begun. */
  accepts = 0;
  closes = 0;
  #outcomes: (StreamSocket | Error)[];
  #closed = Promise.withResolvers<never>();

  constructor(outcomes: (StreamSocket | Error)[]) {
    this.#outcomes = outcomes;
    this.#closed.promise.catch(() => {});
  }

  async accept(): Promise<StreamSocket> {
    this.accepts++;
    const outcome = this.#outcomes.shift();
    if (outcome === undefined) return await this.#closed.promise;
    // A real accept lets the event loop turn.
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  close(): void {
    if (++this.closes > 1) throw new Deno.errors.BadResource("Listener has been closed");
    this.#closed.reject(new Deno.errors.BadResource("Listener has been closed"));
  }
}

/** What the system says when it is out of descriptors. */
export function outOfDescriptors(): Error {
  return Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });
}

/** A sink that keeps what was written, write by write; while `held`, writes wait. */
export class FakeSink implements Sink {
  readonly writes: string[] = [];
  /** How many bytes one write takes. */
  atOnce = Infinity;
  error: Error | null = null;
  #bytes: number[] = [];
  #held: PromiseWithResolvers<void> | null = null;

  async write(bytes: Uint8Array): Promise<number> {
    await this.#held?.promise;
    if (this.error !== null) throw this.error;
    const count = Math.min(bytes.length, this.atOnce);
    this.writes.push(decodeText(bytes.subarray(0, count)));
    this.#bytes.push(...bytes.subarray(0, count));
    return count;
  }

  /** Makes writes wait. */
  hold(): void {
    this.#held = Promise.withResolvers();
  }

  /** Lets them go on. */
  release(): void {
    this.#held?.resolve();
    this.#held = null;
  }

  get text(): string {
    return decodeText(this.bytes);
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
