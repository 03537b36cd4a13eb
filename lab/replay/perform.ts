/**
 * Plays a conversation and has it judged.
 *
 * @module
 */
import { Failure } from "../../lib/errors.ts";
import type { Events } from "../../lib/events.ts";
import type { Layer } from "../../lib/net/layers.ts";
import type { TimeSource } from "../../lib/time.ts";
import type { WireSink } from "../../lib/wire/event.ts";
import type { Conversation } from "./conversation.ts";
import { DatagramAnswers } from "./datagram_answers.ts";
import { type Channel, play, type PlayOptions } from "./play.ts";
import { StreamAnswers } from "./stream_answers.ts";
import type { Playing, Tally } from "./tally.ts";

/** How to play a capture. Times are in milliseconds. */
export interface ReplayOptions {
  /** How many times faster than captured; `Infinity` = without pauses. */
  readonly speed: number;
  /** How much longer than in the capture to wait for an answer, and how long for a connection; 0 = for ever. */
  readonly timeout: number;
  /** What may differ in an answer. */
  readonly ignore: readonly RegExp[];
  readonly events: Events;
  readonly signal: AbortSignal;
  /** Told every call on TCP sockets. */
  readonly wire?: WireSink | undefined;
  /** Impairs TCP connections. */
  readonly faults?: Layer | undefined;
  readonly time?: TimeSource;
}

/** How to play one conversation of a capture. */
export interface PerformOptions extends Omit<ReplayOptions, "signal">, Pick<PlayOptions, "order" | "halfOpen"> {
  /** Ends it at once. */
  readonly signal?: AbortSignal;
  /** The run is being stopped: what is cut off by that is no difference. */
  readonly stopping?: AbortSignal;
}

/**
 * Plays a conversation over a channel, which it closes, and gives the verdict to the tally.
 *
 * @throws The signal's reason, or what is no failure of the conversation.
 */
export async function perform(
  channel: Channel,
  playing: Playing,
  tally: Tally,
  { speed, timeout, ignore, signal, time, order, stopping, halfOpen = false }: PerformOptions,
): Promise<void> {
  const { conversation } = playing;
  const answers = answersOf(conversation, ignore);
  const count = conversation.steps.filter((step) => step.do === "expect").length;
  try {
    const ending = await play(channel, conversation, answers, {
      speed,
      timeout,
      halfOpen,
      onAnswer: (answer) => tally.answer(playing, count, answer),
      ...(signal === undefined ? {} : { signal }),
      ...(order === undefined ? {} : { order }),
      ...(time === undefined ? {} : { time }),
    });
    if (stopping?.aborted) tally.stopped(playing);
    else tally.add(playing, { comparison: answers.result(), ending });
  } catch (error) {
    if (signal?.aborted || !(error instanceof Failure)) throw error;
    if (stopping?.aborted) tally.stopped(playing);
    else tally.fail(playing, error);
  }
}

/** The captured answers of a conversation, for comparing. */
function answersOf({ transport, steps }: Conversation, ignore: readonly RegExp[]): StreamAnswers | DatagramAnswers {
  const answers = steps.flatMap((step) => step.do === "expect" ? [step.parts] : []);
  return transport === "udp"
    ? new DatagramAnswers(answers, ignore)
    : new StreamAnswers(answers.map(([bytes = new Uint8Array()]) => bytes), ignore);
}
