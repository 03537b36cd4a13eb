/**
 * The datagrams of one client.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../lib/addr.ts";
import { DatagramSocket } from "../../lib/datagram/socket.ts";
import { Exit, Failure } from "../../lib/errors.ts";
import type { TimeSource } from "../../lib/time.ts";
import type { OpenFlow, Tally } from "./tally.ts";

/** What a flow needs from its relay. */
export interface FlowContext {
  readonly target: Endpoint;
  readonly tally: Tally;
  readonly time: TimeSource;
  /** Sends to the flow's client. */
  readonly answer: (bytes: Uint8Array, client: Endpoint) => Promise<void>;
}

/** One client's datagrams: owns the socket towards the target. */
export class Flow implements Disposable {
  readonly id: number;
  readonly client: Endpoint;
  readonly peer: string;
  /** When a datagram last passed. */
  passedAt: number;
  #socket: DatagramSocket;
  #context: FlowContext;
  #started: number;
  #up = 0;
  #down = 0;

  /** @param socket Owned by this object from now on. */
  constructor(id: number, client: Endpoint, socket: DatagramSocket, context: FlowContext) {
    this.id = id;
    this.client = client;
    this.peer = formatEndpoint(client);
    this.#socket = socket;
    this.#context = context;
    this.#started = this.passedAt = context.time.now();
  }

  get figures(): OpenFlow {
    const now = this.#context.time.now();
    const { id, peer } = this;
    return { id, peer, up: this.#up, down: this.#down, age: now - this.#started, idle: now - this.passedAt };
  }

  /**
   * Passes a datagram on to the target.
   *
   * @throws {Failure} The system does not send it.
   */
  async send(bytes: Uint8Array): Promise<void> {
    const { time, target, tally: { up } } = this.#context;
    this.passedAt = time.now();
    up.in.add(bytes.length);
    this.#up += bytes.length;
    await this.#socket.send(bytes, target);
    up.times.add(time.now() - this.passedAt);
  }

  /**
   * Passes answers on to the client until the flow is disposed of.
   *
   * @throws {Failure} The socket fails.
   */
  async passAnswers(): Promise<void> {
    const { time, answer, tally: { down } } = this.#context;
    for (;;) {
      const bytes = await this.#next();
      if (bytes === null) return;
      this.passedAt = time.now();
      this.#down += bytes.length;
      await answer(bytes, this.client);
      down.times.add(time.now() - this.passedAt);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  /** The next answer. A report that the target's port is unreachable, which Windows makes here, does not end a flow: it may open later. */
  async #next(): Promise<Uint8Array | null> {
    for (;;) {
      try {
        return (await this.#socket.receive())?.bytes ?? null;
      } catch (error) {
        if (!(error instanceof Failure && error.code === Exit.unreachable)) throw error;
      }
    }
  }
}
