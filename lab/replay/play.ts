/**
 * Plays a conversation of a capture over a connection, or a socket for datagrams.
 *
 * @module
 */
import { CutOffError } from "../../lib/errors.ts";
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";
import type { Answers } from "./answers.ts";
import type { Conversation, End, Step } from "./conversation.ts";
import { NO_ORDER, type Order } from "./order.ts";
import { pause } from "./pause.ts";

/** What a conversation goes over. */
export interface Channel {
  /** Sends a chunk, or a datagram. */
  send(bytes: Uint8Array): Promise<void>;
  /** Waits for bytes, or a datagram; `null` is the end. */
  receive(): Promise<Uint8Array | null>;
  halfClose(): Promise<void>;
  reset(): void;
  close(): void;
}

/** How to play. Times are in milliseconds. */
export interface PlayOptions {
  /** How many times faster than captured; `Infinity` = without pauses (1). */
  readonly speed?: number;
  /** How much longer than in the capture to wait for an answer; 0 = for ever (5 s). */
  readonly timeout?: number;
  /** Whether to go on when the other side has finished sending too early: a client that half-closes still reads. */
  readonly halfOpen?: boolean;
  readonly order?: Order;
  readonly signal?: AbortSignal;
  readonly time?: TimeSource;
  /** Told of each answer. */
  readonly onAnswer?: (answer: PlayedAnswer) => void;
}

/** An answer that was waited for. Times are in milliseconds. */
export interface PlayedAnswer {
  /** Which one, from 1. */
  readonly answer: number;
  /** Whether as much came as in the capture. */
  readonly complete: boolean;
  /** From the step before it to its last byte, now and in the capture; negative if it was there before that step. */
  readonly duration: number;
  readonly captured: number;
}

/** How a conversation ended. */
export interface Ending {
  /** What the other side did, and what it did in the capture; `open`: nothing. */
  readonly end: End | "open";
  readonly expectedEnd: End | "open";
  /** Whether it ended before a step of ours that it followed in the capture. */
  readonly early: boolean;
  /** How many bytes of the capture were not sent. */
  readonly unsent: number;
  /** Whether something was waited for in vain, as long as {@linkcode PlayOptions.timeout} allows. */
  readonly timedOut: boolean;
}

/** How long to wait for the rest of an answer that differs, and at the end for what the capture has not (ms). */
const SETTLE = 500;
/** The default of {@linkcode PlayOptions.timeout}. */
const TIMEOUT = 5000;
/** Which side ends first is chance, unless the capture's other side had this long for it (ms) before we did. */
const RACE = 100;
/** A step that is later than this (ms), because the peer did not read, delays those that follow instead of making them a burst. */
const LATE = 50;

/**
 * Plays a conversation to its end, and closes the channel. Each chunk is sent by one write. The pause before it is the captured one,
 * from the step before it: from our last chunk, or from the arrival of the answer that it followed.
 *
 * @param answers Takes what is received.
 * @throws The signal's reason.
 */
export async function play(
  channel: Channel,
  conversation: Conversation,
  answers: Answers,
  options: PlayOptions = {},
): Promise<Ending> {
  return await new Player(channel, conversation, answers, options).run();
}

type Ours = Extract<Step, { do: "send" | "halfClose" | "reset" }>;

class Player {
  #channel: Channel;
  #conversation: Conversation;
  #answers: Answers;
  #options: PlayOptions;
  #time: TimeSource;
  #order: Order;
  /** The last step: its time in the capture, and now. */
  #captured: number;
  #now: number;
  /** When something was last received. */
  #arrivedAt = 0;
  #changed = Promise.withResolvers<void>();
  #end: End | "open" = "open";
  #failure: { readonly reason: unknown } | null = null;
  #early = false;
  #timedOut = false;
  /** Whether something was waited for in vain. */
  #gaveUp = false;
  /** Whether no more is of interest. */
  #over = false;
  /** Which step is being taken, and which answer is due. */
  #index = 0;
  #answer = 1;

  constructor(channel: Channel, conversation: Conversation, answers: Answers, options: PlayOptions) {
    this.#channel = channel;
    this.#conversation = conversation;
    this.#answers = answers;
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#order = options.order ?? NO_ORDER;
    this.#captured = conversation.opened;
    this.#now = this.#time.now();
  }

