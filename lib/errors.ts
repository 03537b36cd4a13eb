/**
 * How a run can end: the exit codes, and errors that carry one.
 *
 * An error that reaches a person is a {@linkcode Failure}: its message is one plain sentence, "Cannot <action>: <state>".
 * What the runtime throws stays in `cause`. This file names no `Deno`, so that pure protocol files may import it.
 *
 * @module
 */

/** Exit codes, one per kind of ending, the same for every script. */
export const Exit = {
  /** The work is done. */
  done: 0,
  /** A failure that no other code names. */
  failed: 1,
  /** A flag, value or argument that makes no sense. */
  misuse: 2,
  /** The name has no address. */
  nameNotFound: 3,
  /** Refused, or no way to get there. */
  unreachable: 4,
  /** No connection, or no word from the peer, within the limit. */
  timedOut: 5,
  /** The peer reset the connection or left in mid-message. */
  cutOff: 6,
  /** The TLS certificate is not trusted. */
  untrusted: 7,
  /** The peer broke the protocol. */
  protocol: 8,
  /** The address is in use, foreign or not permitted. */
  cannotListen: 9,
  /** A client stopped by SIGINT (128 + 2, as shells count). */
  interrupted: 130,
} as const;

/** One of the {@linkcode Exit} codes. */
export type ExitCode = typeof Exit[keyof typeof Exit];

/** An error whose message is fit to be printed and which knows how the run ends because of it. */
export class Failure extends Error {
  override name = "Failure";
  /** The exit code of a run that ends with this. */
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A flag, a value or an argument that makes no sense: one line on stderr, exit 2, nothing opened. */
export class UsageError extends Failure {
  override name = "UsageError";
  constructor(message: string, options?: ErrorOptions) {
    super(Exit.misuse, message, options);
  }
}

/** The peer sent what its protocol does not allow, or more than the limit. */
export class ProtocolError extends Failure {
  override name = "ProtocolError";
  constructor(message: string, options?: ErrorOptions) {
    super(Exit.protocol, message, options);
  }
}

/** The peer reset the connection, or left in the middle of a message. */
export class CutOffError extends Failure {
  override name = "CutOffError";
  constructor(message: string, options?: ErrorOptions) {
    super(Exit.cutOff, message, options);
  }
}

/** A bound on time was reached. */
export class TimedOutError extends Failure {
  override name = "TimedOutError";
  constructor(message: string, options?: ErrorOptions) {
    super(Exit.timedOut, message, options);
  }

  /** The peer kept us waiting for longer than a limit, in milliseconds. */
  static of(limit: "idle" | "stall" | "message", peer: string, ms: number): TimedOutError {
    const seconds = ms / 1000;
    if (limit === "stall") return new TimedOutError(`Cannot write to ${peer}: it has not read for ${seconds} s`);
    const state = limit === "idle" ? `no word for ${seconds} s` : `its message is not complete after ${seconds} s`;
    return new TimedOutError(`Cannot read from ${peer}: ${state}`);
  }
}

/** Names of the runtime's errors that only say "the peer is gone". */
const DISCONNECTS: ReadonlySet<string> = new Set([
  "BrokenPipe",
  "ConnectionAborted",
  "ConnectionReset",
  "NotConnected",
  "UnexpectedEof",
]);

/**
 * Tells whether an error says that the peer is gone, which is an end of that connection and never of the program.
 *
 * @example Usage
 * ```ts
 * import { isDisconnect } from "./errors.ts";
 * import { assert } from "@std/assert";
 *
 * assert(isDisconnect(new Deno.errors.ConnectionReset()));
 * assert(!isDisconnect(new TypeError()));
 * ```
 */
export function isDisconnect(error: unknown): boolean {
  return error instanceof Error && DISCONNECTS.has(error.name);
}

/** Tells whether an operation ended because its own side closed the socket (or the signal it was given fired). */
export function isClosedHere(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "BadResource" || error.name === "Interrupted" || error.name === "AbortError");
}

/**
 * Puts what the runtime threw into words and a code.
 *
 * @param error What was caught.
 * @returns A state ("connection refused") and the code it means for a client. For {@linkcode Exit.cannotListen} see `lib/net/listen.ts`.
 */
export function stateOf(error: unknown): { code: ExitCode; state: string } {
  if (error instanceof Failure) return { code: error.code, state: error.message };
  if (!(error instanceof Error)) return { code: Exit.failed, state: String(error) };
  // Some of what the system says has no class of its own in the runtime, only its number's name.
  const known = STATES.get(error.name) ?? STATES.get("code" in error ? String(error.code) : "");
  if (known !== undefined) return known;
  if (error.message.includes("failed to lookup address information") || error.name === "URIError") {
    return { code: Exit.nameNotFound, state: "no such name" };
  }
  if (error.name === "NotCapable") return { code: Exit.failed, state: missingPermission(error) };
  if (isDisconnect(error)) return { code: Exit.cutOff, state: "the peer cut the connection" };
  return { code: Exit.failed, state: error.message.replace(/ \(os error \d+\)$/, "") };
}

const STATES: ReadonlyMap<string, { code: ExitCode; state: string }> = new Map(Object.entries({
  ConnectionRefused: { code: Exit.unreachable, state: "connection refused" },
  NetworkUnreachable: { code: Exit.unreachable, state: "network unreachable" },
  EHOSTUNREACH: { code: Exit.unreachable, state: "no route to that host" },
  ENETUNREACH: { code: Exit.unreachable, state: "network unreachable" },
  ETIMEDOUT: { code: Exit.timedOut, state: "no answer" },
  HostUnreachable: { code: Exit.unreachable, state: "host unreachable" },
  AddrNotAvailable: { code: Exit.unreachable, state: "address not available" },
  TimeoutError: { code: Exit.timedOut, state: "no answer within the time limit" },
  TimedOut: { code: Exit.timedOut, state: "no answer" },
  ConnectionReset: { code: Exit.cutOff, state: "connection reset by the peer" },
  BrokenPipe: { code: Exit.cutOff, state: "the peer no longer reads" },
  UnexpectedEof: { code: Exit.cutOff, state: "cut off without the end that TLS announces (close_notify)" },
}));

/** Turns "Requires net access to …, run again with the --allow-net flag" into our kind of sentence. */
function missingPermission(error: Error): string {
  const flag = /--allow-[a-z]+/.exec(error.message)?.[0] ?? "its --allow flag";
  const what = /access to (.+?), run again/.exec(error.message)?.[1] ?? "this";
  return `Deno has no permission for ${what}; add ${flag}, or use the task, which has it`;
}

/**
 * Puts a failed operation on a peer's connection into words.
 *
 * @param what The operation and the peer: "read from 192.0.2.1:80".
 * @param error What the runtime threw; a {@linkcode Failure} is in words already.
 * @param partial How many bytes of an unfinished message had come.
 */
export function peerFailure(what: string, error: unknown, partial: number): Failure {
  if (error instanceof Failure) return error;
  const { code, state } = stateOf(error);
  const cause = { cause: error };
  if (!isDisconnect(error)) {
    return new Failure(code, `Cannot ${what}: ${isClosedHere(error) ? "closed on this side" : state}`, cause);
  }
  return new CutOffError(`Cannot ${what}: ${state}${partial > 0 ? `, ${partial} bytes into a message` : ""}`, cause);
}
