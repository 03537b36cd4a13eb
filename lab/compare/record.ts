/**
 * The record of one transport's run: which messages were sent, what the faults did to them, and what arrived when. Pure.
 *
 * @module
 */

/** What carried the messages. */
export type Transport = "tcp" | "udp";

/** The stream of messages, the same for both transports. */
export interface Stream {
  /** How many messages there are; they are numbered from 1. */
  readonly count: number;
  /** From one message to the next (ms). */
  readonly interval: number;
  /** The bytes of each. */
  readonly size: number;
}

/** A message that arrived. */
export interface Arrival {
  readonly number: number;
  /** Milliseconds since the first message was due. */
  readonly at: number;
}

/** One transport's run. Times are in milliseconds since the first message was due. */
export interface Recorded {
  readonly transport: Transport;
  readonly stream: Stream;
  /** How many messages were sent; fewer than there are if the connection failed. */
  readonly sent: number;
  /** In the order in which they arrived, duplicates too. */
  readonly arrivals: readonly Arrival[];
  /** How many arrived damaged. */
  readonly damaged: number;
  /** The messages that the fault layer lost (UDP) or delayed as if they were retransmitted (TCP); `null` if only the kernel knows. */
  readonly lost: readonly number[] | null;
  /** How long it took to open the socket and its connection, before the first message was due. */
  readonly opening: number;
  /** Why the run ended before everything had arrived, as a clause: `nothing arrived for 10 s`; `null` if it did not. */
  readonly stopped: string | null;
}

/** When a message was due to be sent. */
export function dueTime(number: number, { interval }: Stream): number {
  return (number - 1) * interval;
}

/** When each message arrived first, in order of arrival. */
export function firstArrivals(arrivals: readonly Arrival[]): Map<number, number> {
  const first = new Map<number, number>();
  for (const { number, at } of arrivals) if (!first.has(number)) first.set(number, at);
  return first;
}

/** What is unusual about an arrival, if anything. */
export type Kind = "in order" | "out of order" | "duplicate";

/** For each arrival, in order: whether it is a duplicate, or came after a later message (as RFC 4737 counts). */
export function kindsOf(arrivals: readonly Arrival[]): Kind[] {
  const seen = new Set<number>();
  let newest = 0;
  return arrivals.map(({ number }) => {
    if (seen.has(number)) return "duplicate";
    seen.add(number);
    const kind = number < newest ? "out of order" : "in order";
    newest = Math.max(newest, number);
    return kind;
  });
}