  async run(): Promise<Ending> {
    const receiving = this.#receive();
    const { steps } = this.#conversation;
    try {
      while (this.#index < steps.length && await this.#take(steps[this.#index])) this.#index++;
      this.#order.leave(this.#conversation.flow);
      if (!this.#over && this.#expectedEnd === "open") await this.#ended(SETTLE);
      if (this.#failure !== null) throw this.#failure.reason;
    } finally {
      this.#over = true;
      this.#order.leave(this.#conversation.flow);
      this.#channel.close();
      await receiving;
    }
    return {
      end: this.#end,
      expectedEnd: this.#expectedEnd,
      early: this.#early,
      unsent: steps.slice(this.#index).reduce((sum, step) => sum + (step.do === "send" ? step.bytes.length : 0), 0),
      timedOut: this.#timedOut,
    };
  }

  get #expectedEnd(): End | "open" {
    return this.#conversation.steps.find((step) => step.do === "expectEnd")?.end ?? "open";
  }

  /** Receives until the channel is closed; never rejects. */
  async #receive(): Promise<void> {
    try {
      for (let bytes; (bytes = await this.#channel.receive()) !== null;) {
        this.#arrivedAt = this.#time.now();
        this.#answers.push(bytes);
        this.#wake();
      }
      this.#peerEnded("fin");
    } catch (error) {
      if (this.#over) return;
      if (!(error instanceof CutOffError)) this.#failure = { reason: error };
      this.#peerEnded("reset");
    }
  }

  #peerEnded(end: End): void {
    if (this.#over) return;
    const { steps } = this.#conversation;
    const rest = steps.slice(this.#index);
    const until = rest.findIndex((step) => step.do === "expectEnd");
    this.#early = rest.slice(0, until < 0 ? rest.length : until).some((step, index) => {
      const before = steps[this.#index + index - 1]?.at ?? this.#conversation.opened;
      return step.do === "send" || (isOurs(step) && step.at - before >= RACE);
    });
    this.#end = end;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Takes a step; returns whether others can follow. */
  async #take(step: Step | undefined): Promise<boolean> {
    if (step === undefined) return false;
    if (isOurs(step)) return await this.#act(step);
    return step.do === "expect" ? await this.#expect(step) : await this.#expectEnd(step.at);
  }

  async #act(step: Ours): Promise<boolean> {
    const { flow } = this.#conversation;
    await this.#due(step.at);
    await this.#order.turn(flow);
    if (this.#end === "reset") return false;
    try {
      if (step.do === "send") await this.#channel.send(step.bytes);
      else if (step.do === "halfClose") await this.#channel.halfClose();
      else {
        this.#over = true;
        this.#channel.reset();
      }
    } catch (error) {
      if (!(error instanceof CutOffError)) throw error;
      // The system tells it once: now that sending has failed, receiving may see an ordinary end.
      if (this.#end === "open") this.#peerEnded("reset");
      return false;
    }
    this.#order.taken(flow);
    return step.do !== "reset";
  }

  /** Waits for the time of a step. */
  async #due(at: number): Promise<void> {
    const { speed = 1 } = this.#options;
    const due = this.#now + Math.max(0, at - this.#captured) / speed;
    await this.#pause(due - this.#time.now());
    this.#now = Math.max(due, this.#time.now() - LATE);
    this.#captured = at;
  }

  async #expect({ at, pause }: Extract<Step, { do: "expect" }>): Promise<boolean> {
    const { timeout = TIMEOUT, onAnswer } = this.#options;
    const captured = at - this.#captured;
    const patience = (): number => {
      if (this.#gaveUp || this.#answers.state === "settling") return SETTLE + pause;
      return timeout === 0 ? Infinity : timeout + captured;
    };
    const complete = await this.#until(() => this.#answers.state === "complete", patience);
    if (!complete && this.#end === "open") {
      this.#gaveUp = true;
      this.#timedOut ||= this.#answers.state === "open";
    }
    this.#answers.next();
    const now = complete ? this.#arrivedAt : this.#time.now();
    onAnswer?.({ answer: this.#answer++, complete, duration: now - this.#now, captured });
    this.#now = Math.max(this.#now, now);
    this.#captured = at;
    return complete || this.#end === "open" || (this.#end === "fin" && this.#options.halfOpen === true);
  }

  async #expectEnd(at: number): Promise<boolean> {
    const { timeout = TIMEOUT } = this.#options;
    await this.#ended(timeout === 0 ? Infinity : timeout + at - this.#captured);
    this.#now = this.#time.now();
    this.#captured = at;
    return this.#end !== "reset";
  }

  /** Waits for the other side's end, at most `ms`, whatever else arrives. */
  async #ended(ms: number): Promise<void> {
    const until = this.#time.now() + ms;
    await this.#until(() => false, () => until - this.#time.now());
  }

  /**
   * Waits until something is done, or the other side has ended.
   *
   * @param patience How long nothing may change.
   */
  async #until(done: () => boolean, patience: () => number): Promise<boolean> {
    while (!done()) {
      const ms = patience();
      if (this.#end !== "open" || !await this.#pause(ms, this.#changed.promise)) return done();
    }
    return true;
  }

  #pause(ms: number, change?: Promise<void>): Promise<boolean> {
    return pause(ms, { signal: this.#options.signal, time: this.#time, until: change });
  }
}

function isOurs(step: Step): step is Ours {
  return step.do === "send" || step.do === "halfClose" || step.do === "reset";
}
