/**
 * Reads the one request of an HTTP connection, within limits of size and time.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { BodyReader } from "../../../http/request/body.ts";
import type { RequestHead } from "../../../http/request/head.ts";
import { HeadParser } from "../../../http/request/head_parser.ts";
import { Holding } from "../../../http/request/holding.ts";
import { type Hosts, misdirected, unsecured } from "../../../http/request/hosts.ts";
import { malformed, Refusal } from "../../../http/request/refusal.ts";
import { parseTarget, type Target } from "../../../http/request/target.ts";
import type { MemoryBudget } from "../../../lib/memory.ts";
import type { Connection } from "../../../lib/stream/connection.ts";

/** The limits of a head: browsers send a few kilobytes, most of them cookies, of which this server has none (RFC 9112 3: 8000 for a line). */
export const HEAD_LIMITS = { maxLine: 8192, maxHead: 16 * 1024, maxFields: 100 };
/** The most bytes of a body: that many a WebSocket message may have. */
const BODY_LIMITS = { ...HEAD_LIMITS, maxBody: 64 * 1024 };
/** How long a request may take (ms). */
const REQUEST_TIME = 10_000;
const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");

/** Options of {@linkcode RequestReader}. */
export interface RequestReaderOptions {
  readonly hosts: Hosts;
  /** Counts the body. */
  readonly memory?: MemoryBudget | undefined;
  /** How long the request may take (ms); 10 s by default. */
  readonly time?: number;
}

/** Reads a request. The connection is closed after its answer: what else the client sends is not read. */
export class RequestReader {
  #connection: Connection;
  #hosts: Hosts;
  #parser: HeadParser;
  #bytes: Uint8Array = new Uint8Array(0);
  #until: number;
  #time: number;
  #holding: Holding | null;

  constructor(connection: Connection, { hosts, memory, time = REQUEST_TIME }: RequestReaderOptions) {
    this.#connection = connection;
    this.#hosts = hosts;
    this.#parser = new HeadParser(HEAD_LIMITS);
    this.#holding = memory === undefined ? null : new Holding(memory);
    this.#time = time;
    this.#until = performance.now() + time;
  }

  /** Gives back the memory that the body has taken. */
  release(): void {
    this.#holding?.release();
  }

  /** Whether this is a HEAD request, even if no more of it could be parsed: its answer has no body. */
  get isHead(): boolean {
    return this.#parser.isHead;
  }

  /** What was received after the head. */
  get rest(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Reads the head.
   *
   * @returns `null` if the client has closed before it was complete.
   * @throws {Refusal} It is malformed, too large, too slow, or meant for another server.
   */
  async head(): Promise<{ head: RequestHead; target: Target } | null> {
    for (;;) {
      const head = this.#parser.parse(this.#bytes, 0);
      if (head === null) {
        if (!await this.#more()) return null;
        continue;
      }
      head.keep();
      this.#bytes = this.#bytes.subarray(this.#parser.consumed);
      const target = parseTarget(head.method, head.target);
      this.#checkHost(head, target);
      return { head, target };
    }
  }

  /** Reads the body. */
  async body({ framing }: RequestHead): Promise<Uint8Array> {
    const reader = new BodyReader(framing.length, "all", BODY_LIMITS, this.#holding);
    if (framing.expectsContinue && this.#bytes.length === 0) await this.#connection.write(CONTINUE);
    for (;;) {
      if (!reader.done) this.#bytes = this.#bytes.subarray(reader.push(this.#bytes, 0));
      if (reader.done) return reader.bytes;
      if (!await this.#more()) throw malformed("the connection ended within the body");
    }
  }

  /** In a DNS rebinding attack the host is the attacker's name. */
  #checkHost(head: RequestHead, { origin }: Target): void {
    const host = origin?.authority ?? head.framing.host;
    if (host !== null && !this.#hosts.accepts(host, this.#connection.local)) throw misdirected();
    if (origin?.scheme === "https" && this.#connection.session === null) throw unsecured();
  }

  /** Adds what is received next; `false` at the end of the stream. */
  async #more(): Promise<boolean> {
    if (!await this.#connection.readyWithin(Math.max(0, this.#until - performance.now()))) {
      throw new Refusal(408, `the request was not complete within ${this.#time / 1000} s`);
    }
    const bytes = await this.#connection.read();
    // A copy: the connection reads into the same buffer again.
    if (bytes !== null) this.#bytes = concat([this.#bytes, bytes]);
    return bytes !== null;
  }
}
