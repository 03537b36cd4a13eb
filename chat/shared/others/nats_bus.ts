/**
 * Messages between the servers of a room, over the broker's plain subjects.
 *
 * @module
 */
import type { Msg } from "@nats-io/nats-core";
import type { Answer, Bus } from "./bus.ts";
import type { Broker } from "../broker/connection.ts";
import { UntilGone } from "../broker/until_gone.ts";

/** How long the first answer may take (ms), and how long after an answer another one may come. */
const FIRST_ANSWER = 500;
const NEXT_ANSWER = 50;
/** When no more answers are taken (ms), should somebody send them for ever. */
const LAST_ANSWER = 2000;

/** The subjects below one prefix. */
export class NatsBus implements Bus {
  #broker: Broker;
  #untilGone: UntilGone;
  #prefix: string;

  /** @param prefix What the subjects of the room begin with, its dot included. */
  constructor(broker: Broker, prefix: string) {
    this.#broker = broker;
    this.#untilGone = new UntilGone(broker);
    this.#prefix = prefix;
  }

  get up(): boolean {
    return this.#broker.up;
  }

  publish(subject: string, data: Uint8Array): void {
    // Otherwise it would wait for the broker, and arrive when it is no longer true.
    if (this.up) this.#broker.nats.publish(this.#prefix + subject, data);
  }

  async request(subject: string, data: Uint8Array, ms: number): Promise<Uint8Array | null> {
    if (!this.up) return null;
    try {
      const answer = this.#broker.nats.request(this.#prefix + subject, data, { timeout: ms });
      return (await this.#untilGone.wait(answer)).data;
    } catch {
      // Nobody is there, or the broker is gone.
      return null;
    }
  }

  async requestAll(subject: string, data: Uint8Array, take: (data: Uint8Array) => boolean): Promise<void> {
    if (!this.up) return;
    const options = { strategy: "stall", maxWait: FIRST_ANSWER, stall: NEXT_ANSWER } as const;
    try {
      const answers = await this.#broker.nats.requestMany(this.#prefix + subject, data, options);
      const until = performance.now() + LAST_ANSWER;
      for await (const answer of answers) if (take(answer.data) || performance.now() > until) break;
    } catch {
      // Nobody is there, or the broker is gone: what has come so far is what there is.
    }
  }

  listen(subject: string, handle: (data: Uint8Array, answer: Answer | null) => void): void {
    this.#broker.nats.subscribe(this.#prefix + subject, {
      callback: (error, message) => {
        // Without permission to listen. The broker's warning says so.
        if (error === null) handle(message.data, answerTo(message));
      },
    });
  }

  watch(listener: (up: boolean) => void): () => void {
    return this.#broker.watch(listener);
  }
}

function answerTo(message: Msg): Answer | null {
  return message.reply === undefined || message.reply === "" ? null : (data) => void message.respond(data);
}
