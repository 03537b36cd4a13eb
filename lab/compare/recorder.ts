/**
 * Records what is sent and what arrives, with one clock for both ends, and finds out when a run is over. Pure except for its timers.
 *
 * @module
 */
import type { Fault } from "../../lib/faults/fault.ts";
import { SEGMENT } from "../../lib/faults/segments.ts";
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";
import { abortable } from "../../lib/within.ts";
import { numberOf } from "./message.ts";
import { type Arrival, dueTime, type Recorded, type Stream, type Transport } from "./record.ts";

/** Options of {@linkcode Recorder}. Times are in milliseconds. */
export interface RecordOptions {
  readonly stream: Stream;
  /** How long a run may be idle before it ends; 0 = for ever. */
  readonly timeout: number;
  /** Whether a layer makes the losses, and reports them, rather than the kernel. */
  readonly told: boolean;
  /** Ends the run; its reason is thrown. */
  readonly signal: AbortSignal;
  readonly time?: TimeSource;
}

/** The faults by which a datagram never arrives. */
const LOSING: ReadonlySet<string> = new Set(["loss", "queue", "cut"]);

/** Records one transport's run. */
export class Recorder {
  #transport: Transport;
  #options: RecordOptions;
  #time: TimeSource;
  #arrivals: Arrival[] = [];
  #numbers = new Set<number>();
  #damaged = 0;
  #lost = new Set<number>();
  #sent = 0;
  #opened: number;
  #origin: number;
  /** When something was last sent or received. */
  #activeAt: number;
  /** Resolves at the next change. */
  #changed = Promise.withResolvers<void>();
  #halted = Promise.withResolvers<void>();
  #sending = true;

  constructor(transport: Transport, options: RecordOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#opened = this.#origin = this.#activeAt = this.#time.now();
  }

  /** Gets the faults from their layer, and notes which messages are lost. */
  readonly tell = ({ kind, where, direction }: Fault): void => {
    if (direction !== "out") return;
    const { size, count } = this.#options.stream;
    if (this.#transport === "udp" && LOSING.has(kind)) this.#lost.add(where);
    if (this.#transport === "tcp" && kind === "loss") {
      // Every message with a byte in the lost segment is late.
      const last = Math.min(count, Math.floor((where + SEGMENT - 1) / size) + 1);
      for (let number = Math.floor(where / size) + 1; number <= last; number++) this.#lost.add(number);
    }
    this.#touch();
  };

  /** Records what arrived as one message. */
  take(bytes: Uint8Array): void {
    const number = numberOf(bytes, this.#options.stream.size);
    if (number === null) {
      this.#damaged++;
    } else {
      this.#numbers.add(number);
      this.#arrivals.push({ number, at: this.#time.now() - this.#origin });
    }
    this.#touch();
  }

  /**
   * Sends the messages, each when it is due, or at once if it is overdue.
   *
   * @param send Sends one; while it waits, the following messages wait too.
   */
  async sendAll(send: (number: number) => Promise<unknown>): Promise<void> {
    const { stream } = this.#options;
    this.#origin = this.#time.now();
    for (let number = 1; number <= stream.count; number++) {
      await this.#pause(this.#origin + dueTime(number, stream) - this.#time.now(), this.#halted.promise);
      if (!this.#sending) return;
      await send(number);
      this.#sent = number;
      this.#touch();
    }
  }

  /** Stops sending, because nobody is receiving. */
  halt(): void {
    this.#sending = false;
    this.#halted.resolve();
    this.#touch();
  }

  /** Whether every message sent has arrived, damaged or not, or is known to be lost. */
  get complete(): boolean {
    const lost = [...this.#lost].filter((number) => !this.#numbers.has(number)).length;
    return this.#numbers.size + this.#damaged + lost >= this.#options.stream.count;
  }

  /**
   * Waits until nothing has been sent or received for a while.
   *
   * @param ms How long; 0 = for ever.
   * @param enough Called after every change; ends the wait if it returns true.
   * @returns Whether the wait ended because of the silence.
   */
  async silence(ms: number, enough: () => boolean = () => false): Promise<boolean> {
    for (;;) {
      if (enough()) return false;
      const left = ms === 0 ? Infinity : this.#activeAt + ms - this.#time.now();
      if (left <= 0) return true;
      this.#changed = Promise.withResolvers();
      await this.#pause(left, this.#changed.promise);
    }
  }

  /** The record so far. */
  record(stopped: string | null): Recorded {
    const { stream, told } = this.#options;
    return {
      transport: this.#transport,
      stream,
      sent: this.#sent,
      arrivals: [...this.#arrivals],
      damaged: this.#damaged,
      lost: told ? [...this.#lost].toSorted((one, other) => one - other) : null,
      opening: this.#origin - this.#opened,
      stopped,
    };
  }

  #touch(): void {
    this.#activeAt = this.#time.now();
    this.#changed.resolve();
  }

  /** Waits for a while, or until something else happens; rejects when the signal aborts. */
  async #pause(ms: number, other: Promise<void>): Promise<void> {
    if (ms <= 0) return;
    const over = Promise.withResolvers<void>();
    const cancel = ms === Infinity ? () => {} : this.#time.after(ms, over.resolve);
    try {
      await abortable(Promise.race([over.promise, other]), this.#options.signal);
    } finally {
      cancel();
    }
  }
}
