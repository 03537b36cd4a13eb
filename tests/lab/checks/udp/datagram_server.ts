/**
 * A UDP server for the tests, right or with one fault.
 *
 * @module
 */

/** What a server does with a datagram: its answer, `null` for none, or a throw, which ends it. */
export type Answer = (bytes: Uint8Array, from: Deno.NetAddr) => Uint8Array | null | Promise<Uint8Array | null>;

/** A server on 127.0.0.1. Where its answer throws it ends, and can be started again on the same port. */
export class DatagramServer implements AsyncDisposable {
  readonly port: number;
  #answer: Answer;
  #buffer: number;
  #socket: Deno.DatagramConn;
  #served: Promise<void>;

  constructor(answer: Answer, { buffer = 65_536, port = 0 } = {}) {
    this.#answer = answer;
    this.#buffer = buffer;
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port });
    this.port = (this.#socket.addr as Deno.NetAddr).port;
    this.#served = this.#serve();
  }

  get endpoint(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: this.port };
  }

  /** Sends something of its own accord. */
  async send(bytes: Uint8Array, to: Deno.NetAddr): Promise<void> {
    await this.#socket.send(bytes, to);
  }

  /** Starts it again. */
  async restart(): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: this.port });
    this.#served = this.#serve();
  }

  async #serve(): Promise<void> {
    const socket = this.#socket;
    const buffer = new Uint8Array(this.#buffer);
    try {
      for (;;) {
        const [bytes, from] = await socket.receive(buffer);
        const answer = await this.#answer(bytes, from as Deno.NetAddr);
        if (answer !== null) await socket.send(answer, from);
      }
    } catch {
      // The test has closed it, or its fault has ended it.
      try {
        socket.close();
      } catch {
        // The test has.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#socket.close();
    } catch {
      // Its fault has ended it.
    }
    await this.#served;
  }
}
