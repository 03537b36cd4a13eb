/**
 * One HTTP/1.1 connection: reads requests and answers them in order until either side closes (RFC 9112 9).
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import { CutOffError, stateOf } from "../../lib/errors.ts";
import type { Answer } from "../answer/answer.ts";
import { acceptIn, errorAnswer } from "../site/error_answer.ts";
import { ReceivedRequest } from "../site/asked.ts";
import { underConditions } from "../site/conditions.ts";
import type { TickListener } from "./clock.ts";
import { Exchange } from "./exchange.ts";
import { CHUNKED } from "../request/framing.ts";
import type { RequestHead } from "../request/head.ts";
import { misdirected, unsecured } from "../request/hosts.ts";
import { Intake } from "./intake.ts";
import { HeadParser } from "../request/head_parser.ts";
import { malformed, partial, Refusal } from "../request/refusal.ts";
import { type HttpService, LINGER } from "./shared.ts";
import type { Resource } from "../site/resource.ts";
import { NOTHING } from "../request/syntax.ts";
import { parseTarget, type Target } from "../request/target.ts";
import { EchoSession } from "./websocket.ts";
import { AnswerWriter } from "./writer.ts";

/** What TCP sends before the first acknowledgement (RFC 6928): ten segments. */
const INITIAL_WINDOW = 14_600;
/** Many answers include the head. Above this size, memory for it is counted, with a factor for escaped characters. */
const LARGE_HEAD = 4096;
const ESCAPE_FACTOR = 8;
const NO_TRAILERS: readonly string[] = [];

/** Serves the requests of one connection. */
export function serveRequests(connection: Connection, service: HttpService): Promise<void> {
  return new RequestLoop(connection, service).run();
}

class RequestLoop implements TickListener {
  #connection: Connection;
  #service: HttpService;
  #intake: Intake;
  #parser: HeadParser;
  #writer: AnswerWriter;
  #exchange: Exchange;
  #requests = 0;
  /** When the current request began: its first byte, or the answer before it. Kept only for the log. */
  #begun = 0;

  constructor(connection: Connection, service: HttpService) {
    this.#connection = connection;
    this.#service = service;
    this.#intake = new Intake(connection, service);
    this.#parser = new HeadParser(service.limits, service.hosts);
    this.#writer = new AnswerWriter(connection, service);
    this.#exchange = new Exchange(connection, service, this.#intake.inbox, this.#writer);
  }

  onTick(): void {
    this.#intake.onTick();
    this.#writer.onTick();
    this.#exchange.onTick();
  }

