/**
 * Reads the bytes of requests from one connection, within time limits.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import type { Clock } from "./clock.ts";
import { Holding } from "../request/holding.ts";
import { Inbox } from "./inbox.ts";
import { Refusal } from "../request/refusal.ts";
import type { HttpLimits, HttpService } from "./shared.ts";

/** What the client must send next. */
type Awaited = "nothing" | "request" | "head" | "body";

/** Reads the bytes of requests; one call at a time. */
export class Intake {
  /** Received but not yet parsed. */
  readonly inbox: Inbox;
  /** Whether the idle timeout between two requests was reached. */
  timedOut = false;
  #connection: Connection;
  #clock: Clock;
  #limits: HttpLimits;
  #awaiting: Awaited = "nothing";
  /** When the current wait and the current request began; 0 = not yet. */
  #since = 0;
  #begun = 0;
  /** Whether only empty lines have arrived since the last request. */
  #idle = false;
  #onTimeout: (() => void) | null = null;

  constructor(connection: Connection, { clock, limits, memory }: Pick<HttpService, "clock" | "limits" | "memory">) {
    this.#connection = connection;
    this.inbox = new Inbox(new Holding(memory));
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Ends a wait that has reached its limit; a connection between two requests is closed without an answer. */
  onTick(): void {
    if (this.#awaiting === "nothing") return;
    const { idleTime, headTime, requestTime } = this.#limits;
    const idle = this.#clock.hasPassed(this.#since, idleTime);
    if (this.#awaiting === "request") {
      if (!idle) return;
      this.timedOut = true;
      this.#connection.close();
      return;
    }
    const slow = this.#awaiting === "head" && this.#clock.hasPassed(this.#begun, headTime);
    if (idle || slow || this.#clock.hasPassed(this.#begun, requestTime)) this.#onTimeout?.();
  }

  /**
   * Waits for the next request; pass the result to {@linkcode Intake.accept}. Two calls save a promise where a connection spends most of
   * its time. A client that stays silent too long is disconnected, see {@linkcode Intake.timedOut}; empty lines count as silence.
   */
  next(): Promise<Uint8Array | null> {
    this.#begun = 0;
    this.inbox.keep();
    if (this.#idle) this.#awaiting = "request";
    else this.#wait("request");
    this.#idle = true;
    return this.#connection.read();
  }

  /** Adds received bytes to the inbox; `false` at the end of the stream. */
  accept(bytes: Uint8Array | null): boolean {
    this.#awaiting = "nothing";
    if (bytes !== null) this.inbox.add(bytes);
    return bytes !== null;
  }

  /**
   * Waits for more of a request that has begun, within its limits.
   *
   * @returns `false` if the stream ends in the middle of it.
   * @throws {Refusal} 408: it took too long.
   */
  async more(part: "head" | "body"): Promise<boolean> {
    this.inbox.keep();
    this.#wait(part);
    if (this.#begun === 0) this.#begun = this.#since;
    const { promise, resolve } = Promise.withResolvers<"late">();
    this.#onTimeout = () => resolve("late");
    try {
      if (await Promise.race([this.#connection.ready(), promise]) === "late") {
        throw new Refusal(408, "the request took too long");
      }
      return this.accept(await this.#connection.read());
    } finally {
      this.#awaiting = "nothing";
      this.#onTimeout = null;
    }
  }

  /** The request is complete: the next one gets its own time limits. */
  complete(): void {
    this.#begun = 0;
    this.#idle = false;
  }

  #wait(awaited: Awaited): void {
    this.#since = this.#clock.now;
    this.#awaiting = awaited;
  }
}
