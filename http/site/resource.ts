/**
 * What a site is to the connection that serves it: resources, found by method and path, that turn requests into answers. Pure.
 *
 * @module
 */
import type { TlsSession } from "../../lib/events.ts";
import type { Answer } from "../answer/answer.ts";
import type { BodyNeed } from "../request/body.ts";
import type { RequestHead } from "../request/head.ts";
import type { Target } from "../request/target.ts";

/** A request, complete with its body. Its bytes are valid until the answer is made, and while its stream is sent. */
export interface SiteRequest {
  /** The head; that of a HEAD request as a GET. */
  readonly head: RequestHead;
  /** Whether the answer's body will be left out: the request was HEAD. */
  readonly headOnly: boolean;
  readonly target: Target;
  /** As much of the body, in the form, as the resource said that it needs. */
  readonly body: Uint8Array;
  /** Bytes of the whole body. */
  readonly received: number;
  /** Trailer lines of a chunked body. */
  readonly trailers: readonly string[];
  /** The two ends of the connection, and which request on it this is. */
  readonly via: Via;
  /**
   * Aborts when the server stops, and when the client has left or waits no longer: an answer that takes its time should end then. The
   * client is watched from the moment on that somebody asks for the signal.
   */
  readonly signal: AbortSignal;
  /**
   * For work that is done in steps.
   *
   * @throws {CutOffError} The client has left: there is nobody to answer.
   */
  mustBeThere(): void;
  /**
   * Holds so many bytes more of the memory that all connections share, until the answer is sent. For what is large and not the body.
   *
   * @throws {Refusal} 503: there is not as much left.
   */
  hold(bytes: number): void;
}

/** The session that a request belongs to. */
export type Asker = Pick<SiteRequest, "signal" | "mustBeThere" | "hold">;

/** The connection that a request came on. */
export interface Via {
  readonly id: number;
  readonly peer: string;
  readonly local: string;
  /** The peer's address without the port. */
  readonly hostname: string;
  /** What TLS has agreed upon; `null` without TLS. */
  readonly session: TlsSession | null;
}

/** One thing that can be asked for. */
export interface Resource {
  /** How much of the body {@linkcode Resource.answer} wants to see; nothing, if it does not say. */
  readonly needs?: BodyNeed;
  /** Says no whatever the body is: a client that waits for `100 (Continue)` is told without having to send it. */
  readonly refuses?: boolean;
  /** Makes the answer; at once where nothing has to be waited for. */
  answer(request: SiteRequest): Answer | Promise<Answer>;
}

/** Finds the resource for a request; never fails, since "there is none" is a resource too. */
export type Site = (head: RequestHead, target: Target) => Resource;
