/**
 * A stream socket in memory, and a layer of faults over it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Fault, Faults } from "../../../lib/faults/fault.ts";
import { type FaultPlan, NO_FAULTS } from "../../../lib/faults/plan.ts";
import { streamFaults } from "../../../lib/faults/stream_faults.ts";
import type { StreamSocket } from "../../../lib/net/socket.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { quickTurn, TestTime } from "../../support/time.ts";
import { FakeSocket } from "../fakes.ts";

/** Keeps each write with its time. */
export class FakeStream extends FakeSocket {
  readonly writes: { readonly bytes: Uint8Array; readonly at: number }[] = [];
  #now: () => number;

  constructor(now: () => number, id = 1) {
    super("192.0.2.7", 4000, id);
    this.#now = now;
  }

  override async write(bytes: Uint8Array): Promise<number> {
    const count = await super.write(bytes);
    this.writes.push({ bytes: bytes.slice(0, count), at: this.#now() });
    return count;
  }

  /** What was written, as texts, and when: `hello@100`. */
  get record(): string[] {
    return this.writes.map(({ bytes, at }) => `${decodeText(bytes)}@${at}`);
  }
}

/** A plan of each direction. */
export interface Plans {
  readonly out?: Partial<FaultPlan>;
  readonly in?: Partial<FaultPlan>;
  readonly seed?: number;
  /** The connection's number. */
  readonly id?: number;
}

/** A faulty stream under test; when it is disposed of, it is closed, and no timer may be left. */
export class StreamBench implements Disposable {
  readonly time = new TestTime(quickTurn);
  readonly below: FakeStream;
  readonly faults: { -readonly [K in keyof Faults]: Faults[K] };
  readonly told: Fault[] = [];
  readonly socket: StreamSocket;

  constructor({ out = {}, in: back = {}, seed = 1, id = 1 }: Plans) {
    this.below = new FakeStream(() => this.time.now(), id);
    this.faults = { seed, out: { ...NO_FAULTS, ...out }, in: { ...NO_FAULTS, ...back }, cut: false };
    this.socket = streamFaults(this.faults, (fault) => this.told.push(fault), this.time)(this.below);
  }

  /** What was told, in short. */
  get record(): string[] {
    return this.told.map(({ direction, kind, where, detail }) => `${direction} ${kind} ${where}: ${detail}`);
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? encodeText(data) : data;
    for (let at = 0; at < bytes.length;) at += await this.socket.write(bytes.subarray(at));
  }

  /** One read, as text. */
  async read(most = 65_536): Promise<string | null> {
    const buffer = new Uint8Array(most);
    const count = await this.socket.read(buffer);
    return count === null ? null : decodeText(buffer.subarray(0, count));
  }

  [Symbol.dispose](): void {
    if (!this.below.closed) {
      this.socket.close();
      this.socket.reset();
    }
    assertEquals(this.time.timers, 0);
  }
}
