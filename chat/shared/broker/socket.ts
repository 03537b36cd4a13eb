/**
 * The socket to a broker, below the client library. The library's own one loses its error listeners while it closes: a broker that resets
 * the connection in that moment ended the process. Also, what is no NATS never reaches the library, which would print it.
 *
 * @module
 */
import { type ConnectionOptions, errors, type Server, type ServerInfo } from "@nats-io/nats-core";
import { checkOptions, INFO, Kind, Parser, setTransportFactory, type Transport } from "@nats-io/nats-core/internal";
import { concat } from "@std/bytes/concat";
import { resolveHost } from "../../../lib/net/resolve.ts";
import { dial, NoAnswer } from "../../../lib/stream/dial.ts";
import { decodeText } from "../../../lib/text.ts";

/** The longest that a broker's first line may be (bytes); it tells of other brokers. */
const MAX_INFO = 64 * 1024;
const READ = 64 * 1024;
/** A broker that has not read so much (bytes) is gone; the lines that wait for it are kept elsewhere. */
const MAX_UNSENT = 16 * 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * Has the library reach brokers by {@linkcode BrokerSocket}.
 *
 * @returns Tells why the last connection, or attempt, ended: the library only sees that no answer comes.
 */
export function useBrokerSockets(): () => Error | undefined {
  let last: BrokerSocket | undefined;
  setTransportFactory({ factory: () => last = new BrokerSocket() });
  return () => last?.closeError;
}

/** One connection, or an attempt at one. The library makes a new one each time. */
export class BrokerSocket implements Transport {
  /** What the broker's own monitoring says about us. */
  readonly lang = "plainwire";
  readonly version = "1";
  closeError?: Error;
  #over = new AbortController();
  #socket: Deno.Conn | null = null;
  #encrypted = false;
  /** Whether the library was told that there is a connection: only then it wants to know that it has ended. */
  #connected = false;
  #closed = Promise.withResolvers<void | Error>();
  /** What was read to find out who is there; the library reads it again. */
  #first = new Uint8Array();
  #buffer = new Uint8Array(READ);
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #writing = false;

  get isClosed(): boolean {
    return this.#over.signal.aborted;
  }

  isEncrypted(): boolean {
    return this.#encrypted;
  }

  /** @throws {Error} Nobody is there, or no broker, or one that is not trusted. */
  async connect(server: Server, options: ConnectionOptions): Promise<void> {
    try {
      const socket = await reach(server, this.#over.signal);
      this.#keep(socket);
      const info = await this.#hear();
      checkOptions(info, options);
      if (info.tls_required === true || info.tls_available === true && options.tls !== null) {
        await this.#encrypt(socket, server, options);
      }
      this.#over.signal.throwIfAborted();
      this.#connected = true;
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    const check = new Parser({
      push: (event) => {
        if ("kind" in event && event.kind === Kind.INFO) readInfo(decodeText(event.data ?? new Uint8Array()));
      },
    });
    try {
      for (let bytes: Uint8Array | null = this.#first; bytes !== null; bytes = await this.#read()) {
        check.parse(bytes);
        yield bytes;
      }
      throw cutOff();
    } catch (error) {
      // Closed here, or cut off, or no NATS.
      this.#end(this.isClosed ? undefined : error as Error);
    } finally {
      this.#end();
    }
  }

  send(frame: Uint8Array): void {
    if (this.isClosed) return;
    this.#unsent.push(frame);
    this.#unsentBytes += frame.length;
    if (this.#unsentBytes > MAX_UNSENT) return this.#end(new errors.ConnectionError("the broker does not read"));
    // It never rejects.
    if (!this.#writing) this.#write();
  }

  close(error?: Error): Promise<void> {
    this.#end(error);
    return Promise.resolve();
  }

  disconnect(): void {
    this.#end();
  }

  discard(): void {
    this.#connected = false;
    this.#end();
  }

  closed(): Promise<void | Error> {
    return this.#closed.promise;
  }

  /** Keeps a socket to close it; at once, if all is over meanwhile. */
  #keep(socket: Deno.Conn): void {
    if (this.isClosed) socket.close();
    this.#over.signal.throwIfAborted();
    this.#socket = socket;
  }

  /** Waits for the broker's first line. */
  async #hear(): Promise<ServerInfo> {
    let heard = new Uint8Array();
    while (!heard.includes(LINE_FEED)) {
      const bytes = await this.#read();
      if (bytes === null) throw cutOff();
      heard = concat([heard, bytes]);
      if (heard.length > MAX_INFO) throw noNats();
    }
    this.#first = heard;
    return readInfo(INFO.exec(decodeText(heard.subarray(0, heard.indexOf(LINE_FEED) + 1)))?.[1] ?? "");
  }

  async #encrypt(socket: Deno.TcpConn, { hostname, tlsName }: Server, { tls }: ConnectionOptions): Promise<void> {
    // More than the first line would be read as if it had been encrypted; anyone on the way may have added it.
    if (this.#first.indexOf(LINE_FEED) < this.#first.length - 1) throw noNats();
    const caCerts = typeof tls?.ca === "string" ? [tls.ca] : [];
    const encrypted = await Deno.startTls(socket, { hostname: tlsName || hostname, caCerts });
    this.#keep(encrypted);
    await encrypted.handshake();
    this.#encrypted = true;
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const count = await this.#socket?.read(this.#buffer) ?? null;
    return count === null ? null : this.#buffer.slice(0, count);
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      for (let frame; (frame = this.#unsent.shift()) !== undefined;) {
        for (let at = 0; at < frame.length;) at += await this.#socket?.write(frame.subarray(at)) ?? frame.length;
        this.#unsentBytes -= frame.length;
      }
    } catch (error) {
      this.#end(this.isClosed ? undefined : error as Error);
    }
    this.#writing = false;
  }

  /** Ends the connection, or the attempt. Idempotent. */
  #end(error?: Error): void {
    if (this.isClosed) return;
    if (error !== undefined) this.closeError = error;
    this.#over.abort();
    this.#unsent = [];
    try {
      this.#socket?.close();
    } catch {
      // It was closed by an error.
    }
    if (this.#connected) this.#closed.resolve(error);
  }
}

/** What a broker says of itself, if it has the form that the library relies on. */
function readInfo(text: string): ServerInfo {
  const info: ServerInfo | null = JSON.parse(text);
  const { version, connect_urls: others = [] } = info ?? {};
  const known = Array.isArray(others) && others.every((other) => URL.canParse(`nats://${other}`));
  if (info === null || !known || !/^\d+\.\d+\.\d+/.test(version ?? "")) throw noNats();
  return info;
}

function noNats(): Error {
  return new errors.ConnectionError("unexpected response from server");
}

function cutOff(): Error {
  return new errors.ConnectionError("the broker has closed the connection");
}

async function reach({ hostname, port }: Server, signal: AbortSignal): Promise<Deno.TcpConn> {
  try {
    const socket = await dial((at) => Deno.connect(at), await resolveHost(hostname), port, { signal }) as Deno.TcpConn;
    socket.setNoDelay(true);
    return socket;
  } catch (error) {
    throw error instanceof NoAnswer ? error.cause : error;
  }
}
