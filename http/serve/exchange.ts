/**
 * The request under way on one connection, and what it holds: its head and body, memory, the watch over its client.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import { type BodyNeed, BodyReader } from "../request/body.ts";
import type { RequestHead } from "../request/head.ts";
import { Holding } from "../request/holding.ts";
import type { Inbox } from "./inbox.ts";
import type { HttpService } from "./shared.ts";
import type { Asker } from "../site/resource.ts";
import { NOTHING } from "../request/syntax.ts";
import { Watch } from "./watch.ts";
import type { AnswerWriter } from "./writer.ts";

/** One exchange after the other; what each has taken is given back at its end. */
export class Exchange implements Asker {
  /** The head as it came; `null` between two requests. It stays when the exchange has ended, so that the connection can see how it ended. */
  head: RequestHead | null = null;
  /** Whether there is something to be given back at its end. */
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

  /** As much of the body as is there and somebody wants. */
  get body(): Uint8Array {
    return this.#reader?.bytes ?? NOTHING;
  }

  /** How many bytes of the body were received. */
  get received(): number {
    return this.#reader?.received ?? 0;
  }

  get signal(): AbortSignal {
    if (this.#watch === null) {
      // What is read ahead comes into the buffer that the head lies in.
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

  mustBeThere(): void {
    this.#watch?.mustBeThere();
  }

  hold(bytes: number): void {
    this.holds = true;
    this.#holding.add(bytes);
  }

  /** Begins with the body of a request. */
  reader(length: number, needs: BodyNeed): BodyReader {
    this.holds = true;
    return this.#reader = new BodyReader(length, needs, this.#service.limits, this.#holding);
  }

  /** Makes the head outlive the reads of the body. */
  keepHead(): void {
    this.hold(this.head?.size ?? 0);
    this.head?.keep();
  }

  /** Called by the clock. */
  look(): void {
    this.#watch?.look();
  }

  /** The answer is made and goes out now; `null` = there is nothing to wait for. */
  answering(): Promise<void> | null {
    return this.#watch?.answer() ?? null;
  }

  /** Stops watching, so that others may read and write. */
  async unwatch(): Promise<void> {
    const watch = this.#watch;
    this.#watch = null;
    await watch?.end();
  }

  /**
   * Gives everything back but the head.
   *
   * @throws {Refusal} There was no memory for what the watch has read ahead.
   */
  async end(): Promise<void> {
    this.holds = false;
    this.#reader?.free();
    this.#reader = null;
    this.#holding.release();
    await this.unwatch();
  }
}
