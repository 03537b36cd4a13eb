/**
 * What a client with several servers says when it loses one, and after which failures it goes on.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../../lib/addr.ts";
import { Exit, Failure, RefusedError } from "../../../lib/errors.ts";
import { listed, plural } from "../../../lib/text.ts";
import { mayTryAgain } from "../../protocol.ts";

/** The failures after which the next server may do better: it is not there, does not answer, or is gone. */
const PASSING: ReadonlySet<number> = new Set([Exit.nameNotFound, Exit.unreachable, Exit.timedOut, Exit.cutOff]);

/**
 * Whether the next server may do better. Who was sent away by one (kicked, banned) is not let in by another; a server that is full or
 * shuts down has said nothing about the member. A server that is not trusted ends the run: to skip it would hide an attack.
 */
export function isPassing(error: unknown): error is Failure {
  if (error instanceof RefusedError) return mayTryAgain(error.message);
  return error instanceof Failure && PASSING.has(error.code);
}

/** The time without a server: tells once that one was lost, and once that no other answers. */
export class Outage {
  #servers: readonly Endpoint[];
  #warn: (text: string) => void;
  #limit: string;
  #failure: Failure | null = null;
  #told: "nothing" | "lost" | "none answers" = "nothing";

  /** @param giveUp For how long servers are tried (s); 0 = for ever. */
  constructor(servers: readonly Endpoint[], { giveUp, warn }: { giveUp: number; warn: (text: string) => void }) {
    this.#servers = servers;
    this.#warn = warn;
    this.#limit = giveUp === 0 ? "until one does" : `for ${giveUp} s`;
  }

  /** The exit code of the last failure, if there was one. */
  get code(): Failure["code"] | null {
    return this.#failure?.code ?? null;
  }

  /** An attempt has failed, or its connection is lost. */
  failed(failure: Failure): void {
    this.#failure = failure;
  }

  /** It is over. */
  end(): void {
    this.#told = "nothing";
    this.#failure = null;
  }

  /** The next attempt: tells what is new. */
  next(server: Endpoint, wait: number): void {
    if (this.#failure !== null && this.#told === "nothing") {
      this.#told = "lost";
      this.#warn(`${this.#failure.message}; trying ${formatEndpoint(server)}`);
    } else if (wait > 0 && this.#told === "lost") {
      this.#told = "none answers";
      this.#warn(`None of the ${this.#servers.length} servers lets us join; trying them again ${this.#limit}`);
    }
  }

  /** The failure that ends the run. */
  givenUp(unsent: number): Failure {
    const names = listed(this.#servers.map(formatEndpoint), "or");
    const lines = unsent === 0 ? "" : `; ${plural(unsent, "line")} not confirmed`;
    const last = this.#failure === null ? "" : `; the last failure: ${this.#failure.message}`;
    return new Failure(this.code ?? Exit.failed, `Cannot join ${names} ${this.#limit}${lines}${last}`);
  }
}
