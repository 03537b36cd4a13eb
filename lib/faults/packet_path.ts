/**
 * The path of one flow's datagrams in one direction, with everything that happens to them on it.
 *
 * @module
 */
import { plural } from "../text.ts";
import type { TimeSource } from "../time.ts";
import type { Fault, Faults, FaultSink } from "./fault.ts";
import { PacketChance, withFlipped } from "./packet_fate.ts";
import type { FaultPlan } from "./plan.ts";
import { delayText, laterText, rateText } from "./say.ts";
import type { Schedule } from "./schedule.ts";

/** How long a datagram waits for the next one to overtake it (ms). */
const REORDER_LIMIT = 100;
/** The most datagrams, and the most bytes of them, that the sockets of a layer hold back together. */
const MAX_HELD = 65_536;
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** Counts what a socket holds back, or what the sockets of a layer do. */
export class Held {
  #count = 0;
  #bytes = 0;
  #all: Held | null;

  /** @param all What the sockets of a layer hold together, which is limited: a relay has a socket for each client. */
  constructor(all: Held | null = null) {
    this.#all = all;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts a datagram; returns false, and does not count it, if there is no room. */
  take(length: number): boolean {
    if (this.#count >= MAX_HELD || this.#bytes + length > MAX_HELD_BYTES) return false;
    if (this.#all?.take(length) === false) return false;
    this.#count++;
    this.#bytes += length;
    return true;
  }

  release(length: number): void {
    this.#drop(1, length);
  }

  /** Forgets everything: the socket is closed. */
  clear(): void {
    this.#drop(this.#count, this.#bytes);
  }

  #drop(count: number, bytes: number): void {
    this.#count -= count;
    this.#bytes -= bytes;
    if (this.#all !== null) this.#all.#drop(count, bytes);
  }
}

/** What all paths of a socket share. */
export interface PathOptions {
  readonly faults: Faults;
  readonly tell: FaultSink;
  readonly time: TimeSource;
  readonly schedule: Schedule;
  readonly held: Held;
}

/** A datagram, or its duplicate, in flight. */
interface Packet {
  readonly bytes: Uint8Array;
  readonly pass: (bytes: Uint8Array) => void;
  readonly reordered: boolean;
  /** Whether it counts as held, and owns its bytes. */
  readonly held: boolean;
}

/** Whether a plan leaves datagrams alone. */
export function packetsPass(plan: FaultPlan): boolean {
  return plan.delay === 0 && plan.jitter === 0 && plan.rate === Infinity && plan.loss === 0 && plan.duplicate === 0 &&
    plan.reorder === 0 && plan.corrupt === 0 && plan.truncate === Infinity;
}

/** One flow's path in one direction. In this order: cut, loss, corrupt, truncate, duplicate, rate and its queue, delay and jitter, reorder. */
export class PacketPath {
  #flow: number;
  #direction: "out" | "in";
  #options: PathOptions;
  #chance: PacketChance;
  #count = 0;
  /** When the last datagram has passed the rate limit. */
  #free = -Infinity;
  /** When each datagram in the queue will have passed the rate limit. */
  #leaving: number[] = [];
  /** How many are in flight. */
  #underWay = 0;
  /** Those that wait for the next one to overtake them. */
  #overtaken: Packet[] = [];
  /** What was last reported of the faults that happen to all alike. */
  #told = { delay: 0, rate: Infinity };

  constructor(flow: number, direction: "out" | "in", options: PathOptions) {
    this.#flow = flow;
    this.#direction = direction;
    this.#options = options;
    this.#chance = new PacketChance(options.faults.seed, flow, direction);
  }

  /**
   * Takes a datagram.
   *
   * @param bytes Copied if it is held back.
   * @param pass Called when it arrives: once, twice or never, before this call returns or later.
   */
  push(bytes: Uint8Array, pass: (bytes: Uint8Array) => void): void {
    const { faults } = this.#options;
    const plan = faults[this.#direction];
    this.#count++;
    const fate = this.#chance.next(plan, bytes.length);
    if (faults.cut) return this.#tell("cut", "lost");
    if (fate.lost) return this.#tell("loss", "lost");
    if (fate.flipped !== null) {
      bytes = withFlipped(bytes, fate.flipped);
      this.#tell("corrupt", `bit ${fate.flipped & 7} of byte ${fate.flipped >> 3} flipped`);
    }
    if (bytes.length > plan.truncate) {
      this.#tell("truncate", `cut from ${bytes.length} to ${plural(plan.truncate, "byte")}`);
      bytes = bytes.subarray(0, plan.truncate);
    }
    if (fate.twice) this.#tell("duplicate", "arrives twice");
    if (fate.reordered) this.#tell("reorder", "arrives after the next one");
    this.#tellPlan(plan);
    for (const jitter of fate.twice ? fate.jitter : fate.jitter.slice(0, 1)) {
      this.#enqueue(bytes, pass, fate.reordered, plan, jitter);
    }
  }

  /** Applies the rate limit, then the delay. */
  #enqueue(bytes: Uint8Array, pass: Packet["pass"], reordered: boolean, plan: FaultPlan, jitter: number): void {
    const { held, time, schedule } = this.#options;
    const now = time.now();
    const leaves = this.#leave(now, bytes.length, plan);
    if (leaves === null) return this.#tell("queue", `lost: ${plan.queue} wait already`);
    const late = Math.max(0, plan.delay + jitter);
    if (plan.jitter > 0) this.#tell("jitter", laterText(late));
    // It must not overtake those that are due, but whose timer is late.
    if (leaves + late <= now && this.#underWay === 0) {
      return this.#arrive({ bytes, pass, reordered, held: false });
    }
    if (!held.take(bytes.length)) return this.#tell("queue", "lost: too many are held back already");
    this.#underWay++;
    const packet = { bytes: bytes.slice(), pass, reordered, held: true };
    schedule.add(leaves + late, () => {
      this.#underWay--;
      this.#arrive(packet);
    });
  }

  /** When a datagram has passed the rate limit, one at a time; `null` if the queue is full. */
  #leave(now: number, length: number, { rate, queue }: FaultPlan): number | null {
    const waiting = this.#leaving.findIndex((time) => time > now);
    this.#leaving.splice(0, waiting < 0 ? this.#leaving.length : waiting);
    if (rate === Infinity) return Math.max(now, this.#free);
    if (this.#leaving.length >= queue) return null;
    this.#free = Math.max(now, this.#free) + length / rate * 1000;
    this.#leaving.push(this.#free);
    return this.#free;
  }

  /** Passes a datagram on, or holds it until the next one has passed. */
  #arrive(packet: Packet): void {
    const { held, schedule, time } = this.#options;
    if (!packet.reordered) {
      this.#pass(packet);
      return this.#passOvertaken();
    }
    if (!packet.held && !held.take(packet.bytes.length)) return this.#pass(packet);
    this.#overtaken.push(packet.held ? packet : { ...packet, bytes: packet.bytes.slice(), held: true });
    const waiting = this.#overtaken;
    schedule.add(time.now() + REORDER_LIMIT, () => {
      if (this.#overtaken === waiting) this.#passOvertaken();
    });
  }

  #passOvertaken(): void {
    if (this.#overtaken.length === 0) return;
    const packets = this.#overtaken;
    this.#overtaken = [];
    for (const packet of packets) this.#pass(packet);
  }

  #pass({ bytes, pass, held }: Packet): void {
    if (held) this.#options.held.release(bytes.length);
    pass(bytes);
  }

  /** Reports what happens to all alike, once. */
  #tellPlan({ delay, rate }: FaultPlan): void {
    if (delay !== this.#told.delay) this.#tell("delay", delayText(delay));
    if (rate !== this.#told.rate) this.#tell("rate", rateText(rate));
    this.#told = { delay, rate };
  }

  #tell(kind: Fault["kind"], detail: string): void {
    this.#options.tell({ flow: this.#flow, direction: this.#direction, kind, where: this.#count, detail });
  }
}
