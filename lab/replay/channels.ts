/**
 * What a conversation goes over: a TCP connection, or a socket for datagrams.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../lib/addr.ts";
import { DatagramSocket, sameEndpoint, UnsolicitedDatagrams } from "../../lib/datagram/socket.ts";
import { Exit, Failure } from "../../lib/errors.ts";
import type { Events } from "../../lib/events.ts";
import { cutOffBy } from "../../lib/net/cut_off.ts";
import type { Layer } from "../../lib/net/layers.ts";
import type { Connection } from "../../lib/stream/connection.ts";
import type { Channel } from "./play.ts";

/** Makes connections that can be reset: their layer is needed when they are made. */
export class Resets {
  #resets = new Map<number, AbortController>();

  /** Knows each connection by its number. */
  readonly layer: Layer = (socket) => {
    const reset = new AbortController();
    this.#resets.set(socket.id, reset);
    return cutOffBy(reset.signal)(socket);
  };

  /** A connection as a channel, which owns it from now on. */
  channel(connection: Connection): Channel {
    const reset = this.#resets.get(connection.id);
    this.#resets.delete(connection.id);
    return {
      send: (bytes) => connection.write(bytes),
      receive: () => connection.read(),
      halfClose: () => connection.closeWrite(),
      reset: () => {
        reset?.abort();
        connection.close();
      },
      close: () => connection.close(),
    };
  }
}

/** A client's socket as a channel, which owns it: datagrams from others than the server are reported, and ignored. */
export function datagramChannel(socket: DatagramSocket, server: Endpoint, events: Events): Channel {
  const unsolicited = new UnsolicitedDatagrams(events);
  let told = false;
  /** The system's word that nothing listens there is no answer, and not the end. */
  const receive = async (): Promise<Uint8Array | null> => {
    for (;;) {
      try {
        const datagram = await socket.receive();
        if (datagram === null) return null;
        if (sameEndpoint(datagram.from, server)) return datagram.bytes;
        unsolicited.report(datagram);
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== Exit.unreachable) throw error;
        if (!told) events.emit({ event: "warning", message: `${formatEndpoint(server)}: ${error.message}` });
        told = true;
      }
    }
  };
  const close = (): void => {
    unsolicited[Symbol.dispose]();
    socket.close();
  };
  return { send: (bytes) => socket.send(bytes, server), receive, halfClose: noEnd, reset: close, close };
}

/** A flow of datagrams has no end. */
function noEnd(): Promise<void> {
  return Promise.resolve();
}

/** One client of a server's socket, as a channel that {@linkcode ClientDatagrams.push} feeds. */
export class ClientDatagrams implements Channel {
  #socket: DatagramSocket;
  #client: Endpoint;
  #queue: Uint8Array[] = [];
  #wake = (): void => {};
  #closed = false;

  constructor(socket: DatagramSocket, client: Endpoint) {
    this.#socket = socket;
    this.#client = client;
  }

  /** Takes a datagram from this client. */
  push(bytes: Uint8Array): void {
    this.#queue.push(bytes.slice());
    this.#wake();
  }

  async receive(): Promise<Uint8Array | null> {
    while (this.#queue.length === 0 && !this.#closed) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#queue.shift() ?? null;
  }

  send(bytes: Uint8Array): Promise<void> {
    return this.#socket.send(bytes, this.#client);
  }

  halfClose(): Promise<void> {
    return noEnd();
  }

  reset(): void {
    this.close();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }
}
