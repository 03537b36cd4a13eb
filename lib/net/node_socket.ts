/**
 * Sockets that can be reset: `node:net` has the call that `Deno.Conn` lacks.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import type { RawSocket } from "./socket.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
/** `node:net` error codes for which Deno has error classes. */
const ERRORS: Readonly<Record<string, new (message: string, options?: ErrorOptions) => Error>> = {
  ECONNREFUSED: Deno.errors.ConnectionRefused,
  ECONNRESET: Deno.errors.ConnectionReset,
  EPIPE: Deno.errors.BrokenPipe,
  // What a write gets that was waiting when the peer reset.
  ECANCELED: Deno.errors.ConnectionReset,
};

/**
 * A `node:net` socket with the interface of `Deno.TcpConn`, plus a {@linkcode NodeSocket.reset} that sends RST.
 *
 * @example Usage
 * ```ts
 * import { connectNode } from "./node_socket.ts";
 * import { assertRejects } from "@std/assert";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const socket = await connectNode(listener.addr);
 * using peer = await listener.accept();
 * socket.reset();
 * await assertRejects(() => peer.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
 * ```
 */
export class NodeSocket implements RawSocket {
  readonly localAddr: Deno.NetAddr;
  readonly remoteAddr: Deno.NetAddr;
  #socket: Socket;
  /** Received but not yet read. */
  #rest = NOTHING;
  #ended = false;
  #failure: Error | null = null;
  #wake = (): void => {};

  /** @param socket Connected, with `allowHalfOpen`; owned by this object from now on. */
  constructor(socket: Socket) {
    const { localAddress = "", localPort = 0, remoteAddress = "", remotePort = 0 } = socket;
    this.localAddr = { transport: "tcp", hostname: localAddress, port: localPort };
    this.remoteAddr = { transport: "tcp", hostname: remoteAddress, port: remotePort };
    this.#socket = socket;
    socket.on("readable", () => this.#wake());
    socket.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on("error", (error) => this.#fail(toDenoError(error)));
    socket.on("close", () => this.#fail(new Deno.errors.BadResource("closed")));
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#rest.length === 0 && this.#failure === null) this.#rest = this.#socket.read() ?? NOTHING;
      if (this.#rest.length > 0) {
        const count = Math.min(into.length, this.#rest.length);
        into.set(this.#rest.subarray(0, count));
        this.#rest = this.#rest.subarray(count);
        return count;
      }
      if (this.#ended) return null;
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    // `node:net` would destroy the socket.
    if (this.#socket.writableEnded) throw new Deno.errors.BrokenPipe("half-closed");
    const view = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
    await this.#done((done) => this.#socket.write(view, done));
    return bytes.length;
  }

  async closeWrite(): Promise<void> {
    await this.#done((done) => this.#socket.end(done));
  }

  close(): void {
    this.#closed();
    this.#socket.destroy();
  }

  /** Closes with RST (RFC 9293 3.5.2): undelivered data is lost, and the peer's next read fails. */
  reset(): void {
    this.#closed();
    this.#socket.resetAndDestroy();
  }

  setNoDelay(noDelay?: boolean): void {
    this.#socket.setNoDelay(noDelay);
  }

  setKeepAlive(keepAlive?: boolean): void {
    this.#socket.setKeepAlive(keepAlive);
  }

  #done(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure);
      else begin((error) => error ? reject(this.#failure ?? toDenoError(error)) : resolve());
    });
  }

  /** Closed on this side: pending and later calls fail, whatever is left to read. */
  #closed(): void {
    this.#failure = new Deno.errors.BadResource("closed");
    this.#rest = NOTHING;
    this.#ended = false;
    this.#wake();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}

/** Connects through `node:net`: an opener that can replace `Deno.connect`. */
export function connectNode(
  { hostname = "127.0.0.1", port, signal }: Pick<Deno.ConnectOptions, "hostname" | "port" | "signal">,
): Promise<NodeSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<NodeSocket>();
  const socket = connect({ host: hostname, port, allowHalfOpen: true });
  const abort = (): void => {
    socket.destroy();
    reject(signal?.reason);
  };
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  socket.once("error", (error) => reject(toDenoError(error)));
  socket.once("connect", () => resolve(new NodeSocket(socket)));
  return promise.finally(() => signal?.removeEventListener("abort", abort));
}

function toDenoError(error: Error): Error {
  const Known = "code" in error ? ERRORS[String(error.code)] : undefined;
  return Known === undefined ? error : new Known(error.message, { cause: error });
}
