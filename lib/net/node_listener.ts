/**
 * A listener whose sockets can be reset, like those of `node_socket.ts`.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { within } from "../within.ts";
import { NodeSocket } from "./node_socket.ts";
import type { RawSocket, StreamListener } from "./socket.ts";

/** `node:net` error codes for which Deno has error classes. */
const ERRORS: Readonly<Record<string, new (message: string, options?: ErrorOptions) => Error>> = {
  EADDRINUSE: Deno.errors.AddrInUse,
  EADDRNOTAVAIL: Deno.errors.AddrNotAvailable,
  // What Deno's node:net says of an address of another machine.
  EINVAL: Deno.errors.AddrNotAvailable,
  EACCES: Deno.errors.PermissionDenied,
};

/**
 * Listens through `node:net`.
 *
 * @returns What `Deno.listen` is to {@linkcode listenTcp}: it gives the listener, or throws why there is none.
 *
 * @example Usage
 * ```ts
 * import { listenTcp } from "./listen.ts";
 * import { listenNode } from "./node_listener.ts";
 * import { assertRejects } from "@std/assert";
 *
 * const at = { hostname: "127.0.0.1", port: 0 };
 * using listener = listenTcp(await listenNode(at), at);
 * using client = await Deno.connect({ port: listener.addr.port });
 * const socket = await listener.accept();
 * socket.reset?.();
 * await assertRejects(() => client.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
 * ```
 */
export async function listenNode(
  { hostname, port, tcpBacklog: backlog = 511 }: Deno.TcpListenOptions,
): Promise<() => StreamListener & { readonly addr: Deno.NetAddr } & Disposable> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: hostname, port, backlog }, resolve);
    });
  } catch (error) {
    return () => {
      throw toDenoError(error);
    };
  }
  const listener = new NodeListener(server, backlog);
  return () => listener;
}

/** How long to wait for a connection before the system is asked again to accept some (ms). */
const LISTEN_AGAIN = 1000;

/** A listening server of `node:net`, with the interface of `Deno.TcpListener`. */
class NodeListener implements StreamListener, Disposable {
  readonly addr: Deno.NetAddr;
  #server: Server;
  #backlog: number;
  #arrived: Socket[] = [];
  #closed = false;
  #wake = (): void => {};

  /** @param server Listening, with `allowHalfOpen`; owned by this object from now on. */
  constructor(server: Server, backlog: number) {
    const address = server.address();
    if (address === null || typeof address === "string") throw new TypeError("not a TCP server that listens");
    this.addr = { transport: "tcp", hostname: address.address, port: address.port };
    this.#server = server;
    this.#backlog = backlog;
    server.on("connection", (socket) => {
      this.#arrived.push(socket);
      this.#wake();
    });
  }

  async accept(): Promise<RawSocket> {
    for (;;) {
      const socket = this.#arrived.shift();
      if (socket !== undefined) return new NodeSocket(socket);
      if (this.#closed) throw new Deno.errors.BadResource("closed");
      const arrived = new Promise<void>((resolve) => this.#wake = resolve);
      if (!await within(arrived, LISTEN_AGAIN)) listenAgain(this.#server, this.#backlog);
    }
  }

  /** Stops listening; connections that nobody has accepted are closed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
    for (const socket of this.#arrived.splice(0)) socket.destroy();
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Once file descriptors have run out, Deno's `node:net` (2.9) accepts nothing any more, and says nothing, even when some are free again;
 * another listen(2) on the same socket makes it go on, and does no harm otherwise.
 */
function listenAgain(server: Server, backlog: number): void {
  const handle: unknown = Reflect.get(server, "_handle");
  if (typeof handle !== "object" || handle === null || !("listen" in handle)) return;
  if (typeof handle.listen === "function") handle.listen(backlog);
}

function toDenoError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const Known = "code" in error ? ERRORS[String(error.code)] : undefined;
  return Known === undefined ? error : new Known(error.message, { cause: error });
}
