/**
 * Decides whether a certificate can be trusted, and gives the reason if not. Pure: the caller handles known hosts and asks the user.
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
 * @throws {UsageError} It is not a pin.
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
    `Cannot use --pin ${
      JSON.stringify(text)
    }: a pin is sha256: and 64 hexadecimal digits, or what openssl x509 -fingerprint -sha256 prints`,
  );
}

/** Whether a pin is the fingerprint of a certificate's key, or of the whole certificate, as `openssl x509 -fingerprint` prints it. */
export function pinMatches(pin: Fingerprint, certificate: X509Certificate): boolean {
  return pin === keyFingerprint(certificate) || pin === sha256(certificate.raw);
}

/** Why a certificate is not trusted. */
export interface Problem {
  /** If only the issuer is unknown, the user may decide to trust the key. */
  readonly unknownIssuerOnly: boolean;
  /** The reason, as a clause. */
  readonly what: string;
  /** What to do about it, as a clause. */
  readonly advice: string;
}

/**
 * Checks a server's certificate by RFC 5280 6 and RFC 9525.
 *
 * @param host The name or address that the client requested.
 * @param chainError Why its chain does not verify; `null` if it does.
 * @returns `null` if the certificate is trusted.
 */
export function certificateProblem(
  certificate: X509Certificate,
  host: string,
  chainError: string | null,
  now = Date.now(),
): Problem | null {
  const [from, to] = [certificate.validFromDate, certificate.validToDate];
  if (now > to.getTime()) {
    return problem(
      `its certificate expired on ${dayOf(to)}`,
      "renew it on the server, or set this machine's clock",
    );
  }
  if (now < from.getTime()) {
    return problem(`its certificate is not valid before ${dayOf(from)}`, "set this machine's clock, or the server's");
  }
  const names = namesOf(certificate);
  if (!covers(certificate, host)) {
    const instead = names.length === 0 ? "names no host, so it is" : `is for ${names.slice(0, 6).join(", ")},`;
    const advice = names.length === 0 ? "the server needs one that names it" : "use one of those names, or --sni NAME";
    return problem(`its certificate ${instead} not for ${host}`, advice);
  }
  if (chainError === null) return null;
  const what = isSelfSigned(certificate)
    ? "its certificate is self-signed"
    : `its certificate was not issued for servers by a CA that this client trusts (issuer: ${issuerOf(certificate)})`;
  return { unknownIssuerOnly: true, what, advice: "pass its CA with --ca FILE or its fingerprint with --pin" };
}

/**
 * Why a client's certificate is refused, as a clause for the client.
 *
 * @param chainError Why its chain does not verify; `null` if it does.
 * @returns `null` if the certificate is accepted.
 */
export function clientRefusal(
  certificate: X509Certificate | null,
  chainError: string | null,
  now = Date.now(),
): string | null {
  if (certificate === null) return "this server requires a certificate (--cert and --key)";
  if (now > certificate.validToDate.getTime()) {
    return `your certificate expired on ${dayOf(certificate.validToDate)}`;
  }
  if (now < certificate.validFromDate.getTime()) {
    return `your certificate is not valid before ${dayOf(certificate.validFromDate)}`;
  }
  if (chainError === null) return null;
  return `your certificate was not issued for clients by a CA that this server trusts (issuer: ${
    issuerOf(certificate)
  })`;
}

/** Whether a certificate was signed by its own key; not if the runtime cannot read that key. */
function isSelfSigned(certificate: X509Certificate): boolean {
  try {
    return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
  } catch {
    return false;
  }
}

/** The issuer on one line. A peer can put something there that the runtime cannot read. */
function issuerOf(certificate: X509Certificate): string {
  try {
    return oneLine(certificate.issuer);
  } catch {
    return "unreadable";
  }
}

function problem(what: string, advice: string): Problem {
  return { unknownIssuerOnly: false, what, advice };
}

/** The names and addresses in a certificate's subjectAltName; the common name is ignored (RFC 9525 2). */
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

function covers(certificate: X509Certificate, host: string): boolean {
  if (isAddress(host)) return certificate.checkIP(host) !== undefined;
  // Without a DNS name in subjectAltName, the runtime checks the common name even with `subject: "never"`.
  return altNames(certificate).some(({ kind }) => kind === "DNS") &&
    certificate.checkHost(host, { subject: "never" }) !== undefined;
}

/** A distinguished name on one line. */
export function oneLine(name: string): string {
  return name.replaceAll("\n", ", ");
}

/**
 * The common name of a certificate's subject; `null` if it has none or several. It is not parsed from
 * {@linkcode X509Certificate.subject}, where a newline within one part looks like the start of the next part.
 */
export function commonName(certificate: X509Certificate): string | null {
  const { CN } = certificate.toLegacyObject().subject;
  return typeof CN === "string" ? CN : null;
}

/** A host as the file of known hosts spells it. */
export function hostKey(hostname: string, port: number): string {
  return formatEndpoint({ hostname: hostname.toLowerCase(), port });
}
