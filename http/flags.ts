/**
 * The flags of the HTTP servers, and the settings made from them.
 *
 * @module
 */
import { stateOf, UsageError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import type { FlagValues } from "../lib/script/flags.ts";
import { commonFlags, pageFlags, type ServeFlagValues } from "../lib/script/shared_flags.ts";
import { tlsServerFlags } from "../lib/script/tls_flags.ts";
import type { ServerTls } from "../lib/tls/server.ts";
import { certificateNames, hostRules } from "./request/own_hosts.ts";
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
  ...pageFlags,
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
