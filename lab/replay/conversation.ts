/**
 * What one side of a capture did, as steps that can be played again. Pure.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Endpoint } from "../../lib/addr.ts";
import { Exit, Failure } from "../../lib/errors.ts";
import type { Role } from "../../lib/events.ts";
import type { WireEvent } from "../../lib/wire/event.ts";

/** How the other side ended its direction of a connection: by FIN, or the whole connection by RST. */
export type End = "fin" | "reset";

/**
 * One step. `at` is its time in the capture: milliseconds since the first conversation began.
 *
 * `expect` is an answer: all that arrived between two steps of ours. Over TCP it is one part, for only its bytes count; over UDP, a part
 * for each datagram. Its time is that of its last byte.
 */
export type Step =
  | { readonly do: "send"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly do: "expect"; readonly at: number; readonly parts: readonly Uint8Array[]; readonly pause: number }
  | { readonly do: "expectEnd"; readonly at: number; readonly end: End }
  | { readonly do: "halfClose" | "reset"; readonly at: number };

/** A TCP connection or a UDP flow of the capture, as one of its sides saw it. */
export interface Conversation {
  /** Its number in the capture, the same as in `wire:show`. */
  readonly flow: number;
  readonly transport: "tcp" | "udp";
  readonly client: Endpoint | null;
  readonly server: Endpoint | null;
  /** Whether the bytes are the plain text of a TLS connection. */
  readonly tls: boolean;
  /** When it began, as {@linkcode Step.at}: when the client called `connect`, or when it sent its first datagram. */
  readonly start: number;
  /** When its connection was established; the same as `start` for a flow of datagrams. */
  readonly opened: number;
  /** Whether the client's connection was refused. */
  readonly refused: boolean;
  readonly steps: readonly Step[];
}

/** Options of {@linkcode conversationsOf}. */
export interface ConversationOptions {
  /** The side from which the events are told. */
  readonly as: Role;
  /** Whether to keep a flow (all). */
  readonly wanted?: (flow: number) => boolean;
  /** The most bytes of data to keep (256 MiB). */
  readonly max?: number;
}

/** What is kept of a capture's data at most (bytes): it stays in memory. */
const MAX_DATA = 256 * 1024 * 1024;

/**
 * Reads conversations from the events of a capture.
 *
 * @returns The conversations in the order in which they began; those without a step are left out.
 * @throws {Failure} The capture holds more data than `max`.
 *
 * @example Usage
 * ```ts
 * import { conversationsOf } from "./conversation.ts";
 * import { encodeText } from "../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const event = { transport: "tcp", flow: 1, local: null, peer: null, duration: 0 } as const;
 * const [conversation] = await conversationsOf([
 *   { ...event, at: 1000, call: "connect", bytes: null },
 *   { ...event, at: 1010, call: "write", bytes: encodeText("ping\n") },
 *   { ...event, at: 1030, call: "read", bytes: encodeText("pong\n") },
 * ], { as: "client" });
 * assertEquals(conversation?.steps.map((step) => [step.do, step.at]), [["send", 10], ["expect", 30]]);
 * ```
 */
export async function conversationsOf(
  events: AsyncIterable<WireEvent> | Iterable<WireEvent>,
  { as, wanted = () => true, max = MAX_DATA }: ConversationOptions,
): Promise<Conversation[]> {
  const recorders = new Map<number, Recorder>();
  let size = 0;
  for await (const event of events) {
    // 0 is no flow: a lookup, or a listener.
    if (event.flow === 0 || !wanted(event.flow)) continue;
    size += event.bytes?.length ?? 0;
    if (size > max) {
      throw new Failure(
        Exit.failed,
        `Cannot keep all of the capture in memory: it holds more than ${max} bytes of data; pick a part with --flow`,
      );
    }
    const recorder = recorders.get(event.flow) ?? new Recorder(event);
    recorders.set(event.flow, recorder);
    recorder.add(event);
  }
  const found = [...recorders.values()].filter((recorder) => recorder.plays);
  const epoch = Math.min(...found.map(({ start }) => start));
  return found.sort((one, other) => one.start - other.start).map((recorder) => recorder.conversation(as, epoch));
}

/** An answer that is arriving. */
interface Arriving {
  readonly parts: Uint8Array[];
  at: number;
  pause: number;
}