  /**
   * Serves requests until the last one, a refusal or the end of the stream. Queued answers are written when no further request is complete.
   * One function: an idle connection waits in it, and the state of a second one would be half a kilobyte of each.
   */
  async run(): Promise<void> {
    const { clock } = this.#service;
    const place = clock.subscribe(this);
    const { inbox } = this.#intake;
    try {
      for (let stays = true; stays;) {
        this.#exchange.head = null;
        const head = this.#parser.parse(inbox.bytes, inbox.at);
        if (head !== null) {
          inbox.at += this.#parser.consumed;
          const served = this.#serveOne(head);
          stays = typeof served === "boolean" ? served : await served;
          if (!stays) await this.#writer.flush();
          if (this.#exchange.holds) await this.#exchange.end();
          this.#intake.complete();
          this.#begin();
          if (this.#writer.full) await this.#writer.flush();
          continue;
        }
        // The client may wait for an answer before it continues.
        if (this.#writer.waiting) await this.#writer.flush();
        if (this.#parser.begun) {
          if (!await this.#intake.more("head")) throw malformed("the connection ended within the head");
        } else {
          inbox.at = inbox.bytes.length;
          this.#writer.releaseOutbox();
          stays = this.#intake.accept(await this.#intake.next());
          this.#begin();
        }
      }
      if (this.#wantsLinger) await this.#connection.finish();
    } catch (error) {
      if (this.#intake.timedOut) return;
      if (!(error instanceof Refusal)) throw error;
      await this.#refuse(error);
    } finally {
      await this.#exchange.end().catch(() => {});
      this.#writer.end();
      inbox.release();
      clock.unsubscribe(place);
    }
  }

  async #refuse(refusal: Refusal): Promise<void> {
    await this.#exchange.unwatch().catch(() => {});
    await this.#send(this.#refusalAnswer(refusal), 1, false, refusal.message);
    await this.#writer.flush();
    await this.#exchange.end();
    this.#intake.inbox.release();
    await this.#connection.finish(LINGER);
  }

  /** A page or a line of text, by the `Accept` field, even of a head that was not parsed to its end. */
  #refusalAnswer(refusal: Refusal): Answer {
    const { head } = this.#exchange;
    const { bytes, at } = this.#intake.inbox;
    return errorAnswer(head === null ? acceptIn(bytes.subarray(at)) : head.field("accept"), refusal);
  }

  /**
   * Whether closing at once could lose the last answer: if the client still sends, its bytes are answered with a reset, which discards
   * data that has not left this machine (RFC 9112 9.6).
   */
  get #wantsLinger(): boolean {
    const { head } = this.#exchange;
    if (this.#connection.closed || head === null) return false;
    const { keepAlive, length } = head.framing;
    return keepAlive || length !== 0 || this.#intake.inbox.left > 0 || this.#connection.bytesOut > INITIAL_WINDOW;
  }

  #begin(): void {
    if (this.#service.log.enabled) this.#begun = performance.now();
  }

  /** Serves one request; returns whether the connection stays open. */
  #serveOne(head: RequestHead): boolean | Promise<boolean> {
    this.#exchange.head = head;
    const { site, limits, hosts } = this.#service;
    const target = parseTarget(head.method, head.target);
    // HEAD is served as a GET without its body, so that resources need not handle it. A method that nothing supports is refused before
    // the host: in CONNECT, that is where the client wants to go.
    const resource = site(head.method === "HEAD" ? head.asGet() : head, target);
    const host = target.origin?.authority ?? head.framing.host;
    if (host !== null && !hosts.accepts(host, this.#connection.local)) throw misdirected();
    if (target.origin?.scheme === "https" && this.#connection.session === null) throw unsecured();
    if (head.method === "PUT" && head.field("content-range") !== null) throw partial();
    const keepAlive = head.framing.keepAlive && !(limits.maxRequests > 0 && ++this.#requests >= limits.maxRequests);
    if (head.framing.length !== 0) return this.#serveWithBody(head, target, resource, keepAlive);
    return this.#answer(head, target, resource, keepAlive, NO_TRAILERS);
  }

  /** Reads the whole body first, even if it is not needed: the next request starts after it. */
  async #serveWithBody(head: RequestHead, target: Target, resource: Resource, keepAlive: boolean): Promise<boolean> {
    const { log } = this.#service;
    const { framing } = head;
    // A client that waits for `100 (Continue)` and gets this answer may or may not send its body: the connection must close.
    if (framing.expectsContinue && resource.refuses === true) {
      return this.#answer(head, target, resource, false, NO_TRAILERS);
    }
    const { inbox } = this.#intake;
    const needs = resource.needs ?? (log.enabled ? "sample" : "nothing");
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
    if (head.size > LARGE_HEAD) this.#exchange.hold(head.size * ESCAPE_FACTOR);
    const headOnly = head.method === "HEAD";
    const asked = headOnly ? head.asGet() : head;
    const { body, received } = this.#exchange;
    const request = new ReceivedRequest(
      asked,
      headOnly,
      target,
      body,
      received,
      trailers,
      this.#connection,
      this.#exchange,
    );
    let answer;
    try {
      answer = resource.answer(request);
      if (head.framing.conditional) answer = Promise.resolve(answer).then((made) => underConditions(made, request));
    } catch (error) {
      throw this.#failure(error);
    }
    if (answer instanceof Promise) return this.#answerLater(answer, head, keepAlive);
    return this.#send(answer, head.minor, keepAlive);
  }

  /** Waits for a slow answer, after writing the queued ones. */
  async #answerLater(answer: Promise<Answer>, head: RequestHead, keepAlive: boolean): Promise<boolean> {
    // If the write fails, the client has disconnected: closing ends the work for it. The answer is awaited in any case, since its memory
    // is released only then.
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

  /** An error while making an answer is the server's fault, unless the client has disconnected. */
  #failure(error: unknown): Refusal | CutOffError {
    if (error instanceof Refusal || error instanceof CutOffError) return error;
    const { code, state } = stateOf(error);
    const { id, peer } = this.#connection;
    this.#service.events.emit({ event: "error", id, peer, code, message: `Cannot answer: ${state}` });
    return new Refusal(500, "the server failed; the reason is in its log");
  }

  /** Sends an answer; returns whether the connection stays open. */
  #send(answer: Answer, minor: 0 | 1, wanted: boolean, refusal = ""): boolean | Promise<boolean> {
    const { clock, log, signal } = this.#service;
    const switches = answer.status === 101;
    // HTTP/1.0 has no chunked coding: a body of unknown length ends when the connection closes.
    const keepAlive = switches || (wanted && !signal.aborted && (minor === 1 || answer.body.length !== null));
    const { head } = this.#exchange;
    const headOnly = head === null ? this.#parser.isHead : head.method === "HEAD";
    const sent = this.#writer.send(answer, { minor, keepAlive, date: clock.date }, headOnly);
    if (typeof sent === "number") {
      if (log.enabled) this.#log(answer.status, sent, refusal);
      return switches ? this.#switch() : keepAlive;
    }
    return this.#sendingDone(sent, answer.status, keepAlive, refusal);
  }

  /** Waits for an answer that is sent in pieces; apart from {@linkcode RequestLoop.#send}, which then needs no closures. */
  async #sendingDone(sent: Promise<number>, status: number, keepAlive: boolean, refusal: string): Promise<boolean> {
    const { log } = this.#service;
    try {
      const count = await sent;
      if (log.enabled) this.#log(status, count, refusal);
      return keepAlive;
    } catch (error) {
      if (log.enabled) this.#log(status, this.#writer.bodySent, refusal, true);
      throw error;
    }
  }

  /** Serves the WebSocket after its handshake; returns that no request follows. */
  async #switch(): Promise<false> {
    await this.#writer.flush();
    await new EchoSession(this.#connection, this.#service, this.#writer).run(this.#intake.inbox);
    return false;
  }

  #log(status: number, sent: number, refusal: string, cut = false): void {
    const duration = performance.now() - this.#begun;
    const { head, body, received } = this.#exchange;
    const raw = head === null ? this.#intake.inbox.bytes.subarray(this.#intake.inbox.at) : NOTHING;
    this.#service.log.add({
      connection: this.#connection,
      head,
      line: this.#parser.line,
      raw,
      body,
      received,
      status,
      sent,
      duration,
      refusal,
      cut,
    });
  }
}
