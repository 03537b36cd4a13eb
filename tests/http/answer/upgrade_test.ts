/** The handshake of a WebSocket (RFC 6455 4.2, 10.2; RFC 9110 7.8). */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { errorFields } from "../../../http/answer/answer.ts";
import { upgradeHead, upgradeRefusal } from "../../../http/answer/upgrade.ts";
import { ANY_HOST, Hosts } from "../../../http/request/hosts.ts";
import type { Arrival } from "../../../http/request/origin.ts";
import { decodeText } from "../../../lib/text.ts";
import { headOf } from "../requests.ts";

const ARRIVAL: Arrival = {
  hosts: new Hosts({ names: ["wiki.example"], anyAddress: false }),
  local: "192.0.2.7:8080",
  secure: false,
};

const FIELDS: Readonly<Record<string, string>> = {
  Host: "localhost:8080",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

/** A handshake with other fields; an empty one is left out. */
function handshake(changed: Readonly<Record<string, string>> = {}, line = "GET /websocket HTTP/1.1"): string {
  const fields = Object.entries({ ...FIELDS, ...changed }).filter(([, value]) => value !== "");
  return `${line}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

const statusOf = (text: string, arrival = ARRIVAL): number | undefined => upgradeRefusal(headOf(text), arrival)?.status;

Deno.test("RFC 6455 4.2.2: the answer to a handshake", { permissions: "none" }, async () => {
  assertEquals(
    decodeText(await upgradeHead(headOf(handshake()))),
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
  );
});

Deno.test("RFC 6455 4.2.1: what a handshake must have", { permissions: "none" }, () => {
  assertEquals(statusOf(handshake()), undefined);
  assertEquals(statusOf(handshake({ Upgrade: "h2c, WebSocket", Connection: "keep-alive, upgrade" })), undefined);
  assertEquals(statusOf(handshake({ "Sec-WebSocket-Protocol": "chat", "Sec-WebSocket-Extensions": "x" })), undefined);
  const cases: [what: Record<string, string>, status: number][] = [
    [{ Upgrade: "" }, 426],
    [{ Upgrade: "h2c" }, 426],
    [{ Upgrade: "websockets" }, 426],
    [{ Connection: "" }, 426],
    [{ Connection: "keep-alive" }, 426],
    [{ "Sec-WebSocket-Version": "" }, 426],
    [{ "Sec-WebSocket-Version": "8" }, 426],
    [{ "Sec-WebSocket-Version": "13, 8" }, 426],
    [{ "Sec-WebSocket-Key": "" }, 400],
    [{ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ" }, 400],
    [{ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j" }, 400],
    [{ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZTEyMw==" }, 400],
    [{ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==" }, 400],
    [{ "Content-Length": "5" }, 400],
    [{ "Transfer-Encoding": "chunked" }, 400],
  ];
  for (const [changed, status] of cases) assertEquals(statusOf(handshake(changed)), status, JSON.stringify(changed));
  assertEquals(statusOf(handshake({}, "HEAD /websocket HTTP/1.1")), 426);
  assertEquals(statusOf(handshake({}, "POST /websocket HTTP/1.1")), 426);
  assertEquals(statusOf(handshake({}, "GET /websocket HTTP/1.0")), 426);
});

Deno.test("RFC 6455 4.4, RFC 9110 15.5.22: 426 names the protocol and its version", { permissions: "none" }, () => {
  const refusal = upgradeRefusal(headOf(handshake({ "Sec-WebSocket-Version": "8" })), ARRIVAL);
  assertEquals(
    refusal && errorFields(refusal),
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
  );
  assertStringIncludes(refusal?.message ?? "", "13");
});

Deno.test("RFC 6455 10.2: pages of other origins are refused, whatever Host says", { permissions: "none" }, () => {
  const plain = (origin: string, host = "localhost:8080"): number | undefined =>
    statusOf(handshake({ Origin: origin, Host: host }));
  const own: [origin: string, host: string][] = [
    ["http://localhost:8080", "localhost:8080"],
    ["http://127.0.0.1:8080", "localhost:8080"],
    ["HTTP://Wiki.Example:8080", "wiki.example:8080"],
    ["http://192.0.2.7:8080", "192.0.2.7:8080"],
    ["http://[::1]:8080", "[::1]:8080"],
    ["http://wiki.example", "wiki.example"],
    ["http://wiki.example", "wiki.example:80"],
    // Port forwarding.
    ["http://localhost:9000", "localhost:9000"],
  ];
  for (const [origin, host] of own) assertEquals(plain(origin, host), undefined, origin);
  const foreign: [origin: string, host?: string][] = [
    ["http://evil.example:8080", "evil.example:8080"],
    ["http://evil.example:8080"],
    ["http://localhost:3000"],
    ["http://localhost"],
    ["https://localhost:8080"],
    ["ws://localhost:8080"],
    ["null"],
    ["http://localhost:8080/"],
    ["http://localhost:8080, http://localhost:8080"],
    ["http://user@localhost:8080"],
    ["http://localhost:8080:8080"],
    ["http://localhost:x:8080"],
    ["http://"],
    ["http://192.0.2.8:8080"],
    ["http://lo\xffcalhost:8080"],
  ];
  for (const [origin, host] of foreign) assertEquals(plain(origin, host), 403, origin);
  // That every host, or every address, is accepted makes no other page ours.
  const lenient = [new Hosts(ANY_HOST), new Hosts({ names: [], anyAddress: true })].map((hosts) => ({
    ...ARRIVAL,
    hosts,
  }));
  for (const arrival of lenient) {
    const from = (origin: string): number | undefined =>
      statusOf(handshake({ Origin: origin, Host: "203.0.113.9:8080" }), arrival);
    assertEquals(["203.0.113.9", "203.0.113.8", "evil.example"].map((host) => from(`http://${host}:8080`)), [
      undefined,
      403,
      403,
    ]);
  }
  const secure = { ...ARRIVAL, secure: true };
  const overTls = (origin: string): number | undefined =>
    statusOf(handshake({ Origin: origin, Host: "wiki.example" }), secure);
  assertEquals([overTls("https://wiki.example"), overTls("https://wiki.example:443")], [undefined, undefined]);
  assertEquals([overTls("http://wiki.example"), overTls("https://wiki.example:80")], [403, 403]);
});
