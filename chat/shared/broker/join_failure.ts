/**
 * Why a room cannot be joined at its broker, in plain words. Pure.
 *
 * @module
 */
import { Exit, Failure, stateOf } from "../../../lib/errors.ts";

/** What the client library says, what it means, and the exit code. The library has few classes and says most in the text. */
const KNOWN: readonly (readonly [form: RegExp, code: Failure["code"], state: string])[] = [
  [
    /^AuthorizationError|^UserAuthenticationExpired/,
    Exit.failed,
    "it does not accept these credentials; set NATS_USER and NATS_PASSWORD, or NATS_TOKEN, or use --nats-creds",
  ],
  [
    /ECONNREFUSED|connection refused/i,
    Exit.unreachable,
    "connection refused; start `nats-server -js` there, or check the address",
  ],
  [/^TimeoutError/, Exit.timedOut, "no answer of a NATS server in time"],
  [/does not support 'tls'/i, Exit.untrusted, "it does not speak TLS; use nats:// if that is meant"],
  [/NotValidForName|not valid for name/i, Exit.untrusted, "its certificate is for another name"],
  [
    /: (certificate )?(Expired|not valid yet|NotValidYet)/i,
    Exit.untrusted,
    "its certificate is not valid at this time",
  ],
  [
    /UnknownIssuer|CaUsedAsEndEntity/,
    Exit.untrusted,
    "its certificate is not trusted; name the file of its CA with --nats-ca",
  ],
  [/certificate|\bTLS\b|\bSSL\b|_SSL_/i, Exit.untrusted, "the TLS handshake failed"],
  [/unexpected response|JSON/i, Exit.protocol, "it is not a NATS server"],
  [/broker has closed/, Exit.cutOff, "it closed the connection without a word"],
];

const PERMISSIONS = "see chat/shared/README.md for the permissions that it takes";

/**
 * The failure to connect to a room's brokers.
 *
 * @param servers What was tried.
 * @param error What the client library threw for the last of them.
 *
 * @example Usage
 * ```ts
 * import { connectFailure } from "./join_failure.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { code, message } = connectFailure(["localhost:4222"], new Error("server does not support 'tls'"));
 * assertEquals(code, 7);
 * assertEquals(message, "Cannot join the room at NATS localhost:4222: it does not speak TLS; use nats:// if that is meant");
 * ```
 */
export function connectFailure(servers: readonly string[], error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { name = "", message = "", code = "" } = error instanceof Error ? error as Error & { code?: string } : {};
  const said = `${name} ${code} ${message}`;
  const known = KNOWN.find(([form]) => form.test(said));
  const state = known === undefined ? stateOf(error) : { code: known[1], state: known[2] };
  return joinFailure(servers.join(", "), state.state, { code: state.code, cause: error });
}

/**
 * The failure to get from a broker what a room needs there.
 *
 * @param server The broker.
 * @param about What it was asked about: "the stream ROOM_3562".
 * @param error What the client library threw.
 */
export function openFailure(server: string, about: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { name = "", message = "", cause } = error instanceof Error ? error : {};
  const forbidden = /Permissions Violation (for .*)/i.exec(`${message} ${cause instanceof Error ? cause.message : ""}`);
  const late = name === "TimeoutError";
  const state = forbidden !== null
    ? `the broker does not permit it: ${forbidden[1]}; ${PERMISSIONS}`
    : name === "JetStreamNotEnabled"
    ? "it has no JetStream; start it as `nats-server -js`, or enable JetStream for this account"
    : late
    ? `JetStream does not answer about ${about}; ${PERMISSIONS}`
    : `${message} (${about})`;
  return joinFailure(server, state, { code: late ? Exit.timedOut : Exit.failed, cause: error });
}

/** The failure to join a room at a broker, or at each of several. */
export function joinFailure(
  server: string,
  state: string,
  { code = Exit.failed, cause }: { readonly code?: Failure["code"]; readonly cause?: unknown } = {},
): Failure {
  return new Failure(code, `Cannot join the room at NATS ${server}: ${state}`, { cause });
}
