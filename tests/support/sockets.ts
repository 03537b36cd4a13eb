/**
 * Peers for the tests: clients and servers that do exactly what a test tells them, resets included.
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import { connect as connectNode } from "node:net";
import type { Events, NetEvent } from "../../lib/events.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** A raw client. Reads wait 5 s at most. */
export class RawClient implements Disposable {
  #conn: Deno.TcpConn | Deno.TlsConn;
  #closed = false;

  constructor(conn: Deno.TcpConn | Deno.TlsConn) {
    this.#conn = conn;
    if ("setNoDelay" in conn) conn.setNoDelay(true);
  }

  static async connect(port: number, hostname = "127.0.0.1"): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname, port }));
  }

  get port(): number {
    return (this.#conn.localAddr as Deno.NetAddr).port;
  }

  async send(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? ENCODER.encode(data) : data;
    for (let offset = 0; offset < bytes.length;) offset += await this.#conn.write(bytes.subarray(offset));
  }

  /** Half-closes. */
  async end(): Promise<void> {
    await this.#conn.closeWrite();
  }

  /** Reads once; `null` is the end of the stream. */
  async read(): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(65536);
    const timer = setTimeout(() => this.close(), 5000);
    try {
      const count = await this.#conn.read(buffer);
      return count === null ? null : buffer.subarray(0, count);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads until the text received so far matches. */
  async until(pattern: RegExp): Promise<string> {
    const decoder = new TextDecoder();
    for (let text = "";;) {
      if (pattern.test(text)) return text;
      const bytes = await this.read();
      if (bytes === null) throw new Error(`The stream ended before ${pattern}: ${JSON.stringify(text)}`);
      text += decoder.decode(bytes, { stream: true });
    }
  }

  /** Reads to the end, as text. */
  async rest(): Promise<string> {
    return DECODER.decode(await this.restBytes());
  }

  /** Reads to the end. */
  async restBytes(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let piece; (piece = await this.read()) !== null;) pieces.push(piece);
    return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
  }

  close(): void {
    if (!this.#closed) this.#conn.close();
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Connects, sends, and resets the connection (RST instead of FIN).
 *
 * @param options `before` is awaited between sending and the reset, for the log line that shows that the server has read.
 */
export function sendAndReset(
  port: number,
  data: string | Uint8Array,
  { hostname = "127.0.0.1", before }: { hostname?: string; before?: () => Promise<unknown> } = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectNode(port, hostname, () => {
      const reset = async (): Promise<void> => {
        await before?.();
        socket.resetAndDestroy();
      };
      if (data.length === 0) reset().catch(reject);
      else socket.write(data, () => reset().catch(reject));
    });
    socket.on("close", () => resolve());
    socket.on("error", reject);
  });
}

/** Starts a TCP server on a free port of 127.0.0.1 that serves one connection at a time with `serve`. */
export function rawServer(serve: (client: RawClient) => Promise<void>): AsyncDisposable & { port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let failure: AssertionError | null = null;
  const serving = (async () => {
    try {
      for (;;) {
        using client = new RawClient(await listener.accept());
        await serve(client).catch((error) => {
          // A client that leaves early is no failure, unlike what the server has asserted.
          if (error instanceof AssertionError) failure ??= error;
        });
      }
    } catch {
      // Closed by the test.
    }
  })();
  return {
    port: listener.addr.port,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
      if (failure !== null) throw failure;
    },
  };
}

/** A listener with a full backlog: further connects get no answer, as behind a firewall that drops packets. */
export async function blackHole(): Promise<Disposable & { port: number }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = listener.addr;
  const held: Deno.TcpConn[] = [];
  try {
    for (;;) held.push(await Deno.connect({ port, signal: AbortSignal.timeout(100) }));
  } catch {
    // The backlog is full.
  }
  return {
    port,
    [Symbol.dispose]: () => {
      for (const conn of held) conn.close();
      listener.close();
    },
  };
}

/** A raw UDP socket. Receives wait 5 s at most. */
export class RawPeer implements Disposable {
  #socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  #closed = false;

  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  async send(data: string | Uint8Array, port: number): Promise<void> {
    const bytes = typeof data === "string" ? ENCODER.encode(data) : data;
    await this.#socket.send(bytes, { transport: "udp", hostname: "127.0.0.1", port });
  }

  async receive(): Promise<{ bytes: Uint8Array; text: string; port: number }> {
    const timer = setTimeout(() => this.close(), 5000);
    try {
      const [bytes, from] = await this.#socket.receive(new Uint8Array(65536));
      return { bytes, text: DECODER.decode(bytes), port: (from as Deno.NetAddr).port };
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    if (!this.#closed) this.#socket.close();
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Records events, for a test to inspect and wait for. */
export class RecordedEvents implements Events {
  readonly detailed = true;
  readonly all: NetEvent[] = [];
  #waiting: { name: NetEvent["event"]; resolve: (event: NetEvent) => void }[] = [];
  #changed = Promise.withResolvers<void>();

  emit(event: NetEvent): void {
    this.all.push(event);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    const index = this.#waiting.findIndex(({ name }) => name === event.event);
    if (index >= 0) this.#waiting.splice(index, 1)[0]?.resolve(event);
  }

  /** Waits for the next event with this name. */
  next(name: NetEvent["event"]): Promise<NetEvent> {
    return new Promise((resolve) => this.#waiting.push({ name, resolve }));
  }

  /** Resolves, for every waiter, when the next event is emitted. */
  get change(): Promise<void> {
    return this.#changed.promise;
  }

  /** The names of all events so far. */
  get names(): string[] {
    return this.all.map(({ event }) => event);
  }

  /** Why clients were refused so far. */
  get refusals(): string[] {
    return this.all.flatMap((event) => event.event === "refused" ? [event.reason] : []);
  }
}
