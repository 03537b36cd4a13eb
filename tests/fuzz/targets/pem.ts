/**
 * `lib/tls/pem.ts` and `lib/tls/known_hosts.ts`: the files that a user names, or that a disk has damaged.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type tls from "node:tls";
import { Failure, UsageError } from "../../../lib/errors.ts";
import { NO_EVENTS } from "../../../lib/events.ts";
import { trust } from "../../../lib/tls/client.ts";
import { type HandshakeResult, handshakeResult, type Side } from "../../../lib/tls/handshake.ts";
import { entryFor, keyOf } from "../../../lib/tls/known_hosts.ts";
import { browserFingerprint, checkPair, holdsKey, identityOf, isSignedBy } from "../../../lib/tls/pem.ts";
import { decodeText, escapeControls } from "../../../lib/text.ts";
import { hashOf, latin1, utf8 } from "../engine/bytes.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, outcome, same, type Target } from "../engine/target.ts";

/** The published example of RFC 8410 10.3: nobody's key. */
const KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
`;
const PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`;
/** Signed by it: CN=own, O=Tests; own.example and 192.0.2.7. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBcTCCASOgAwIBAgIUUBDFi1hHQ3nBa0+rrt4uyBXNuwIwBQYDK2VwMB4xDDAK
BgNVBAMMA293bjEOMAwGA1UECgwFVGVzdHMwIBcNMjYxMTMwMDk0NDMyWhgPMjEy
NjExMDYwOTQ0MzJaMB4xDDAKBgNVBAMMA293bjEOMAwGA1UECgwFVGVzdHMwKjAF
BgMrZXADIQAZv0QJaYTN/oVBusFn3DuWyFCGqjC2tssMXDitcDFm4aNxMG8wHQYD
VR0OBBYEFKKMwfhuWWDT4DrnXJYsl6jUSCk8MB8GA1UdIwQYMBaAFKKMwfhuWWDT
4DrnXJYsl6jUSCk8MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4ILb3duLmV4
YW1wbGWHBMAAAgcwBQYDK2VwA0EA2NlAgnj8Tej3BxnKosXk13yCHeXN+JS/WJgr
nJxX86ttwdxx+bS9hsSCj2YmbMFLE2RRAdGKxzaZeY11dC8WBQ==
-----END CERTIFICATE-----
`;

/** No message may hold a piece of a key's contents. */
function checkMessage(message: string, pem: string): void {
  holds(message.startsWith("Cannot "), "an error says what cannot be done", () => message);
  for (const [, body = ""] of pem.matchAll(/PRIVATE KEY-----([^-]*)/g)) {
    for (const word of body.split(/\s+/)) {
      if (word.length < 16) continue;
      for (let at = 0; at + 16 <= word.length; at += 16) {
        holds(!message.includes(word.slice(at, at + 16)), "no message quotes a key", () => message);
      }
    }
  }
}

function tried<T>(call: () => T, pem: string): T | null {
  const result = outcome(call, UsageError);
  if ("error" in result) {
    checkMessage(result.error.message, pem);
    return null;
  }
  return result.value;
}

