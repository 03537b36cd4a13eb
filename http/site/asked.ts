/**
 * A request as it is handed to a resource. Pure.
 *
 * @module
 */
import type { RequestHead } from "../request/head.ts";
import type { Asker, SiteRequest, Via } from "./resource.ts";
import type { Target } from "../request/target.ts";

/** Made once per request: a class, so that what few resources ask for costs the others nothing. */
export class Asked implements SiteRequest {
  readonly #asker: Asker;

  /** @param asker The session: signal and memory are its business. */
  constructor(
    readonly head: RequestHead,
    readonly headOnly: boolean,
    readonly target: Target,
    readonly body: Uint8Array,
    readonly received: number,
    readonly trailers: readonly string[],
    readonly via: Via,
    asker: Asker,
  ) {
    this.#asker = asker;
  }

  get signal(): AbortSignal {
    return this.#asker.signal;
  }

  mustBeThere(): void {
    this.#asker.mustBeThere();
  }

  hold(bytes: number): void {
    this.#asker.hold(bytes);
  }
}
