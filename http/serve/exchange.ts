/**
 * The current request of one connection and its resources: head, body, memory and the watch over the client.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import { type BodyNeed, BodyReader } from "../request/body.ts";
import type { RequestHead } from "../request/head.ts";
import type { Hosts } from "../request/hosts.ts";
import { Holding } from "../request/holding.ts";
import type { Inbox } from "./inbox.ts";
import type { HttpService } from "./shared.ts";
import type { RequestContext } from "../site/resource.ts";
import { NOTHING } from "../request/syntax.ts";
import { Watch } from "./watch.ts";
import type { AnswerWriter } from "./writer.ts";

/** Serves for successive requests; the resources of each are released at its end. */
export class Exchange implements RequestContext {
  /** The head as received; `null` between requests. It outlives the exchange: the connection needs it for its last request. */
  head: RequestHead | null = null;
  /** Whether there are resources to release at its end. */
  holds = false;
  #connection: Connection;
  #service: HttpService;
  #inbox: Inbox;
  #writer: AnswerWriter;
  #reader: BodyReader | null = null;
  #holding: Holding;
  #watch: Watch | null = null;

  constructor(connection: Connection, service: HttpService, inbox: Inbox, writer: AnswerWriter) {
    this.#connection = connection;
    this.#service = service;
    this.#inbox = inbox;
    this.#writer = writer;
    this.#holding = new Holding(service.memory);
  }

  /** The received part of the body, in so far as the resource needs it. */
  get body(): Uint8Array {
    return this.#reader?.bytes ?? NOTHING;
  }

  /** The number of received bytes of the body. */
  get received(): number {
    return this.#reader?.received ?? 0;
  }

  get hosts(): Hosts {
    return this.#service.hosts;
  }

  get now(): number {
    return this.#service.clock.second;
  }

  get signal(): AbortSignal {
    if (this.#watch === null) {
      // Reading ahead overwrites the buffer that holds the head.
      this.head?.keep();
      this.holds = true;
      this.#watch = new Watch({
        connection: this.#connection,
        inbox: this.#inbox,
        writer: this.#writer,
        clock: this.#service.clock,
        minor: this.head?.minor ?? 0,
        stop: this.#service.signal,
      });
    }
    return this.#watch.signal;
  }

  throwIfGone(): void {
    this.#watch?.throwIfGone();
  }

  hold(bytes: number): void {
    this.holds = true;
    this.#holding.add(bytes);
  }

  /** Starts reading the body of a request. */
  reader(length: number, needs: BodyNeed): BodyReader {
    this.holds = true;
    return this.#reader = new BodyReader(length, needs, this.#service.limits, this.#holding);
  }

  /** Makes the head outlive the reading of the body. */
  keepHead(): void {
    this.hold(this.head?.size ?? 0);
    this.head?.keep();
  }

  /** Called by the clock. */
  onTick(): void {
    this.#watch?.onTick();
  }

  /** Call it before the answer is sent; `null` = there is nothing to wait for. */
  answering(): Promise<void> | null {
    return this.#watch?.answer() ?? null;
  }

  /** Stops watching, so that others can read and write. */
  async unwatch(): Promise<void> {
    const watch = this.#watch;
    this.#watch = null;
    await watch?.end();
  }

  /**
   * Releases everything except the head.
   *
   * @throws {Refusal} The memory limit was reached while reading ahead.
   */
  async end(): Promise<void> {
    this.holds = false;
    this.#reader?.free();
    this.#reader = null;
    this.#holding.release();
    await this.unwatch();
  }
}
