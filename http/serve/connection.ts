/**
 * One HTTP/1.1 connection: requests in, answers out, in order, until one side has had enough (RFC 9112 9).
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import { CutOffError, stateOf } from "../../lib/errors.ts";
import { type Answer, refusalAnswer } from "../answer/answer.ts";
import { Asked } from "../site/asked.ts";
import type { Waiting } from "./clock.ts";
import { Exchange } from "./exchange.ts";
import { CHUNKED } from "../request/framing.ts";
import type { RequestHead } from "../request/head.ts";
import { misdirected } from "../request/hosts.ts";
import { Intake } from "./intake.ts";
import { HeadParser } from "../request/head_parser.ts";
import { malformed, Refusal } from "../request/refusal.ts";
import type { HttpService } from "./shared.ts";
import type { Resource } from "../site/resource.ts";
import { NOTHING } from "../request/syntax.ts";
import { parseTarget, type Target } from "../request/target.ts";
import { AnswerWriter } from "./writer.ts";

/** A client that sends a body too large, and looks for the answer only then, has to get to its end (RFC 9112 9.6). */
const LINGER = { time: 5000, bytes: 256 * 1024 * 1024 };
/** What TCP sends before it hears from the other side (RFC 6928): ten segments. */
const FIRST_FLIGHT = 14_600;
/** Many an answer shows the head: of one above this size, with a factor for how its characters are written there. */
const LARGE_HEAD = 4096;
const ESCAPED = 8;
const NO_TRAILERS: readonly string[] = [];

/** Serves the requests of one connection. */
export async function serveRequests(connection: Connection, service: HttpService): Promise<void> {
  const session = new RequestLoop(connection, service);
  const place = service.clock.watch(session);
  try {
    await session.run();
  } finally {
    service.clock.leave(place);
  }
}

class RequestLoop implements Waiting {
  #connection: Connection;
  #service: HttpService;
  #intake: Intake;
  #parser: HeadParser;
  #writer: AnswerWriter;
  #exchange: Exchange;
  #requests = 0;

  constructor(connection: Connection, service: HttpService) {
    this.#connection = connection;
    this.#service = service;
    this.#intake = new Intake(connection, service);
    this.#parser = new HeadParser(service.limits, service.hosts);
    this.#writer = new AnswerWriter(connection, service);
    this.#exchange = new Exchange(connection, service, this.#intake.inbox, this.#writer);
  }

  look(): void {
    this.#intake.look();
    this.#writer.look();
    this.#exchange.look();
  }