/** Collects the steps of one flow, at times of the capture's own clock. */
class Recorder {
  readonly start: number;
  #flow: number;
  #transport: "tcp" | "udp";
  #ends: { local: Endpoint | null; peer: Endpoint | null } = { local: null, peer: null };
  #tls = false;
  #opened: number;
  #refused = false;
  #steps: Step[] = [];
  #answer: Arriving | null = null;
  /** The index of a send that was issued and has not returned: it may turn out to be short. */
  #issued: number | null = null;
  /** When the flow's last event was. */
  #last: number;
  #ourEnd = false;
  #theirEnd = false;

  constructor({ flow, transport, at, duration }: WireEvent) {
    this.#flow = flow;
    this.#transport = transport;
    this.start = this.#opened = this.#last = at - duration;
  }

  /** Whether there is anything to play. */
  get plays(): boolean {
    return this.#steps.length > 0 || this.#answer !== null || this.#refused;
  }

  add(event: WireEvent): void {
    const { call, bytes, at, error, local, peer, tls = false } = event;
    this.#ends = { local: local ?? this.#ends.local, peer: peer ?? this.#ends.peer };
    this.#tls ||= tls;
    if (call === "connect" || call === "accept" || call === "handshake") {
      this.#opened = at;
      this.#refused = error === "ECONNREFUSED";
    } else if (call === "writing" || call === "sending") {
      this.#issued = this.#steps.length + (this.#answer === null ? 0 : 1);
      this.#send(at, bytes);
    } else if (call === "write" || call === "send") {
      this.#sent(event);
    } else if (call === "read" || call === "receive") {
      this.#received(event);
    } else if (call === "closeWrite" || call === "close" || call === "reset") {
      this.#end(call, at);
    }
    this.#last = at;
  }

  #send(at: number, bytes: Uint8Array | null): void {
    // On a stream an empty write is nothing; an empty datagram is one.
    if (bytes === null || (bytes.length === 0 && this.#transport === "tcp")) return;
    this.#step({ do: "send", at, bytes });
  }

  /** A write has returned: what it accepted is what was sent; nothing, if it failed. */
  #sent({ at, duration, bytes }: WireEvent): void {
    const issued = this.#issued;
    this.#issued = null;
    const step = issued === null ? undefined : this.#steps[issued];
    if (issued === null || step?.do !== "send") this.#send(at - duration, bytes);
    else if (bytes === null) this.#steps.splice(issued, 1);
    else this.#steps[issued] = { ...step, bytes };
  }

  #received({ at, bytes, error }: WireEvent): void {
    if (bytes !== null) {
      if (bytes.length === 0 && this.#transport === "tcp") return;
      this.#answer ??= { parts: [], at: this.#last, pause: 0 };
      this.#answer.parts.push(bytes);
      this.#answer.pause = Math.max(this.#answer.pause, at - this.#last);
      this.#answer.at = at;
    } else if (this.#transport === "tcp" && !this.#theirEnd) {
      this.#theirEnd = true;
      this.#step({ do: "expectEnd", at, end: error === undefined ? "fin" : "reset" });
    }
  }

  #end(call: "closeWrite" | "close" | "reset", at: number): void {
    if (this.#transport === "udp") return;
    if (call === "reset") return this.#step({ do: "reset", at });
    // The wire shows a FIN for either of the two calls, and nothing for a close after it.
    if (!this.#ourEnd) this.#step({ do: "halfClose", at });
    this.#ourEnd = true;
  }

  #step(step: Step): void {
    this.#endAnswer();
    this.#steps.push(step);
  }

  #endAnswer(): void {
    if (this.#answer === null) return;
    const { parts, at, pause } = this.#answer;
    this.#answer = null;
    this.#steps.push({ do: "expect", at, pause, parts: this.#transport === "tcp" ? [concat(parts)] : parts });
  }

  conversation(as: Role, epoch: number): Conversation {
    this.#endAnswer();
    const { local, peer } = this.#ends;
    const sinceEpoch = (step: Step): Step => ({ ...step, at: Math.max(0, step.at - epoch) });
    return {
      flow: this.#flow,
      transport: this.#transport,
      client: as === "client" ? local : peer,
      server: as === "client" ? peer : local,
      tls: this.#tls,
      start: this.start - epoch,
      opened: this.#opened - epoch,
      refused: this.#refused,
      steps: this.#steps.map(sinceEpoch),
    };
  }
}

/** Whether one of our steps is a reset. */
export function haveResets(conversations: readonly Conversation[]): boolean {
  return conversations.some(({ steps }) => steps.some((step) => step.do === "reset"));
}
