/**
 * Connecting to whichever of a name's addresses answers first.
 *
 * @module
 */
import type { RawSocket } from "../net/socket.ts";

/** Connects a socket to an address; a script passes `(at) => Deno.connect(at)`. */
export type Opener = (at: Deno.ConnectOptions) => Promise<RawSocket>;

/** One attempt to connect: the address, when it began (`performance.now()`), and how it ended. */
export interface Attempt {
  readonly address: string;
  readonly started: number;
  /** The socket, or why there is none. */
  readonly result: { readonly socket: RawSocket } | { readonly error: unknown };
}

/** Every attempt failed. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  /** In the order of the addresses. */
  readonly failures: readonly { readonly address: string; readonly error: unknown }[];

  constructor(failures: NoAnswer["failures"]) {
    super("No address answers", { cause: failures[0]?.error });
    this.failures = failures;
  }
}

/** Options of {@linkcode dial}. */
export interface DialOptions {
  /** Aborts all attempts. */
  readonly signal: AbortSignal;
  /** Called when an attempt has ended. */
  readonly onAttempt?: ((attempt: Attempt) => void) | undefined;
}

/** How long an attempt may be silent before the next address is tried beside it (ms), RFC 8305 5. */
const ATTEMPT_DELAY = 250;

/**
 * Connects to the first address that answers (Happy Eyeballs, RFC 8305): the next is tried as soon as one fails, or beside one that is
 * silent for 250 ms. The platform can do that itself, but does not tell what became of each address.
 *
 * @param addresses In the order in which to try them; at least one.
 * @returns The socket; those of slower attempts are closed.
 * @throws {NoAnswer} All attempts failed, also if the signal ended them.
 *
 * @example Usage
 * ```ts
 * import { dial } from "./dial.ts";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const { signal } = new AbortController();
 * const socket = await dial((at) => Deno.connect(at), ["::1", "127.0.0.1"], listener.addr.port, { signal });
 * assertEquals((socket.remoteAddr as Deno.NetAddr).hostname, "127.0.0.1");
 * socket.close();
 * ```
 */
export function dial(
  open: Opener,
  addresses: readonly string[],
  port: number,
  options: DialOptions,
): Promise<RawSocket> {
  return new Dial(open, addresses, port, options).run();
}

class Dial {
  #open: Opener;
  #addresses: readonly string[];
  #port: number;
  #onAttempt: (attempt: Attempt) => void;
  #over = new AbortController();
  #signal: AbortSignal;
  /** Whether a socket was chosen. Two attempts can end in the same turn, before the signal aborts the slower one. */
  #chosen = false;
  #first = Promise.withResolvers<RawSocket>();
  #errors = new Map<string, unknown>();
  #tried = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(open: Opener, addresses: readonly string[], port: number, { signal, onAttempt }: DialOptions) {
    this.#open = open;
    this.#addresses = addresses;
    this.#port = port;
    this.#onAttempt = onAttempt ?? (() => {});
    this.#signal = AbortSignal.any([signal, this.#over.signal]);
    // Deno.connect (2.9) asks its signal once more after it has connected. If that had aborted meanwhile, it would throw, and nobody could
    // ever close the socket. Without an answer it returns the socket, which is closed here.
    this.#signal.throwIfAborted = () => {};
  }

  async run(): Promise<RawSocket> {
    this.#tryNext();
    try {
      return await this.#first.promise;
    } finally {
      clearTimeout(this.#timer);
      this.#over.abort();
    }
  }

  #tryNext(): void {
    clearTimeout(this.#timer);
    const address = this.#addresses[this.#tried];
    if (address === undefined) return;
    this.#tried++;
    if (this.#tried < this.#addresses.length) this.#timer = setTimeout(() => this.#tryNext(), ATTEMPT_DELAY);
    this.#attempt(address);
  }

  /** Makes one attempt; never rejects. */
  async #attempt(address: string): Promise<void> {
    const started = performance.now();
    try {
      if (this.#signal.aborted) throw this.#signal.reason;
      const socket = await this.#open({ port: this.#port, hostname: address, signal: this.#signal });
      // Another was quicker…
      if (this.#chosen) return socket.close();
      // …or the caller has given up.
      if (this.#signal.aborted) {
        socket.close();
        throw this.#signal.reason;
      }
      this.#chosen = true;
      this.#onAttempt({ address, started, result: { socket } });
      this.#first.resolve(socket);
    } catch (thrown) {
      const error: unknown = this.#signal.aborted ? this.#signal.reason : thrown;
      this.#onAttempt({ address, started, result: { error } });
      this.#errors.set(address, error);
      if (this.#signal.aborted || this.#errors.size === this.#addresses.length) return this.#fail();
      this.#tryNext();
    }
  }

  #fail(): void {
    const failures = this.#addresses.slice(0, this.#tried).map((address) => ({
      address,
      error: this.#errors.get(address) ?? this.#signal.reason,
    }));
    this.#first.reject(new NoAnswer(failures));
  }
}
