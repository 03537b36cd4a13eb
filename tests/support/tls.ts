/**
 * Certificates of every kind and TLS sockets for the tests.
 *
 * @module
 */
import type { JsonNameParams } from "@peculiar/x509";
import { makeAuthority, makeLeaf } from "../../lib/tls/certificate.ts";
import type { Pair } from "../../lib/tls/pem.ts";
import { type ServerTls, tlsServer } from "../../lib/tls/server.ts";
import { type StreamListener, streamSocket } from "../../lib/net/socket.ts";
import { TlsSocket } from "../../lib/tls/socket.ts";

const DAY = 24 * 60 * 60 * 1000;
/** Some days from now; negative numbers are in the past. */
export const inDays = (days: number): Date => new Date(Date.now() + days * DAY);

const names = ["localhost", "127.0.0.1", "::1"];

/** A CA that the tests trust, one that they do not, and certificates from both. */
export const pki = await (async () => {
  const ca = await makeAuthority({ name: "tests" });
  const other = await makeAuthority({ name: "strangers" });
  return {
    ca,
    other,
    server: await makeLeaf(ca, { names }),
    unknown: await makeLeaf(other, { names }),
    expired: await makeLeaf(ca, { names, now: inDays(-3), days: 1 }),
    early: await makeLeaf(ca, { names, now: inDays(3) }),
    elsewhere: await makeLeaf(ca, { names: ["example.org"] }),
    itself: await selfSigned(),
    bare: await selfSigned("localhost", { named: false }),
    ada: await makeLeaf(ca, { names: [], client: "Ada" }),
    eve: await makeLeaf(other, { names: [], client: "Eve" }),
    late: await makeLeaf(ca, { names: [], client: "Late", now: inDays(-3), days: 1 }),
    odd: await makeLeaf(ca, { names: [], client: "server" }),
  };
})();

/** A certificate as `openssl req -x509` makes it: self-signed and marked as a CA; with or without its name in subjectAltName. */
export async function selfSigned(
  name = "localhost",
  { named = true, subject = [{ CN: [{ utf8String: name }] }] }: { named?: boolean; subject?: JsonNameParams } = {},
): Promise<Pair> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: new x509.Name(subject),
    notBefore: inDays(-1),
    notAfter: inDays(30),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        ...(named ? [{ type: "dns" as const, value: name }] : []),
        { type: "ip", value: "127.0.0.1" },
      ]),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: await pemOf(keys.privateKey) };
}

/** A client certificate for any subject, signed by a CA. */
export async function issued(ca: Pair, subject: JsonNameParams): Promise<Pair> {
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const der = Uint8Array.fromBase64(/-----BEGIN PRIVATE KEY-----([^-]*)-----END/.exec(ca.key)?.[1] ?? "");
  const certificate = await x509.X509CertificateGenerator.create({
    subject: new x509.Name(subject).toArrayBuffer() as never,
    issuer: new x509.X509Certificate(ca.certificate).subjectName.toArrayBuffer() as never,
    notBefore: inDays(-1),
    notAfter: inDays(30),
    publicKey: keys.publicKey,
    signingKey: await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]),
    signingAlgorithm: algorithm,
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: await pemOf(keys.privateKey) };
}

async function pemOf(key: CryptoKey): Promise<string> {
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key)).toBase64();
  return `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
}

/** Writes the certificates and keys to `NAME.pem` and `NAME-key.pem`; returns a function that gives the paths. */
export async function writePki(folder: string): Promise<(name: keyof typeof pki) => { cert: string; key: string }> {
  for (const [name, pair] of Object.entries(pki)) {
    await Deno.writeTextFile(`${folder}/${name}.pem`, pair.certificate);
    await Deno.writeTextFile(`${folder}/${name}-key.pem`, pair.key);
  }
  return (name) => ({ cert: `${folder}/${name}.pem`, key: `${folder}/${name}-key.pem` });
}

/** Ordinary TLS settings of a server. */
export function serverTls(pair: Pair = pki.server, options: Partial<ServerTls> = {}): ServerTls {
  return { ...pair, clientCa: null, alpn: [], ...options };
}

/** A TLS listener on a free port. */
export function tlsListener(settings: ServerTls = serverTls()): TlsListener {
  const [listener, layer] = [Deno.listen({ hostname: "127.0.0.1", port: 0 }), tlsServer(settings)];
  return {
    addr: listener.addr,
    port: listener.addr.port,
    accept: async () => layer(streamSocket(await listener.accept(), 1)) as TlsSocket,
    close: () => listener.close(),
  };
}

/** A listener whose sockets are TLS sockets. */
export interface TlsListener extends StreamListener {
  readonly port: number;
  accept(): Promise<TlsSocket>;
  close(): void;
}

/** Two connected sockets with handshakes in progress, and the TCP connection below one of them. */
export interface SocketPair extends AsyncDisposable {
  readonly client: TlsSocket;
  readonly server: TlsSocket;
  readonly clientRaw: Deno.TcpConn;
}

/** Connects two TLS sockets. */
export async function socketPair(
  settings: ServerTls = serverTls(),
  options: ConstructorParameters<typeof TlsSocket>[1] & { kind: "client" } = { kind: "client", options: {} },
): Promise<SocketPair> {
  const listener = tlsListener(settings);
  const [clientRaw, server] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.port }),
    listener.accept(),
  ]);
  listener.close();
  clientRaw.setNoDelay(true);
  server.setNoDelay(true);
  const client = new TlsSocket(streamSocket(clientRaw, 1), options);
  return {
    client,
    server,
    clientRaw,
    async [Symbol.asyncDispose]() {
      client.close();
      server.close();
      await Promise.all([client.gone, server.gone]);
    },
  };
}

/** Reads a socket to its end. */
export async function readAll(socket: { read(into: Uint8Array): Promise<number | null> }): Promise<string> {
  const [buffer, decoder] = [new Uint8Array(65536), new TextDecoder()];
  let text = "";
  for (let count; (count = await socket.read(buffer)) !== null;) {
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text;
}

/** Writes text to a socket. */
export async function writeText(socket: { write(bytes: Uint8Array): Promise<number> }, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
}

/** The first certificate of a PEM file, with something that is not UTF-8 in each of its common names (OID 2.5.4.3). */
export function damagedNames(pem: string): string {
  const [certificate = ""] = pem.split("-----END");
  const der = Uint8Array.fromBase64(certificate.replace(/-----[^-]+-----|\s/g, ""));
  for (let at = 0; at + 7 < der.length; at++) {
    if ([6, 3, 0x55, 4, 3].every((byte, index) => der[at + index] === byte)) {
      der.set([0x0c, der[at + 6] ?? 0, 0xff], at + 5);
    }
  }
  return `-----BEGIN CERTIFICATE-----\n${der.toBase64()}\n-----END CERTIFICATE-----\n`;
}
