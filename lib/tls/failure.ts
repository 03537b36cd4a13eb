/**
 * What a failed TLS handshake means: an error message, and the alert for the peer. Pure.
 *
 * @module
 */
import { Exit, Failure, isDisconnect } from "../errors.ts";

/** A handshake that failed. */
export class HandshakeFailure extends Failure {
  override name = "HandshakeFailure";
  /** The alert description to send (RFC 8446 6). */
  readonly alert: number;

  constructor(message: string, alert: number, options?: ErrorOptions) {
    super(Exit.untrusted, message, options);
    this.alert = alert;
  }
}

/** The alert `handshake_failure`, for errors without an alert of their own. */
const HANDSHAKE_FAILURE = 40;
const KNOWN_ERRORS: readonly (readonly [form: RegExp, message: string, alert: number])[] = [
  [/InvalidContentType|wrong version number/i, "the peer does not speak TLS on this port", 10],
  [/known protocol|no.?application.?protocol/i, "no protocol in common (ALPN)", 120],
  [
    /Certificate.?Required|did not return a cert|sent no certificates/i,
    "the peer requires a certificate (--cert and --key)",
    116,
  ],
  [/Unknown.?CA/i, "the peer does not know the issuer of our certificate", 48],
  // We verify the chain only after the handshake, so a certificate error during it means that the peer could not prove its key.
  [
    /self-signed cert|unable to verify|unable to get|BadSignature|DecryptError|certificate has expired|not yet valid/i,
    "the peer does not hold its certificate's private key",
    51,
  ],
  [/Bad.?Certificate|Certificate.?Unknown/i, "the peer does not trust our certificate", 42],
  [/Certificate.?Expired/i, "the peer reports that our certificate has expired", 45],
  [
    /ProtocolVersion|incompatible|Tls1[23]|protocol version/i,
    "no TLS version in common; this side supports 1.2 and 1.3",
    70,
  ],
  [
    /received fatal alert: Handshake.?Failure/i,
    "the peer refused the handshake: no cipher suite in common, or it requires a certificate (--cert and --key)",
    HANDSHAKE_FAILURE,
  ],
  [/HandshakeFailure|handshake failure|no cipher/i, "no cipher suite in common", HANDSHAKE_FAILURE],
  [/corrupt|decode|invalid|unexpected/i, "the received data is not a TLS handshake", 50],
];

/** Translates a runtime error during a handshake. A disconnect is not a TLS error and is returned as it is. */
export function handshakeFailure(error: unknown): unknown {
  if (isDisconnect(error) || error instanceof Failure) return error;
  const said = error instanceof Error ? error.message : String(error);
  const [, message, alert] = KNOWN_ERRORS.find(([form]) => form.test(said)) ?? [];
  return new HandshakeFailure(message ?? `the TLS handshake failed: ${said}`, alert ?? HANDSHAKE_FAILURE, {
    cause: error,
  });
}

/** The same for a later error: a TLS 1.3 server rejects a client certificate only after the client's handshake is complete. */
export function sessionFailure(error: unknown): unknown {
  return error instanceof Error && /fatal alert/i.test(error.message) ? handshakeFailure(error) : error;
}

/** The unencrypted record that ends a failed handshake: a fatal alert with the reason (RFC 8446 6.2). */
export function alertRecord(reason: unknown): Uint8Array {
  return Uint8Array.of(21, 3, 3, 0, 2, 2, reason instanceof HandshakeFailure ? reason.alert : HANDSHAKE_FAILURE);
}
