/**
 * The responses on one connection of a check.
 *
 * @module
 */
import { milliseconds } from "../../../lib/text.ts";
import type { Talk } from "../talk.ts";
import type { Trial } from "../trial.ts";
import type { HttpDialect } from "./dialect.ts";
import { Unreadable } from "./reading.ts";
import { readResponse, type Response } from "./response.ts";

/** Why there is no response. */
export interface NoResponse {
  readonly how: "closed" | "reset" | "silent" | "unreadable";
  /** The same as a clause. */
  readonly what: string;
}

/** A trial of HTTP. */
export type HttpTrial = Trial<HttpDialect>;

/** How long to wait for what a server must not do (ms). With a correct server, each check that waits takes that long. */
export const MOMENT = 120;

/** Takes responses in order. */
export class Answers {
  readonly talk: Talk;
  /** The interim responses so far. */
  readonly interim: Response[] = [];
  #trial: HttpTrial;
  #at = 0;

  constructor(trial: HttpTrial, talk: Talk) {
    this.#trial = trial;
    this.talk = talk;
  }

  /** Whether bytes were received that do not make a whole response yet. */
  get more(): boolean {
    return this.talk.received.length > this.#at;
  }

  /**
   * The next final response, or why there is none.
   *
   * @param method Of its request: an answer to HEAD has no body.
   * @param ms How long to wait for it, instead of the trial's patience.
   */
  async tryNext(method = "GET", ms = this.#trial.patience): Promise<Response | NoResponse> {
    const read: { answer: Response | Unreadable | null } = { answer: null };
    await this.talk.until(() => (read.answer = this.#read(method)) !== null, ms);
    return this.#outcome(read.answer, ms);
  }

  /**
   * The next final response.
   *
   * @param to What it answers.
   * @param ms How long to wait for it, instead of the trial's patience.
   * @throws {CheckFailure} There is none.
   */
  async next(method = "GET", to = "the request", ms = this.#trial.patience): Promise<Response> {
    const answer = await this.tryNext(method, ms);
    if (isResponse(answer)) return answer;
    this.#trial.fail(`${to} was not answered: ${answer.what}`);
  }

  /** Waits until the server closes, and returns whether it did. */
  async closed(ms = this.#trial.patience): Promise<boolean> {
    return await this.talk.untilEnd(ms) !== null;
  }

  /** Returns whether nothing more arrives for a moment; a close does not count. */
  async quiet(ms = MOMENT): Promise<boolean> {
    return !await this.talk.until(() => this.more, ms);
  }

  #read(method: string): Response | Unreadable | null {
    const { received, end } = this.talk;
    try {
      for (;;) {
        if (received.length === this.#at) return null;
        const response = readResponse(received, this.#at, { head: method === "HEAD", ended: end !== null });
        if (response === null) return null;
        this.#at = response.end;
        // 101 is final: what follows is another protocol.
        if (response.status >= 200 || response.status === 101) return response;
        this.interim.push(response);
      }
    } catch (error) {
      if (error instanceof Unreadable) return error;
      throw error;
    }
  }

  #outcome(found: Response | Unreadable | null, ms: number): Response | NoResponse {
    if (found instanceof Unreadable) {
      return { how: "unreadable", what: `what came is not an HTTP response: ${found.message}` };
    }
    if (found !== null) return found;
    if (this.talk.end === "reset") return { how: "reset", what: "the server reset the connection" };
    if (this.talk.end === "end") return { how: "closed", what: "the server closed the connection" };
    const what = this.more ? "the answer did not end" : "nothing came";
    return { how: "silent", what: `${what} within ${milliseconds(ms)}` };
  }
}

/** Tells them apart. */
export function isResponse(answer: Response | NoResponse): answer is Response {
  return "status" in answer;
}

/** Connects, and sends a request. */
export async function ask(trial: HttpTrial, request: string | Uint8Array): Promise<Answers> {
  const talk = await trial.connect();
  if (request.length > 0) await talk.send(request);
  return new Answers(trial, talk);
}
