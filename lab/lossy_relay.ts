/**
 * A relay for datagrams that treats some of them badly, the same ones in each run: what the README's picture of UDP needs.
 *
 * @module
 */

/** What happens to a datagram: lost, passed on twice, or passed on after some milliseconds. */
export type Fate = "lost" | "twice" | number;

/** What happens to the datagrams of each direction, by their number from 1; to the others, nothing. */
export interface Fates {
  readonly requests: ReadonlyMap<number, Fate>;
  readonly answers: ReadonlyMap<number, Fate>;
}

/** Passes datagrams between clients and a server, both on this machine, until it is disposed of. */
export class LossyRelay implements AsyncDisposable {
  #server: Deno.NetAddr;
  #fates: Fates;
  #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  /** Towards the server, a socket for each client, by the client's port. */
  #clients = new Map<number, Deno.DatagramConn>();
  #counts = { requests: 0, answers: 0 };
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #loops: Promise<void>[] = [];

  /** @param port The server's. */
  constructor(port: number, fates: Fates) {
    this.#server = { transport: "udp", hostname: "127.0.0.1", port };
    this.#fates = fates;
    this.#loops.push(this.#relayRequests());
  }

  /** Where clients send to. */
  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of [this.#socket, ...this.#clients.values()]) socket.close();
    await Promise.all(this.#loops);
  }

  async #relayRequests(): Promise<void> {
    for await (const [bytes, from] of this.#socket) {
      if (from.transport !== "udp") continue;
      let client = this.#clients.get(from.port);
      if (client === undefined) {
        client = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
        this.#clients.set(from.port, client);
        this.#loops.push(this.#relayAnswers(client, from));
      }
      await this.#pass("requests", client, bytes, this.#server);
    }
  }

  async #relayAnswers(socket: Deno.DatagramConn, client: Deno.NetAddr): Promise<void> {
    for await (const [bytes] of socket) await this.#pass("answers", this.#socket, bytes, client);
  }

  /** Ends when the datagram is on its way, so that the next one does not overtake it. */
  async #pass(way: keyof Fates, through: Deno.DatagramConn, bytes: Uint8Array, to: Deno.Addr): Promise<void> {
    const fate = this.#fates[way].get(++this.#counts[way]);
    if (fate === "lost") return;
    // The relay may be closed meanwhile; on loopback nothing else goes wrong.
    const send = (): Promise<unknown> => through.send(bytes, to).catch(() => {});
    if (typeof fate === "number") {
      this.#timers.add(setTimeout(send, fate));
      return;
    }
    await send();
    if (fate === "twice") await send();
  }
}
