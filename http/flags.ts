/**
 * The flags of the HTTP servers, and the settings made from them.
 *
 * @module
 */
import { canonicalAddress, isLoopback, isWildcard, withoutZone } from "../lib/addr.ts";
import { stateOf, UsageError } from "../lib/errors.ts";
import { ifPermitted } from "../lib/permission.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import type { FlagValues } from "../lib/script/flags.ts";
import { parseHostName } from "../lib/tls/host_name.ts";
import { commonFlags, type ServeFlagValues } from "../lib/script/shared_flags.ts";
import { tlsServerFlags } from "../lib/script/tls_flags.ts";
import type { ServerTls } from "../lib/tls/server.ts";
import { ANY_HOST, type HostRules } from "./request/hosts.ts";
import type { HttpSettings } from "./serve/shared.ts";

/** What they serve, first in `--help`. */
export const siteFlags = {
  dir: flag.path("folder whose files are served; without it, the visitor's own request", {
    default: undefined,
    placeholder: "PATH",
  }),
  dotfiles: flag.on("with --dir: serve names that start with a dot too, such as .git and .env"),
};

/** The flags of the HTTP servers besides those of every TCP server. */
export const httpFlags = {
  hostName: flag.texts("host to accept besides this machine's own; '*' = every host; repeatable", {
    placeholder: "NAME",
  }),
  log: flag.choice("requests as received, or nothing but Common Log Format on stdout", ["prose", "common"], {
    default: "prose",
  }),
  headTime: flag.seconds("maximum seconds for a complete head, then 408; 0 = no limit", { default: 30 }),
  requestTime: flag.seconds("maximum seconds for a complete request with its body; 0 = no limit", { default: 120 }),
  maxLine: flag.integer("maximum bytes of the request line or of one field", {
    default: 16_384,
    min: 64,
    max: 1_048_576,
    placeholder: "BYTES",
  }),
  maxHead: flag.integer("maximum bytes of a head", { default: 65_536, min: 256, max: 4_194_304, placeholder: "BYTES" }),
  maxFields: flag.integer("maximum fields of a head", { default: 100, min: 1, max: 10_000 }),
  maxBody: flag.integer("maximum bytes of a body", {
    default: 16 * 1024 * 1024,
    min: 0,
    max: 1_073_741_824,
    placeholder: "BYTES",
  }),
  maxRequests: flag.integer("maximum requests on one connection; 0 = no limit", {
    default: 0,
    min: 0,
    max: 1_000_000_000,
  }),
  ...tlsServerFlags,
  ...commonFlags,
  timeout: flag.seconds("seconds a client may be idle; 0 = no limit", { default: 60, short: "t" }),
};

/** The parsed flags. */
type HttpFlagValues = FlagValues<typeof siteFlags & typeof httpFlags> & ServeFlagValues & {
  readonly bind: string;
};

/**
 * Makes the settings from the flags, in milliseconds.
 *
 * @throws {UsageError} `--dir` is not a readable folder, a `--host-name` is invalid, or a flag contradicts or needs another.
 */
export async function httpSettings(options: HttpFlagValues, tls: ServerTls | null): Promise<HttpSettings> {
  const { maxLine, maxHead, maxFields, maxBody, maxRequests, log, dir, dotfiles } = options;
  if (log === "common" && options.json) {
    throw new UsageError("Cannot use --json with --log common: standard output takes one of them");
  }
  if (log === "common" && options.quiet) {
    throw new UsageError("Cannot use --quiet with --log common: there would be no log");
  }
  if (dotfiles && dir === undefined) {
    throw new UsageError("Cannot use --dotfiles without --dir: it is about served files");
  }
  const [idleTime, headTime, requestTime] = [
    options.timeout * 1000,
    options.headTime * 1000,
    options.requestTime * 1000,
  ];
  return {
    limits: { maxLine, maxHead, maxFields, maxBody, maxRequests, idleTime, headTime, requestTime },
    log,
    hosts: hostRules(options.bind, options.hostName, tls === null ? [] : await certificateNames(tls.certificate)),
    dir: dir === undefined ? null : { root: await folderAt(dir), dotfiles },
    tls,
  };
}

/**
 * The hosts that a server answers to: on loopback, only loopback; elsewhere also the machine's name and the bound address, or all
 * addresses of the machine for a wildcard address; with TLS also the names in its certificate, which browsers check anyway.
 *
 * @param bind The address that it listens on.
 * @param given The values of `--host-name`.
 * @param certified The names in its certificate, if it has one.
 * @throws {UsageError} One of `given` is not a host name.
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
  names.push(...machineNames(), ...[withoutZone(bind)].map((own) => canonicalAddress(own) ?? own.toLowerCase()));
  const addresses = isWildcard(bind) ? ownAddresses() : [];
  return { names: [...names, ...addresses ?? []], anyAddress: addresses === null };
}

/** The names in the first certificate of a chain. */
async function certificateNames(pem: string): Promise<string[]> {
  const [{ X509Certificate }, { namesOf }] = await Promise.all([import("node:crypto"), import("../lib/tls/trust.ts")]);
  return namesOf(new X509Certificate(pem)).flatMap((name) => parseHostName(name)?.text ?? []);
}

/** This machine's host name, plain and for mDNS (RFC 6762); none without the permission. */
function machineNames(): string[] {
  const name = parseHostName(ifPermitted(() => Deno.hostname()) ?? "")?.text;
  return name === undefined ? [] : [name, `${name.split(".", 1)[0]}.local`];
}

/** Every address of this machine; `null` without the permission. */
function ownAddresses(): string[] | null {
  const interfaces = ifPermitted(() => Deno.networkInterfaces());
  return interfaces?.flatMap(({ address }) => canonicalAddress(withoutZone(address)) ?? []) ?? null;
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
