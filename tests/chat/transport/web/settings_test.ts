import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { plaintextPage } from "../../../../chat/transport/web/plaintext_page.ts";
import { webSettings } from "../../../../chat/transport/web/settings.ts";
import type { ServerSecrets } from "../../../../lib/script/tls_flags.ts";
import { browserFingerprint, identityOf } from "../../../../lib/tls/pem.ts";
import { tlsServer } from "../../../../lib/tls/server.ts";
import { decodeText, encodeText } from "../../../../lib/text.ts";
import { RawClient } from "../../../support/sockets.ts";
import { pki } from "../../../support/tls.ts";
import { LineClient } from "../../support.ts";
import { handshake } from "../../../support/websocket.ts";
import { ask, webRoom } from "./support.ts";

const { certificate, key } = pki.server;
const secrets: ServerSecrets = {
  settings: { certificate, key, clientCa: null, alpn: [] },
  fingerprint: identityOf(certificate).fingerprint,
  certificate: browserFingerprint(certificate),
  join: "",
};

Deno.test("with TLS, the room answers to the names in its certificate, and --host-name adds others", async () => {
  const { hosts, tls } = await webSettings({ bind: "127.0.0.1", hostName: ["chat.school.example"] }, secrets);
  assertEquals(hosts.names, ["chat.school.example", "localhost", "127.0.0.1", "::1"]);
  assertEquals(tls, { certificate: secrets.certificate, pin: secrets.fingerprint });
  assertEquals((await webSettings({ bind: "127.0.0.1", hostName: [] }, null)).tls, null);
});

Deno.test("who asks an encrypted room for its page by http gets the URL and the fingerprint; the attacker's name is no URL", async () => {
  const settings = await webSettings({ bind: "127.0.0.1", hostName: [] }, secrets);
  const page = (host: string): string =>
    decodeText(plaintextPage(settings, encodeText(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)) ?? encodeText(""));
  assertMatch(page("localhost:1234"), /^HTTP\/1\.1 400 [^]*<a href="https:\/\/localhost:1234\/">/);
  assertStringIncludes(page("localhost:1234"), secrets.certificate);
  assertEquals(page("evil.example").includes("evil"), false);
  assertStringIncludes(page("evil.example"), "<b>https://</b>");
  for (const text of ["hello\n", "GET /\n", "", "GET / HTTP/1.1"]) {
    assertEquals(plaintextPage(settings, encodeText(text)), null, text);
  }
});

Deno.test("over TLS, browsers and line clients share the port; a browser's Origin must be https", async () => {
  const web = await webSettings({ bind: "127.0.0.1", hostName: [] }, secrets);
  const plaintextReply = (first: Uint8Array): Uint8Array | null => plaintextPage(web, first);
  await using room = webRoom({ web, layers: { tls: tlsServer({ ...secrets.settings, plaintextReply }) } });
  const connect = async (): Promise<RawClient> =>
    new RawClient(await Deno.connectTls({ hostname: "localhost", port: room.port, caCerts: [pki.ca.certificate] }));
  using alice = new LineClient(await connect());
  await alice.say("/nick alice");
  await alice.until(/you are alice/);
  using page = await connect();
  await page.send(`GET / HTTP/1.1\r\nHost: localhost:${room.port}\r\n\r\n`);
  assertStringIncludes(await page.rest(), secrets.certificate);
  for (const [scheme, status] of [["https", 101], ["http", 403]] as const) {
    using socket = await connect();
    const origin = `Origin: ${scheme}://localhost:${room.port}\r\n`;
    await socket.send(handshake("/room?name=bob", origin).replace("localhost", `localhost:${room.port}`));
    await socket.until(new RegExp(`^HTTP/1.1 ${status} `));
  }
  assertEquals(await alice.line(), "* bob joined");
  const plain = await ask(room.port, `GET / HTTP/1.1\nHost: localhost:${room.port}`);
  assertEquals(plain.status, 400);
  assertStringIncludes(plain.body, `https://localhost:${room.port}/`);
});
