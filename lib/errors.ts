/**
 * Exit codes, and the errors that carry them.
 *
 * An error shown to the user is a {@linkcode Failure}: its message is one plain sentence, "Cannot <action>: <state>".
 * The runtime's error is kept as its `cause`. This file does not name `Deno`, so pure protocol files may import it.
 *
 * @module
 */
import { REFUSED } from "./refusal.ts";

/** Exit codes, the same for every script. */
export const Exit = {
  /** Success. */
  done: 0,
  /** Any failure without a code of its own. */
  failed: 1,
  /** An invalid flag, value or argument. */
  misuse: 2,
  /** The name has no address. */
  nameNotFound: 3,
  /** Connection refused, or no route to the peer. */
  unreachable: 4,
  /** Connecting timed out, or the peer sent nothing within the idle limit. */
  timedOut: 5,
  /** The peer reset the connection or left mid-message. */
  cutOff: 6,
  /** The TLS certificate is not trusted. */
  untrusted: 7,
  /** The peer broke the protocol. */
  protocol: 8,
  /** The address is in use, not local or not permitted. */
  cannotListen: 9,
  /** A client stopped by SIGINT (128 + 2, the shell convention). */
  interrupted: 130,
} as const;

/** One of the {@linkcode Exit} codes. */
export type ExitCode = typeof Exit[keyof typeof Exit];

/** An error with a printable message and an exit code. */
export class Failure extends Error {
  override name = "Failure";
  /** The exit code of a run that ends with this error. */
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An invalid flag, value or argument: one line on stderr, exit 2, nothing opened. */
export class UsageError extends Failure {
  override name = "UsageError";
  constructor(message: string, options?: ErrorOptions) {
    super(Exit.misuse, message, options);
  }
}

/** The peer violated the protocol or exceeded a size limit. */
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

/** A message exceeds the size limit. */
export class TooLongError extends ProtocolError {
  override name = "TooLongError";

  /** @param max The limit in bytes. */
  constructor(readonly max: number) {
    super(`Cannot take the message: it is longer than ${max} bytes`);
  }
}

/** A client does not speak TLS on a port that does; it is told so in plain text. */
export class PlaintextError extends Failure {
  override name = "PlaintextError";

  /**
   * @param bytesIn How much of what it sent was read, in bytes.
   * @param reply What it is told.
   */
  constructor(readonly bytesIn: number, readonly reply: Uint8Array) {
    super(Exit.untrusted, `${REFUSED}this port speaks TLS`);
  }

  /** The length of the reply. */
  get bytesOut(): number {
    return this.reply.length;
  }
}

/** The server has turned this client away; the message is the server's sentence, which is untrusted text. */
export class RefusedError extends Failure {
  override name = "RefusedError";
  /** How many bytes its sentence took. */
  readonly bytes: number;

  constructor(sentence: string, bytes: number) {
    super(Exit.unreachable, sentence);
    this.bytes = bytes;
  }
}

/** A time limit expired. */
export class TimedOutError extends Failure {
  override name = "TimedOutError";
  constructor(message: string, options?: ErrorOptions) {
    super(Exit.timedOut, message, options);
  }

  /** The error for a connection limit of `ms` milliseconds that expired. */
  static of(limit: "idle" | "stall" | "message", peer: string, ms: number): TimedOutError {
    const seconds = ms / 1000;
    if (limit === "stall") return new TimedOutError(`Cannot write to ${peer}: it has not read for ${seconds} s`);
    const state = limit === "idle" ? `no data for ${seconds} s` : `its message is not complete after ${seconds} s`;
    return new TimedOutError(`Cannot read from ${peer}: ${state}`);
  }
}

/** Names of runtime errors that only mean that the peer is gone. */
const DISCONNECTS: ReadonlySet<string> = new Set([
  "BrokenPipe",
  "ConnectionAborted",
  "ConnectionReset",
  "NotConnected",
  "UnexpectedEof",
]);

/**
 * Whether an error means that the peer is gone. That ends the connection, never the program.
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

/** Whether an operation ended because this side closed the socket (or its signal was aborted). */
export function isClosedHere(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "BadResource" || error.name === "Interrupted" || error.name === "AbortError");
}

/**
 * Maps a runtime error to a state and an exit code.
 *
 * @param error What was caught.
 * @returns A state ("connection refused") and a client's exit code. For {@linkcode Exit.cannotListen} see `lib/net/listen.ts`.
 */
export function stateOf(error: unknown): { code: ExitCode; state: string } {
  if (error instanceof Failure) return { code: error.code, state: error.message };
  if (!(error instanceof Error)) return { code: Exit.failed, state: String(error) };
  // The runtime has no class for some system errors, only an errno name.
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
  EHOSTUNREACH: { code: Exit.unreachable, state: "no route to host" },
  ENETUNREACH: { code: Exit.unreachable, state: "network unreachable" },
  ENOTFOUND: { code: Exit.nameNotFound, state: "no such name" },
  EMFILE: { code: Exit.failed, state: "Too many open files" },
  ETIMEDOUT: { code: Exit.timedOut, state: "no answer" },
  HostUnreachable: { code: Exit.unreachable, state: "host unreachable" },
  AddrNotAvailable: { code: Exit.unreachable, state: "address not available" },
  TimeoutError: { code: Exit.timedOut, state: "no answer within the time limit" },
  TimedOut: { code: Exit.timedOut, state: "no answer" },
  ConnectionReset: { code: Exit.cutOff, state: "connection reset by the peer" },
  BrokenPipe: { code: Exit.cutOff, state: "the peer no longer reads" },
  UnexpectedEof: { code: Exit.cutOff, state: "cut off without a TLS close_notify" },
}));

/** Rewords "Requires net access to …, run again with the --allow-net flag". */
function missingPermission(error: Error): string {
  const flag = /--allow-[a-z]+/.exec(error.message)?.[0] ?? "its --allow flag";
  const what = /access to (.+?), run again/.exec(error.message)?.[1] ?? "this";
  const advice = what.includes(",")
    ? "it cannot grant a path with a comma, so use another folder"
    : `add ${flag}, or use the task, which has it`;
  return `Deno has no permission for ${what}; ${advice}`;
}

/** The error for a failed file operation: "Cannot read certs/ca.pem: permission denied". */
export function fileFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  // "Permission denied (os error 13): open '/x'"
  const plain = error instanceof Error ? /^(.+?) \(os error \d+\)/.exec(error.message)?.[1] : undefined;
  const words = plain === undefined ? stateOf(error).state : plain.charAt(0).toLowerCase() + plain.slice(1);
  return new Failure(Exit.failed, `Cannot ${what}: ${words}`, { cause: error });
}

/**
 * Makes a {@linkcode Failure} of an operation that failed on a peer's connection.
 *
 * @param what The operation and the peer: "read from 192.0.2.1:80".
 * @param error The runtime's error; a {@linkcode Failure} is returned unchanged.
 * @param partial How many bytes of an incomplete message had arrived.
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
