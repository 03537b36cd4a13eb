/**
 * The flags of the HTTP servers, and what they become.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, isWildcard } from "../lib/addr.ts";
import { stateOf, UsageError } from "../lib/errors.ts";
import { flag } from "../lib/flag_kinds.ts";
import type { FlagValues } from "../lib/flags.ts";
import { commonFlags, type serveOptions } from "../lib/options.ts";
import { tlsServerFlags } from "../lib/tls_options.ts";
import type { ServerTls } from "../lib/tls_server.ts";
import type { HttpSettings } from "./service.ts";

/** Flags that the HTTP servers have besides those of every TCP server. */
export const httpFlags = {
  dir: flag.text("folder whose files are served", { default: undefined, placeholder: "PATH" }),
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
type HttpFlagValues = FlagValues<typeof httpFlags> & Parameters<typeof serveOptions>[0];

/**
 * Turns flags into settings; seconds become milliseconds.
 *
 * @throws {UsageError} `--dir` is no folder, or may not be read.
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
    dir: options.dir === undefined ? null : await folderAt(options.dir),
    tls,
  };
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