  /** Serves requests until one of them is the last, is refused, or there are no more. */
  async run(): Promise<void> {
    try {
      await this.#serve();
      if (this.#wantsLinger) await this.#connection.finish();
    } catch (error) {
      if (this.#intake.silent) return;
      if (!(error instanceof Refusal)) throw error;
      await this.#refuse(error);
    } finally {
      await this.#exchange.end().catch(() => {});
      this.#writer.end();
      this.#intake.inbox.release();
    }
  }

  async #refuse(refusal: Refusal): Promise<void> {
    await this.#exchange.unwatch().catch(() => {});
    await this.#send(refusalAnswer(refusal), 1, false, refusal.message);
    await this.#writer.flush();
    await this.#exchange.end();
    this.#intake.inbox.release();
    await this.#connection.finish(LINGER);
  }

  /**
   * Whether closing at once could cost the client the last answer: it may still be sending, and what comes after the close is answered
   * with a reset, which throws away what has not left this machine (RFC 9112 9.6).
   */
  get #wantsLinger(): boolean {
    const { head } = this.#exchange;
    if (this.#connection.closed || head === null) return false;
    const { keepAlive, length } = head.framing;
    return keepAlive || length !== 0 || this.#intake.inbox.left > 0 || this.#connection.bytesOut > FIRST_FLIGHT;
  }

  /** Answers one request after the other; what is ready goes out when there is nothing more to answer at once. */
  async #serve(): Promise<void> {
    const { inbox } = this.#intake;
    for (;;) {
      this.#exchange.head = null;
      const head = this.#parser.parse(inbox.bytes, inbox.at);
      if (head !== null) {
        inbox.at += this.#parser.consumed;
        const stays = this.#serveOne(head);
        const last = !(typeof stays === "boolean" ? stays : await stays);
        if (last) await this.#writer.flush();
        if (this.#exchange.holds) await this.#exchange.end();
        if (last) return;
        this.#intake.complete();
        if (this.#writer.full) await this.#writer.flush();
        continue;
      }
      // The client may wait for an answer before it goes on.
      if (this.#writer.waiting) await this.#writer.flush();
      if (this.#parser.begun) {
        if (!await this.#intake.more("head")) throw malformed("the connection ended within the head");
      } else {
        inbox.at = inbox.bytes.length;
        if (!this.#intake.got(await this.#intake.next())) return;
      }
    }
  }

  /** Serves one request; tells whether the connection stays. */
  #serveOne(head: RequestHead): boolean | Promise<boolean> {
    this.#exchange.head = head;
    const { site, limits, hosts } = this.#service;
    const target = parseTarget(head.method, head.target);
    const host = target.authority ?? head.framing.host;
    if (host !== null && !hosts.accepts(host, this.#connection.local)) throw misdirected();
    // HEAD is a GET whose body is left out at the end: no resource has to know of it.
    const resource = site(head.method === "HEAD" ? head.asGet() : head, target);
    const keepAlive = head.framing.keepAlive && !(limits.maxRequests > 0 && ++this.#requests >= limits.maxRequests);
    if (head.framing.length !== 0) return this.#serveWithBody(head, target, resource, keepAlive);
    return this.#answer(head, target, resource, keepAlive, NO_TRAILERS);
  }

  /** Reads the body first, so that the next request starts where this one ends, whether or not somebody wants it. */
  async #serveWithBody(head: RequestHead, target: Target, resource: Resource, keepAlive: boolean): Promise<boolean> {
    const { log } = this.#service;
    const { framing } = head;
    // Who waits for `100 (Continue)` and gets this answer instead may send the body all the same, or not: the connection has to end.
    if (framing.expectsContinue && resource.refuses === true) {
      return this.#answer(head, target, resource, false, NO_TRAILERS);
    }
    const { inbox } = this.#intake;
    const needs = resource.needs ?? (log.on ? "sample" : "nothing");
    const reader = this.#exchange.reader(framing.length, needs);
    if (framing.length === CHUNKED || inbox.left < framing.length) this.#exchange.keepHead();
    if (framing.expectsContinue && inbox.left === 0) this.#writer.continue();
    for (;;) {
      inbox.at = reader.push(inbox.bytes, inbox.at);
      if (reader.done) return this.#answer(head, target, resource, keepAlive, reader.trailers);
      if (this.#writer.waiting) await this.#writer.flush();
      if (!await this.#intake.more("body")) throw malformed("the connection ended within the body");
    }
  }

  #answer(
    head: RequestHead,
    target: Target,
    resource: Resource,
    keepAlive: boolean,
    trailers: readonly string[],
  ): boolean | Promise<boolean> {
    if (head.size > LARGE_HEAD) this.#exchange.hold(head.size * ESCAPED);
    const headOnly = head.method === "HEAD";
    const asked = headOnly ? head.asGet() : head;
    const { body, received } = this.#exchange;
    const request = new Asked(asked, headOnly, target, body, received, trailers, this.#connection, this.#exchange);
    let answer;
    try {
      answer = resource.answer(request);
    } catch (error) {
      throw this.#failure(error);
    }
    if (answer instanceof Promise) return this.#answerLater(answer, head, keepAlive);
    return this.#send(answer, head.minor, keepAlive);
  }

  /** It may take a while: what is there already goes out first. */
  async #answerLater(answer: Promise<Answer>, head: RequestHead, keepAlive: boolean): Promise<boolean> {
    // A client to whom nothing can be written has left: closing ends the work for it. The answer is waited for in any case, since what
    // it holds is given back when it is done.
    const flushed = this.#writer.flush().then(() => null, (error: unknown) => {
      this.#connection.close();
      return { error };
    });
    const made = await answer.catch((error) => this.#failure(error));
    const failed = await flushed;
    if (failed !== null) throw failed.error;
    if (made instanceof Error) throw made;
    await this.#exchange.answering();
    return await this.#send(made, head.minor, keepAlive);
  }

  /** A failure to make an answer is this server's fault, unless the client has left. */
  #failure(error: unknown): Refusal | CutOffError {
    if (error instanceof Refusal || error instanceof CutOffError) return error;
    const { code, state } = stateOf(error);
    const { id, peer } = this.#connection;
    this.#service.events.emit({ event: "error", id, peer, code, message: `Cannot answer: ${state}` });
    return new Refusal(500, "this server has failed; the reason is in its log");
  }

  /** Sends an answer; tells whether the connection stays. */
  #send(answer: Answer, minor: 0 | 1, wanted: boolean, refusal = ""): boolean | Promise<boolean> {
    const { clock, log, signal } = this.#service;
    // HTTP/1.0 has no chunks: a body of unknown length ends with the connection.
    const keepAlive = wanted && !signal.aborted && (minor === 1 || answer.body.length !== null);
    const sent = this.#writer.send(
      answer,
      { minor, keepAlive, date: clock.date },
      this.#exchange.head?.method ?? this.#parser.method,
    );
    if (typeof sent === "number") {
      if (log.on) this.#log(answer.status, sent, refusal);
      return keepAlive;
    }
    return sent.then((count) => {
      if (log.on) this.#log(answer.status, count, refusal);
      return keepAlive;
    });
  }

  #log(status: number, sent: number, refusal: string): void {
    const { head, body, received } = this.#exchange;
    const raw = head === null ? this.#intake.inbox.bytes.subarray(this.#intake.inbox.at) : NOTHING;
    this.#service.log.add({ via: this.#connection, head, raw, body, received, status, sent, refusal });
  }
}
