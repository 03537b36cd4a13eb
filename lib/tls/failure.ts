/**
 * What a TLS handshake that failed means, in words and as the alert that tells the other side. Pure.
 *
 * @module
 */
import { Exit, Failure, isDisconnect } from "../errors.ts";

/** A handshake that failed. */
export class HandshakeFailure extends Failure {
  override name = "HandshakeFailure";
  /** The description of the alert that says so (RFC 8446 6). */
  readonly alert: number;

  constructor(message: string, alert: number, options?: ErrorOptions) {
    super(Exit.untrusted, message, options);
    this.alert = alert;
  }
}

/** The alert `handshake_failure`: whatever has no alert of its own. */
const HANDSHAKE_FAILURE = 40;
const SAYINGS: readonly (readonly [form: RegExp, words: string, alert: number])[] = [
  [/InvalidContentType|wrong version number/i, "the other side does not speak TLS on this port", 10],
  [/known protocol|no.?application.?protocol/i, "no protocol in common (ALPN)", 120],
  [
    /Certificate.?Required|did not return a cert|sent no certificates/i,
    "the other side wants to see a certificate (--cert and --key)",
    116,
  ],
  [/Unknown.?CA/i, "the other side does not know who issued our certificate", 48],
  // The chain is judged after the handshake: a certificate that fails it was shown by somebody who has not its key.
  [
    /self-signed cert|unable to verify|unable to get|BadSignature|DecryptError|certificate has expired|not yet valid/i,
    "the other side has not the key of the certificate that it shows",
    51,
  ],
  [/Bad.?Certificate|Certificate.?Unknown/i, "the other side does not trust our certificate", 42],
  [/Certificate.?Expired/i, "the other side says that our certificate has expired", 45],
  [
    /ProtocolVersion|incompatible|Tls1[23]|protocol version/i,
    "no TLS version in common; this side speaks 1.2 and 1.3",
    70,
  ],
  [
    /received fatal alert: Handshake.?Failure/i,
    "the other side refuses: no cipher suite in common, or it wants to see a certificate (--cert and --key)",
    HANDSHAKE_FAILURE,
  ],
  [/HandshakeFailure|handshake failure|no cipher/i, "no cipher suite in common", HANDSHAKE_FAILURE],
  [/corrupt|decode|invalid|unexpected/i, "what came is no TLS handshake", 50],
];

/** Puts what the runtime threw during a handshake into words; a peer that is gone is no matter of TLS. */
export function handshakeFailure(error: unknown): unknown {
  if (isDisconnect(error) || error instanceof Failure) return error;
  const said = error instanceof Error ? error.message : String(error);
  const [, words, alert] = SAYINGS.find(([form]) => form.test(said)) ?? [];
  return new HandshakeFailure(words ?? `the TLS handshake failed: ${said}`, alert ?? HANDSHAKE_FAILURE, {
    cause: error,
  });
}

/** The same for what the runtime threw later: with TLS 1.3 the server says only then what it thinks of the client's certificate. */
export function sessionFailure(error: unknown): unknown {
  return error instanceof Error && /fatal alert/i.test(error.message) ? handshakeFailure(error) : error;
}

/** The record that ends a handshake and tells the other side why: a fatal alert (RFC 8446 6.2), before anything is encrypted. */
export function alertRecord(reason: unknown): Uint8Array {
  return Uint8Array.of(21, 3, 3, 0, 2, 2, reason instanceof HandshakeFailure ? reason.alert : HANDSHAKE_FAILURE);
}
