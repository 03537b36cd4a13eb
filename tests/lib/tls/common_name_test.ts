import { X509Certificate } from "node:crypto";
import { assertEquals } from "@std/assert";
import { commonNameIn } from "../../../lib/tls/common_name.ts";
import { commonName, oneLine } from "../../../lib/tls/trust.ts";
import { pki, selfSigned } from "../../support/tls.ts";

const permissions = "none";
const certificateOf = (pem: string): X509Certificate => new X509Certificate(pem);

Deno.test("commonNameIn() finds the name in the subject, whatever it is written in", { permissions }, async () => {
  for (const [pair, name] of [[pki.ada, "Ada"], [pki.server, "localhost"]] as const) {
    assertEquals(commonNameIn(certificateOf(pair.certificate).raw), name);
  }
  const named = await selfSigned("x", { subject: [{ CN: [{ utf8String: "Zoë 漢" }] }] });
  assertEquals(commonNameIn(certificateOf(named.certificate).raw), "Zoë 漢");
});

Deno.test("a newline in another part of the subject gives nobody a name (T7)", { permissions }, async () => {
  const subject = [{ O: [{ utf8String: "x\nCN=admin" }] }, { CN: [{ utf8String: "bob" }] }];
  const forged = certificateOf((await selfSigned("x", { subject })).certificate);
  assertEquals([commonName(forged), oneLine(forged.subject)], ["bob", "O=x, CN=admin, CN=bob"]);
});

Deno.test("no common name, or two of them, is none", { permissions }, async () => {
  for (
    const subject of [[{ O: [{ utf8String: "x" }] }], [{ CN: [{ utf8String: "a" }] }, { CN: [{ utf8String: "b" }] }]]
  ) {
    assertEquals(commonNameIn(certificateOf((await selfSigned("x", { subject })).certificate).raw), null);
  }
});

Deno.test("commonNameIn() of cut bytes ends", { permissions }, () => {
  const { raw } = certificateOf(pki.ada.certificate);
  for (let length = 0; length < raw.length; length++) commonNameIn(raw.subarray(0, length));
});
