/**
 * tls:cert makes certificates for a private network: a CA, and the server and client certificates that it signs, as files.
 *
 * ```sh
 * deno task tls:cert localhost
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-read --allow-write --allow-sys=hostname lab/cert.ts localhost
 * ```
 *
 * Try it, then each of the commands that it prints:
 *
 * ```
 * $ deno task tls:cert --out certs localhost 127.0.0.1 ::1
 * [+] Made the CA certs/ca.pem: CN=Plainwire CA (lab) 9db1, valid until 2036-11-18
 * [+] Made certs/localhost.pem for localhost, 127.0.0.1, ::1, valid until 2027-12-23
 * [+] Its key is certs/localhost-key.pem, with the fingerprint sha256:4aeb4ba47f4bcace95be87efaa4d8c35db89cc3ea2c4b385095a8e0310088d9e
 * …
 * $ deno task tls:cert --out certs --client alice            # reuses the CA
 * ```
 *
 * A certificate is a public key and names, signed by a CA. Clients that trust the CA believe the names; the CA key's owner picks them.
 *
 * @module
 */
import { hostNames, LEAF_DAYS, makeLeaf } from "../lib/tls/certificate.ts";
import { fileFailure, UsageError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { hostName } from "../lib/tls/identity_store.ts";
import { basicFlags } from "../lib/script/shared_flags.ts";
import { identityOf, type Pair } from "../lib/tls/pem.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { dayOf, plural } from "../lib/text.ts";
import { authorityOf, ensureFree, fileStem, type PairPaths, pathsOf, writePair } from "./cert_folder.ts";
import { usageLines } from "./cert_uses.ts";

const flags = {
  out: flag.path("output folder; a CA in it is reused", { default: "certs", placeholder: "DIR", short: "o" }),
  client: flag.texts("make a client certificate for NAME; repeatable", { placeholder: "NAME" }),
  days: flag.integer("validity in days", { default: LEAF_DAYS, min: 1, max: LEAF_DAYS }),
  force: flag.on("replace existing certificates and keys (never the CA's)"),
  ...basicFlags,
  timeout: { ...basicFlags.timeout, help: "no effect: there is no peer to wait for" },
};

/** Flags and help text of `tls:cert`. */
export const script: Script<typeof flags> = {
  name: "tls:cert",
  role: "server",
  summary: "Makes a CA and certificates that Deno, browsers, curl and openssl accept",
  example: {
    flags: "--out certs localhost 127.0.0.1 ::1",
    does: "Writes certs/ca.pem, and certs/localhost.pem with its key for a server with these three names.",
  },
  flags,
  operands: {
    placeholder: "NAME...",
    help: "host names and addresses of one server; its files are named after the first. *.example.org is valid too",
  },
};

/** The certificates to make. */
export interface CertificateOrder {
  readonly folder: string;
  /** The names of one server; may be empty if there are clients. */
  readonly names: readonly string[];
  readonly clients: readonly string[];
  readonly days: number;
  readonly force: boolean;
  readonly now?: Date;
}

/**
 * Makes all certificates before it writes any: an order that fails leaves no files.
 *
 * @returns How many certificates were written, not counting the CA's.
 * @throws {Failure} A name is invalid, a file exists or cannot be written, or the folder's CA cannot be used.
 */
export async function makeCertificates(order: CertificateOrder, events: Events): Promise<number> {
  const { folder, clients, days, force, now = new Date() } = order;
  const names = hostNames(order.names).map(({ text }) => text);
  const wanted = [
    ...(names.length > 0 ? [{ stem: fileStem(names[0] ?? ""), leaf: { names, days, now } }] : []),
    ...clients.map((client) => ({ stem: `${fileStem(client)}-client`, leaf: { names: [], client, days, now } })),
  ].map(({ stem, leaf }) => ({ paths: pathsOf(folder, stem), leaf }));
  if (wanted.length === 0) {
    throw new UsageError(
      "Cannot make a certificate: no name was given; name a host or an address, or a client with --client",
    );
  }
  await ensureFree(wanted.map(({ paths }) => paths), { force });
  const authority = await authorityOf(folder, hostName(), now);
  const made = [];
  for (const { paths, leaf } of wanted) made.push({ paths, pair: await makeLeaf(authority.pair, leaf) });

  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileFailure(`make the folder ${folder}`, error);
  }
  if (authority.made) await writePair(authority.paths, authority.pair, { force: false });
  reportAuthority(authority, events);
  for (const { paths, pair } of made) {
    await writePair(paths, pair, { force });
    reportLeaf(paths, pair, events);
  }
  return made.length;
}

function reportAuthority(
  { pair, paths, made }: { pair: Pair; paths: PairPaths; made: boolean },
  events: Events,
): void {
  const { subject, notAfter, fingerprint } = identityOf(pair.certificate);
  const text = `${made ? "Made" : "Used"} the CA ${paths.certificate}: ${subject}, valid until ${dayOf(notAfter)}`;
  const prose = [{ mark: "state" as const, text }];
  events.emit({ event: "result", prose, ca: true, made, ...paths, subject, notAfter, fingerprint });
}

function reportLeaf(paths: PairPaths, pair: Pair, events: Events): void {
  const { names, subject, notAfter, fingerprint } = identityOf(pair.certificate);
  const whom = paths.certificate.endsWith("-client.pem")
    ? `the client ${subject.replace("CN=", "")}`
    : names.join(", ");
  const lines = [
    `Made ${paths.certificate} for ${whom}, valid until ${dayOf(notAfter)}`,
    `Its key is ${paths.key}, with the fingerprint ${fingerprint}`,
  ];
  const prose = lines.map((text) => ({ mark: "state" as const, text }));
  events.emit({ event: "result", prose, ca: false, made: true, ...paths, subject, names, notAfter, fingerprint });
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async ({ options, operands, events }) => {
    const { client: clients, days, force } = options;
    const folder = options.out.replace(/(?<=.)[/\\]+$/, "") || ".";
    const count = await makeCertificates({ folder, names: operands, clients, days, force }, events);
    for (const message of usageLines({ folder, names: operands, clients })) events.emit({ event: "notice", message });
    return `Done: ${plural(count, "certificate")} in ${folder}`;
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
