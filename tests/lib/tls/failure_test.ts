import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CutOffError } from "../../../lib/errors.ts";
import { alertRecord, HandshakeFailure, handshakeFailure, sessionFailure } from "../../../lib/tls/failure.ts";

const permissions = "none";

Deno.test("handshakeFailure() translates runtime errors into a message and an alert", { permissions }, () => {
  for (
    const [said, words, alert] of [
      ["received corrupt message of type InvalidContentType", "does not speak TLS on this port", 10],
      ["peer doesn't support any known protocol", "no protocol in common (ALPN)", 120],
      ["received fatal alert: NoApplicationProtocol", "no protocol in common (ALPN)", 120],
      ["received fatal alert: CertificateRequired", "requires a certificate (--cert and --key)", 116],
      ["received fatal alert: UnknownCA", "does not know the issuer of our certificate", 48],
      ["received fatal alert: CertificateExpired", "reports that our certificate has expired", 45],
      ["received fatal alert: BadCertificate", "does not trust our certificate", 42],
      ["received fatal alert: ProtocolVersion", "no TLS version in common", 70],
      ["received fatal alert: HandshakeFailure", "or it requires a certificate", 40],
      ["self-signed certificate", "does not hold its certificate's private key", 51],
      ["unable to verify the first certificate", "does not hold its certificate's private key", 51],
      ["received corrupt message of type MessageTooLarge", "the received data is not a TLS handshake", 50],
      ["something new", "the TLS handshake failed: something new", 40],
    ] as const
  ) {
    const failure = handshakeFailure(new Error(said));
    assert(failure instanceof HandshakeFailure);
    assertStringIncludes(failure.message, words, said);
    assertEquals([said, failure.code, failure.alert], [said, 7, alert]);
    assertEquals([...alertRecord(failure)], [21, 3, 3, 0, 2, 2, alert]);
  }
});

Deno.test("a disconnect and a Failure are returned as they are", { permissions }, () => {
  for (const error of [new Deno.errors.ConnectionReset(), new CutOffError("closed")]) {
    assertEquals(handshakeFailure(error), error);
  }
  assertEquals([...alertRecord(new Error())].at(-1), 40);
});

Deno.test("sessionFailure() translates alerts that arrive after the handshake", { permissions }, () => {
  assert(sessionFailure(new Error("received fatal alert: CertificateRequired")) instanceof HandshakeFailure);
  const other = new Error("bad record mac");
  assertEquals(sessionFailure(other), other);
});
