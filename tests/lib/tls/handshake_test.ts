import { X509Certificate } from "node:crypto";
import type tls from "node:tls";
import { assertEquals } from "@std/assert";
import { handshakeResult, type Side } from "../../../lib/tls/handshake.ts";
import { pki } from "../../support/tls.ts";

const SERVER: Side = { kind: "server", options: {}, plaintextReply: () => new Uint8Array(), requireCertificate: true };

/** What `node:tls` shows of a handshake, as far as it is read. */
function shown(fields: Record<string, unknown>): tls.TLSSocket {
  return {
    getPeerCertificate: () => ({ raw: new X509Certificate(pki.ada.certificate).raw }),
    getCipher: () => ({ name: "X", standardName: "TLS_X" }),
    getProtocol: () => "TLSv1.3",
    ...fields,
  } as unknown as tls.TLSSocket;
}

Deno.test("a client's certificate counts as verified only where the runtime says so", { permissions: "none" }, () => {
  const result = (fields: Record<string, unknown>) => handshakeResult(shown(fields), SERVER).chainError;
  assertEquals(result({ authorized: true }), null);
  assertEquals(result({ authorized: false, authorizationError: "EXPIRED" }), "EXPIRED");
  assertEquals(result({ authorized: false, _handle: { verifyError: () => null } }), null);
  assertEquals(result({ authorized: false, _handle: { verifyError: () => "UNKNOWN" } }), "UNKNOWN");
  // A runtime that no longer tells is no reason to let everyone in.
  assertEquals(result({ authorized: false, _handle: {} }), "not verified");
  assertEquals(result({ authorized: false }), "not verified");
});
