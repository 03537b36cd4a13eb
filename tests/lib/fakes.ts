/**
 * Fake sources, sockets, listeners and sinks, controlled by the test.
 *
 * @module
 */
import type { Sink } from "../../lib/console/output.ts";
import type { ByteSource } from "../../lib/reader.ts";
import type { StreamListener, StreamSocket } from "../../lib/net/socket.ts";
import { decodeText, encodeText } from "../../lib/text.ts";

type Delivery = { readonly bytes: Uint8Array } | { readonly end: true } | { readonly error: Error };

/** A source that the test feeds; a second concurrent read is an error of the reader under test. */
export class FedSource implements ByteSource {
  /** The number of reads started. */
  reads = 0;
  /** The largest buffer that a read passed. */
  room = 0;
  #queue: Delivery[] = [];
  #waiting: { into: Uint8Array; resolve: (count: number | null) => void; reject: (error: Error) => void } | null = null;
  #readStarted = Promise.withResolvers<void>();

  read(into: Uint8Array): Promise<number | null> {
    if (this.#waiting !== null) throw new Error("two reads at the same time");
    if (into.length === 0) throw new Error("a read without room");
    this.reads++;
    this.room = Math.max(this.room, into.length);
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    this.#waiting = { into, resolve, reject };
    this.#readStarted.resolve();
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

  /** How many deliveries no read has asked for yet. */
  get left(): number {
    return this.#queue.length;
  }

  /** Whether a read is pending. */
  get isReading(): boolean {
    return this.#waiting !== null;
  }

  /** Resolves once a read is pending. */
  async readPending(): Promise<void> {
    while (this.#waiting === null) {
      await this.#readStarted.promise;
      if (this.#waiting === null) this.#readStarted = Promise.withResolvers();
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

/** An in-memory socket: `source` provides what it receives, `sent` is what was written to it. */
export class FakeSocket implements StreamSocket {
  readonly source = new FedSource();
  readonly id: number;
  readonly localAddr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  readonly remoteAddr: Deno.NetAddr;
  readonly calls: string[] = [];
  /** How many bytes one write takes. */
  maxWrite = Infinity;
  /** The error of the next write. */
  writeError: Error | null = null;
  /** Whether writes stall: the peer does not read. */
  stalled = false;
  #sent: number[] = [];
  #stalledWrite: ((error: Error) => void) | null = null;

  constructor(hostname = "192.0.2.7", port = 4000, id = 1) {
    this.id = id;
    this.remoteAddr = { transport: "tcp", hostname, port };
  }

  get sent(): string {
    return decodeText(this.bytes);
  }

  /** What was written to it. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#sent);
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
    if (this.stalled) return new Promise((_, reject) => this.#stalledWrite = reject);
    const count = Math.min(bytes.length, this.maxWrite);
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
    this.#stalledWrite?.(interrupted);
  }

  reset(): void {
    this.calls.push("reset");
    this.close();
  }

  /** Fails a stalled write, as a peer that leaves does. */
  cut(): void {
    this.#stalledWrite?.(new Deno.errors.BrokenPipe());
  }

  setNoDelay(): void {
    this.calls.push("setNoDelay");
  }
}

/** A listener whose accepts have the given outcomes, then wait until it is closed. */
export class FakeListener implements StreamListener {
  readonly addr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  /** The number of accepts started. */
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
    // A real accept yields to the event loop.
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  close(): void {
    if (++this.closes > 1) throw new Deno.errors.BadResource("Listener has been closed");
    this.#closed.reject(new Deno.errors.BadResource("Listener has been closed"));
  }
}

/** The system's error when a process has run out of file descriptors. */
export function tooManyOpenFiles(): Error {
  return Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });
}

/** A sink that records each write; while it is held, writes block. */
export class FakeSink implements Sink {
  readonly writes: string[] = [];
  /** How many bytes one write takes. */
  maxWrite = Infinity;
  error: Error | null = null;
  #bytes: number[] = [];
  #held: PromiseWithResolvers<void> | null = null;

  async write(bytes: Uint8Array): Promise<number> {
    await this.#held?.promise;
    if (this.error !== null) throw this.error;
    const count = Math.min(bytes.length, this.maxWrite);
    this.writes.push(decodeText(bytes.subarray(0, count)));
    this.#bytes.push(...bytes.subarray(0, count));
    return count;
  }

  /** Blocks writes. */
  hold(): void {
    this.#held = Promise.withResolvers();
  }

  /** Unblocks them. */
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
