/**
 * Whether the certificate of a server is to be trusted, and why not. Pure: who is known already, and who is asked, is the caller's business.
 *
 * @module
 */
import type { X509Certificate } from "node:crypto";
import { formatEndpoint, isAddress } from "../addr.ts";
import { UsageError } from "../errors.ts";
import { type Fingerprint, keyFingerprint, sha256 } from "./peer_identity.ts";
import { dayOf } from "../text.ts";

/**
 * Reads a pin: `sha256:` and 64 hexadecimal digits, or OpenSSL's form with colons.
 *
 * @throws {UsageError} It is none.
 *
 * @example Usage
 * ```ts
 * import { parsePin } from "./trust.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const hex = "ab".repeat(32);
 * const colons = Array(32).fill("AB").join(":");
 * assertEquals([parsePin(`sha256:${hex}`), parsePin(`SHA256 Fingerprint=${colons}`)], [`sha256:${hex}`, `sha256:${hex}`]);
 * ```
 */
export function parsePin(text: string): Fingerprint {
  const hex = text.trim().replace(/^sha-?256[^:=]*[:=]/i, "").replaceAll(":", "").toLowerCase();
  if (/^[\da-f]{64}$/.test(hex)) return `sha256:${hex}`;
  throw new UsageError(
    `Cannot use ${
      JSON.stringify(text)
    }: a pin is sha256: and 64 hexadecimal digits, or what openssl x509 -fingerprint -sha256 prints`,
  );
}

/** Tells whether a pin is that of a certificate's key, or of the certificate as a whole, which is what `openssl x509 -fingerprint` tells. */
export function pinFits(pin: Fingerprint, certificate: X509Certificate): boolean {
  return pin === keyFingerprint(certificate) || pin === sha256(certificate.raw);
}

/** What is wrong with a certificate. */
export interface Problem {
  /** Whether all that is wrong is that nobody we know vouches for it: then a person may decide to. */
  readonly onlyUnknown: boolean;
  /** What is wrong, as a clause. */
  readonly what: string;
  /** What to do about it, as a clause. */
  readonly advice: string;
}

/**
 * Looks at a certificate as RFC 5280 6 and RFC 9525 want it.
 *
 * @param host What the server was asked for: a name or an address.
 * @param distrust Why its chain is not trusted; `null` when it is.
 * @returns `null` when nothing is wrong.
 */
export function problemOf(
  certificate: X509Certificate,
  host: string,
  distrust: string | null,
  now = Date.now(),
): Problem | null {
  const [from, to] = [certificate.validFromDate, certificate.validToDate];
  if (now > to.getTime()) {
    return problem(
      `its certificate has expired on ${dayOf(to)}`,
      "renew it on the server, or set this machine's clock",
    );
  }
  if (now < from.getTime()) {
    return problem(`its certificate is not valid before ${dayOf(from)}`, "set this machine's clock, or the server's");
  }
  const names = namesOf(certificate);
  if (!isFor(certificate, host)) {
    const instead = names.length === 0 ? "for no name at all" : `for ${names.slice(0, 6).join(", ")}`;
    const advice = names.length === 0 ? "the server needs one that names it" : "use one of those names, or --sni NAME";
    return problem(`its certificate is ${instead}, and not for ${host}`, advice);
  }
  if (distrust === null) return null;
  const self = certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
  const what = self
    ? "its certificate is signed by itself"
    : `nobody this machine trusts has issued its certificate for servers (issuer: ${oneLine(certificate.issuer)})`;
  return { onlyUnknown: true, what, advice: "give its CA with --ca FILE or its fingerprint with --pin" };
}

/**
 * Why a client's certificate does not let it in, in words for the client.
 *
 * @param distrust Why its chain is not trusted; `null` when it is.
 * @returns `null` when it does.
 */
export function clientRefusal(
  certificate: X509Certificate | null,
  distrust: string | null,
  now = Date.now(),
): string | null {
  if (certificate === null) return "this server wants to see a certificate (--cert and --key)";
  if (now > certificate.validToDate.getTime()) {
    return `your certificate has expired on ${dayOf(certificate.validToDate)}`;
  }
  if (now < certificate.validFromDate.getTime()) {
    return `your certificate is not valid before ${dayOf(certificate.validFromDate)}`;
  }
  if (distrust === null) return null;
  return `this server does not trust who issued your certificate for clients (${oneLine(certificate.issuer)})`;
}

function problem(what: string, advice: string): Problem {
  return { onlyUnknown: false, what, advice };
}

/** The names and addresses that a certificate is for (its subjectAltName; the common name counts for nothing, RFC 9525 2). */
export function namesOf(certificate: X509Certificate): string[] {
  return altNames(certificate).flatMap(({ kind, value }) => kind === "DNS" || kind === "IP Address" ? [value] : []);
}

/** The entries of a certificate's subjectAltName: `DNS:localhost, IP Address:::1, email:a@b.example`. */
export function altNames({ subjectAltName = "" }: X509Certificate): { kind: string; value: string }[] {
  return [...subjectAltName.matchAll(/(?:^|, )([A-Za-z ]+):([^,]+)/g)].map(([, kind = "", value = ""]) => ({
    kind,
    value,
  }));
}

function isFor(certificate: X509Certificate, host: string): boolean {
  if (isAddress(host)) return certificate.checkIP(host) !== undefined;
  // Where no DNS name stands in it, the runtime would look at the common name, whatever it is told.
  return altNames(certificate).some(({ kind }) => kind === "DNS") &&
    certificate.checkHost(host, { subject: "never" }) !== undefined;
}

/** A distinguished name on one line. */
export function oneLine(name: string): string {
  return name.replaceAll("\n", ", ");
}

/**
 * The common name of a certificate's subject; `null` when it has none, or several. Not out of {@linkcode X509Certificate.subject}, where
 * a newline within one part looks like the next part.
 */
export function commonName(certificate: X509Certificate): string | null {
  const { CN } = certificate.toLegacyObject().subject;
  return typeof CN === "string" ? CN : null;
}

/** How a host is written in the file of known hosts. */
export function hostKey(hostname: string, port: number): string {
  return formatEndpoint({ hostname: hostname.toLowerCase(), port });
}
