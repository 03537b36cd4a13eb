/**
 * Bytes in, over one connection, and how long they may take.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import type { Clock } from "./clock.ts";
import { Holding } from "../request/holding.ts";
import { Inbox } from "./inbox.ts";
import { Refusal } from "../request/refusal.ts";
import type { HttpLimits, HttpService } from "./shared.ts";

/** What the client owes us. */
type Owed = "nothing" | "request" | "head" | "body";

/** Reads requests' bytes; one call at a time. */
export class Intake {
  /** What was read and not yet taken. */
  readonly inbox: Inbox;
  /** Whether the client was silent between two requests for too long. */
  silent = false;
  #connection: Connection;
  #clock: Clock;
  #limits: HttpLimits;
  #owed: Owed = "nothing";
  /** When the wait began, and when the request under way did; 0 = it has not. */
  #since = 0;
  #begun = 0;
  /** Whether nothing but empty lines came since the last request. */
  #resting = false;
  #giveUp: (() => void) | null = null;

  constructor(connection: Connection, { clock, limits, memory }: Pick<HttpService, "clock" | "limits" | "memory">) {
    this.#connection = connection;
    this.inbox = new Inbox(new Holding(memory));
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Ends a wait that has become too long; a connection between two requests is closed without a word. */
  look(): void {
    if (this.#owed === "nothing") return;
    const { idleTime, headTime, requestTime } = this.#limits;
    const idle = this.#clock.isOver(this.#since, idleTime);
    if (this.#owed === "request") {
      if (!idle) return;
      this.silent = true;
      this.#connection.close();
      return;
    }
    const slow = this.#owed === "head" && this.#clock.isOver(this.#begun, headTime);
    if (idle || slow || this.#clock.isOver(this.#begun, requestTime)) this.#giveUp?.();
  }

  /**
   * Waits for the next request; what comes goes to {@linkcode Intake.got}. Two steps, without a promise between them: this is where a
   * connection spends its life. A client that is silent for too long is closed, see {@linkcode Intake.silent}; empty lines are silence.
   */
  next(): Promise<Uint8Array | null> {
    this.#begun = 0;
    this.inbox.keep();
    if (this.#resting) this.#owed = "request";
    else this.#wait("request");
    this.#resting = true;
    return this.#connection.read();
  }

  /** Takes what came; `false` when the client has left. */
  got(bytes: Uint8Array | null): boolean {
    this.#owed = "nothing";
    if (bytes !== null) this.inbox.add(bytes);
    return bytes !== null;
  }

  /**
   * Waits for more of the request that has begun, but not for ever.
   *
   * @returns `false` when the client has left in the middle of it.
   * @throws {Refusal} 408: it took too long.
   */
  async more(part: "head" | "body"): Promise<boolean> {
    this.inbox.keep();
    this.#wait(part);
    if (this.#begun === 0) this.#begun = this.#since;
    const { promise, resolve } = Promise.withResolvers<"late">();
    this.#giveUp = () => resolve("late");
    try {
      if (await Promise.race([this.#connection.ready(), promise]) === "late") {
        throw new Refusal(408, "the request took too long");
      }
      return this.got(await this.#connection.read());
    } finally {
      this.#owed = "nothing";
      this.#giveUp = null;
    }
  }

  /** The request under way is complete: the next one has its own time. */
  complete(): void {
    this.#begun = 0;
    this.#resting = false;
  }

  #wait(owed: Owed): void {
    this.#since = this.#clock.now;
    this.#owed = owed;
  }
}