export const pem: Target = {
  name: "pem",
  what: "files with certificates and keys: read, matched, and never quoted",
  max: 6000,
  seeds: [
    ...[CERTIFICATE, KEY, PUBLIC_KEY, CERTIFICATE + KEY, `a comment\n${CERTIFICATE}${CERTIFICATE}`, `${KEY}${KEY}`],
    ...[
      "",
      "0\x82\x01\x02DER",
      KEY.replaceAll("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
      CERTIFICATE.replaceAll("\n", "\r\n"),
    ],
    KEY.replaceAll(/PRIVATE KEY-----\nM/g, "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nM"),
  ].map(latin1),
  edges: [
    latin1("-----BEGIN PRIVATE KEY-----\n".repeat(37_000)),
    latin1(KEY.replace("MC4C", "MC4C\n".repeat(200_000))),
  ],
  words: [
    "-----BEGIN ",
    "-----END ",
    "-----",
    "CERTIFICATE",
    "PRIVATE KEY",
    "TRUSTED ",
    "X509 ",
    "EC ",
    "\r",
    "\n\n",
    "=",
    "A",
    "MII",
    "\0",
    "Proc-Type: 4,ENCRYPTED\n",
  ],
  check(input) {
    const text = decodeText(input);
    const files = { certificate: "cert.pem", key: "key.pem" };
    for (
      const pair of [{ certificate: text, key: text }, { certificate: CERTIFICATE, key: text }, {
        certificate: text,
        key: KEY,
      }]
    ) {
      const warnings = tried(() => checkPair(pair, files, { now: new Date(Date.UTC(2030, 0)) }), text);
      if (warnings === null) continue;
      holds(holdsKey(pair.key), "a key that can be used is one");
      for (const warning of warnings) same(escapeControls(warning), warning, "a warning is safe to print");
    }
    const identity = tried(() => identityOf(text), text);
    if (identity === null) return;
    for (const shown of [identity.subject, identity.issuer, ...identity.names]) {
      same(escapeControls(shown), shown, "what a certificate says is safe to print");
    }
    holds(/^sha256:[\da-f]{64}$/.test(identity.fingerprint), "a key has a fingerprint", () => identity.fingerprint);
    holds(/^([\dA-F]{2}:){31}[\dA-F]{2}$/.test(browserFingerprint(text)), "a certificate has a fingerprint");
    tried(() => isSignedBy(text, CERTIFICATE), text);
  },
};

/** The certificate in DER, as a peer presents it. */
const DER = Uint8Array.fromBase64(CERTIFICATE.replace(/-----[^-]+-----|\s/g, ""));

/** What `node:tls` shows of a handshake in which the peer presented these bytes. */
function socketWith(raw: Uint8Array): tls.TLSSocket {
  return {
    getPeerCertificate: () => ({ raw: Buffer.from(raw) }),
    getCipher: () => ({ name: "X", standardName: "TLS_X" }),
    getProtocol: () => "TLSv1.3",
    authorized: false,
    authorizationError: "UNKNOWN",
  } as unknown as tls.TLSSocket;
}

const SIDES: readonly Side[] = [
  { kind: "client", options: {} },
  { kind: "server", options: {}, plaintextReply: () => new Uint8Array(), requireCertificate: true },
];

/** A peer chooses its certificate: it is refused, or it is trusted, but nothing breaks. */
export const peer: Target = {
  name: "peer",
  what: "the certificate that a TLS peer presents, and why it is not trusted",
  max: 2000,
  seeds: [DER],
  words: [
    "\x30\x80",
    "\x30\x00",
    "\x30\x82\xff\xff",
    "\x05\x00",
    "\x06\x03\x55\x04\x03",
    "\x06\x03\x55\x1d\x11",
    "\x0c\x03own",
    "\x13",
    "\x16",
    "\x1e",
    "\x17\x0d",
    "\x18\x0f",
    "\x82",
    "\0",
    "\n",
    "99991231235959Z",
  ],
  make: (draw) => {
    const der = DER.slice();
    for (let left = draw.pick([1, 1, 2, 3]); left > 0; left--) der[draw.below(der.length)] = draw.below(256);
    return der;
  },
  async check(input) {
    for (const side of SIDES) {
      let session: HandshakeResult;
      try {
        session = handshakeResult(socketWith(input), side);
      } catch {
        // The socket fails with it: a certificate that cannot be parsed cannot be verified.
        continue;
      }
      const { certificate, fingerprint } = session;
      holds(certificate !== null && /^sha256:[\da-f]{64}$/.test(fingerprint ?? ""), "a certificate has a fingerprint");
      for (const host of ["own.example", "192.0.2.7", "own"]) {
        const options = {
          insecure: false,
          pins: [],
          ca: null,
          known: null,
          trustFirst: false,
          ask: null,
          identity: null,
          alpn: [],
          sni: null,
        };
        const trusted = await trust(session, { hostname: host, port: 443 }, options, NO_EVENTS).then(
          () => null,
          (error) => error,
        );
        holds(
          trusted instanceof Failure,
          "an unknown certificate is refused as a failure",
          () => String(trusted?.stack),
        );
        holds(trusted.code === 7, "it is refused because it is not trusted", () => String(trusted.code));
      }
    }
  },
};

const FINGERPRINT = `sha256:${"0a".repeat(32)}` as const;
const HOST = "localhost:443";

/** The first line for a server counts, whatever stands in the others. */
export const knownHosts: Target = {
  name: "known_hosts",
  what: "the file of remembered keys: what is in it, what is added to it",
  max: 3000,
  seeds: [
    "",
    `${HOST} ${FINGERPRINT}\n`,
    `a:1 ${FINGERPRINT}\r\n${HOST} ${FINGERPRINT}`,
    `${HOST}\n`,
    `${HOST} sha256:00\n`,
    `  ${HOST}\t${FINGERPRINT} # x\n`,
    `[::1]:443 ${FINGERPRINT}\n`,
  ].map(utf8),
  words: [
    HOST,
    ` ${FINGERPRINT}`,
    FINGERPRINT,
    "\n",
    "\r\n",
    " ",
    "\t",
    "sha256:",
    "\0",
    "\xc2\xa0",
    "\xe2\x80\xa8",
    "\xef\xbb\xbf",
    "#",
  ],
  make: (draw: Draw) =>
    utf8(
      draw.some(1, 8, () =>
        draw.pick(["", " ", "\t"]) + draw.pick([HOST, HOST, "a:1", "[::1]:443", "é", "#"]) +
        draw.pick([" ", "  ", "\t", ""]) +
        draw.pick([
          FINGERPRINT,
          FINGERPRINT.toUpperCase(),
          FINGERPRINT.slice(0, -1),
          `${FINGERPRINT}0`,
          "",
          `sha256:${draw.below(2 ** 32).toString(16).padStart(64, "0")}`,
        ]) +
        draw.pick(["\n", "\n", "\r\n", "", " x\n"])),
    ),
  check(input) {
    const text = decodeText(input);
    const key = keyOf(text, HOST);
    holds(key === null || key === "" || /^sha256:[\da-f]{64}$/.test(key), "a key is a fingerprint", () => key ?? "");
    const first = text.split("\n").find((line) => line.trim().split(/\s+/)[0] === HOST);
    same(key === null, first === undefined, "a server is known if a line begins with it");
    if (key !== null && key !== "") holds(first?.includes(key) === true, "the first line of a server counts");
    const added = `sha256:${hashOf(input).toString(16).padStart(64, "0")}` as const;
    for (const host of [HOST, "other.example:8443", "[2001:db8::1]:443"]) {
      const known = keyOf(text, host);
      const after = text + entryFor(text, host, added);
      same(keyOf(after, host), known ?? added, "what is remembered is found, and nothing that was known changes");
      for (const other of [HOST, "a:1", "[::1]:443"]) {
        if (other !== host) same(keyOf(after, other), keyOf(text, other), "what is remembered changes nothing else");
      }
    }
  },
};
