/**
 * The interface between a connection and the site that it serves: resources that turn requests into answers. Pure.
 *
 * @module
 */
import type { TlsSession } from "../../lib/events.ts";
import type { Answer } from "../answer/answer.ts";
import type { BodyNeed } from "../request/body.ts";
import type { RequestHead } from "../request/head.ts";
import type { Hosts } from "../request/hosts.ts";
import type { Target } from "../request/target.ts";

/** A request with its complete body. Its bytes are valid until the answer is made, and while a streamed body is sent. */
export interface SiteRequest {
  /** The head; a HEAD request's as a GET. */
  readonly head: RequestHead;
  /** Whether the request was HEAD, so that the answer's body will be dropped. */
  readonly headOnly: boolean;
  readonly target: Target;
  /** As much of the body as the resource's `needs` says, in that form. */
  readonly body: Uint8Array;
  /** The length of the whole body in bytes. */
  readonly received: number;
  /** The trailer lines of a chunked body. */
  readonly trailers: readonly string[];
  readonly connection: ConnectionInfo;
  /** The hosts that the server answers to. */
  readonly hosts: Hosts;
  /** The time of the answer's `Date`, or a little before it, in whole seconds since 1970. */
  readonly now: number;
  /**
   * Aborts when the server stops, and when the client has disconnected or must not be kept waiting: end a slow answer then. Reading this
   * property starts watching the client.
   */
  readonly signal: AbortSignal;
  /**
   * For work in steps.
   *
   * @throws {CutOffError} The client has disconnected.
   */
  throwIfGone(): void;
  /**
   * Counts more bytes against the memory limit of all connections until the answer is sent. For large buffers other than the body.
   *
   * @throws {Refusal} 503: the limit is reached.
   */
  hold(bytes: number): void;
}

/** The part of a request that its session provides. */
export type RequestContext = Pick<SiteRequest, "hosts" | "now" | "signal" | "throwIfGone" | "hold">;

/** The connection of a request. */
export interface ConnectionInfo {
  readonly id: number;
  readonly peer: string;
  readonly local: string;
  /** The peer's address without the port. */
  readonly hostname: string;
  /** The negotiated TLS parameters; `null` without TLS. */
  readonly session: TlsSession | null;
}

/** A resource of a site. */
export interface Resource {
  /** How much of the body {@linkcode Resource.answer} needs; nothing by default. */
  readonly needs?: BodyNeed;
  /** Whether it refuses every request whatever the body: a client that waits for `100 (Continue)` is then refused before sending it. */
  readonly refuses?: boolean;
  /** Makes the answer, synchronously if possible. After one with the status 101, the connection is a WebSocket that echoes. */
  answer(request: SiteRequest): Answer | Promise<Answer>;
}

/** Finds the resource for a request. It always returns one: "not found" is a resource too. */
export type Site = (head: RequestHead, target: Target) => Resource;
