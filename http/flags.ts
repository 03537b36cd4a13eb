/**
 * The flags of the HTTP servers, and what they become.
 *
 * @module
 */
import { canonicalAddress, type Endpoint, formatEndpoint, isLoopback, isWildcard } from "../lib/addr.ts";
import { stateOf, UsageError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import type { FlagValues } from "../lib/script/flags.ts";
import { parseHostName } from "../lib/tls/host_name.ts";
import { commonFlags, type serveOptions } from "../lib/script/shared_flags.ts";
import { tlsServerFlags } from "../lib/script/tls_flags.ts";
import type { ServerTls } from "../lib/tls/server.ts";
import { ANY_HOST, type HostRules } from "./request/hosts.ts";
import type { HttpSettings } from "./serve/shared.ts";

/** Flags that the HTTP servers have besides those of every TCP server. */
export const httpFlags = {
  dir: flag.text("folder whose files are served", { default: undefined, placeholder: "PATH" }),
  hostName: flag.texts("host to answer to besides this machine's own, repeatable; '*' = every host", {
    placeholder: "NAME",
  }),
  log: flag.choice("requests as they came, or one line each", ["prose", "common"], { default: "prose" }),
  headTime: flag.seconds("seconds for a whole head, answered with 408 after that; 0 = no limit", { default: 30 }),
  requestTime: flag.seconds("seconds for a whole request with its body; 0 = no limit", { default: 120 }),
  maxLine: flag.integer("bytes of the request line or of one field", {
    default: 16_384,
    min: 64,
    max: 1_048_576,
    placeholder: "BYTES",
  }),
  maxHead: flag.integer("bytes of a head", { default: 65_536, min: 256, max: 4_194_304, placeholder: "BYTES" }),
  maxFields: flag.integer("fields of a head", { default: 100, min: 1, max: 10_000 }),
  maxBody: flag.integer("bytes of a body", {
    default: 16 * 1024 * 1024,
    min: 0,
    max: 1_073_741_824,
    placeholder: "BYTES",
  }),
  maxRequests: flag.integer("requests on one connection; 0 = no limit", { default: 0, min: 0, max: 1_000_000_000 }),
  ...tlsServerFlags,
  ...commonFlags,
  timeout: flag.seconds("seconds a client may be silent; 0 = for ever", { default: 60, short: "t" }),
};

/** The flags as a script gets them. */
type HttpFlagValues = FlagValues<typeof httpFlags> & Parameters<typeof serveOptions>[0] & { readonly bind: string };

/**
 * Turns flags into settings; seconds become milliseconds.
 *
 * @throws {UsageError} `--dir` is no folder or may not be read, or a `--host-name` is none.
 */
export async function httpSettings(options: HttpFlagValues, tls: ServerTls | null): Promise<HttpSettings> {
  const { maxLine, maxHead, maxFields, maxBody, maxRequests, log } = options;
  const [idleTime, headTime, requestTime] = [
    options.timeout * 1000,
    options.headTime * 1000,
    options.requestTime * 1000,
  ];
  return {
    limits: { maxLine, maxHead, maxFields, maxBody, maxRequests, idleTime, headTime, requestTime },
    log,
    hosts: hostRules(options.bind, options.hostName, tls === null ? [] : await certificateNames(tls.certificate)),
    dir: options.dir === undefined ? null : await folderAt(options.dir),
    tls,
  };
}

/**
 * The hosts that a server answers to. On loopback that is loopback alone; elsewhere also the address it listens on, all addresses of
 * the machine for a wildcard, and the machine's name; with TLS, whatever its certificate is for, which a browser compares anyway.
 *
 * @param bind What it listens on.
 * @param given What `--host-name` adds.
 * @param certified The names of its certificate, when it has one.
 * @throws {UsageError} One of those is no host name.
 */
export function hostRules(bind: string, given: readonly string[], certified: readonly string[]): HostRules {
  if (given.includes("*")) return ANY_HOST;
  const names = given.map((name) => {
    const parsed = parseHostName(name);
    if (parsed === null) {
      throw new UsageError(`Cannot use --host-name ${JSON.stringify(name)}: it must be a name or an address, or '*'`);
    }
    return parsed.text;
  });
  names.push(...certified);
  if (isLoopback(bind)) return { names, anyAddress: false };
  names.push(...machineNames(), ...[bind.replace(/%.*$/, "")].map((own) => canonicalAddress(own) ?? own.toLowerCase()));
  const addresses = isWildcard(bind) ? ownAddresses() : [];
  return { names: [...names, ...addresses ?? []], anyAddress: addresses === null };
}

/** The names in the first certificate of a chain. */
async function certificateNames(pem: string): Promise<string[]> {
  const [{ X509Certificate }, { namesOf }] = await Promise.all([import("node:crypto"), import("../lib/tls/trust.ts")]);
  return namesOf(new X509Certificate(pem)).flatMap((name) => parseHostName(name)?.text ?? []);
}

/** What this machine is called, plainly and on the link (RFC 6762); nothing where we may not ask. */
function machineNames(): string[] {
  try {
    const name = parseHostName(Deno.hostname())?.text;
    return name === undefined ? [] : [name, `${name.split(".", 1)[0]}.local`];
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return [];
    throw error;
  }
}

/** Every address of this machine; `null` where we may not ask. */
function ownAddresses(): string[] | null {
  try {
    return Deno.networkInterfaces().flatMap(({ address }) => canonicalAddress(address.replace(/%.*$/, "")) ?? []);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

async function folderAt(path: string): Promise<string> {
  const why = (state: string): UsageError => new UsageError(`Cannot use --dir ${JSON.stringify(path)}: ${state}`);
  try {
    const real = await Deno.realPath(path);
    if ((await Deno.stat(real)).isDirectory) return real;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw why("there is no such folder");
    throw why(stateOf(error).state);
  }
  throw why("it is not a folder");
}

/**
 * The command that asks a server for its page. With TLS it trusts no authority and one key: `-k` leaves the chain unjudged, and the pin,
 * the SHA-256 of the public key as HPKP had it (RFC 7469 2.4), holds all the same.
 */
export function curlCommand(endpoint: Endpoint, fingerprint: string | null): string {
  const url = urlOf(endpoint, { tls: fingerprint !== null });
  if (fingerprint === null) return `curl ${url}`;
  return `curl -k --pinnedpubkey sha256//${Uint8Array.fromHex(fingerprint.replace("sha256:", "")).toBase64()} ${url}`;
}

/** The URL to open in a browser on this machine; a wildcard address is reached as loopback. */
export function urlOf({ hostname, port }: Endpoint, { tls }: { tls: boolean }): string {
  const host = isWildcard(hostname) ? (hostname === "::" ? "::1" : "127.0.0.1") : hostname;
  return `http${tls ? "s" : ""}://${formatEndpoint({ hostname: host, port })}/`;
}
