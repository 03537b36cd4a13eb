/**
 * A request as it is passed to a resource. Pure.
 *
 * @module
 */
import type { RequestHead } from "../request/head.ts";
import type { Hosts } from "../request/hosts.ts";
import type { ConnectionInfo, RequestContext, SiteRequest } from "./resource.ts";
import type { Target } from "../request/target.ts";

/** A class with getters, so that what few resources use costs the other requests nothing. */
export class ReceivedRequest implements SiteRequest {
  readonly #context: RequestContext;

  /** @param context The session, which provides the time and the signal, and counts memory. */
  constructor(
    readonly head: RequestHead,
    readonly headOnly: boolean,
    readonly target: Target,
    readonly body: Uint8Array,
    readonly received: number,
    readonly trailers: readonly string[],
    readonly connection: ConnectionInfo,
    context: RequestContext,
  ) {
    this.#context = context;
  }

  get hosts(): Hosts {
    return this.#context.hosts;
  }

  get now(): number {
    return this.#context.now;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  throwIfGone(): void {
    this.#context.throwIfGone();
  }

  hold(bytes: number): void {
    this.#context.hold(bytes);
  }
}
