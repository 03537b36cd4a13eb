/**
 * How a server proves to the broker who it is: a credentials file, or what the environment says. Never the command line, which every
 * user of the machine can read.
 *
 * @module
 */
import { credsAuthenticator } from "@nats-io/nats-core";
import type { ConnectionOptions } from "@nats-io/nats-core";
import { Exit, Failure, fileFailure, UsageError } from "../../../lib/errors.ts";
import { ifPermitted } from "../../../lib/permission.ts";
import { encodeText } from "../../../lib/text.ts";
import { readSmallFile } from "../../../lib/tls/atomic_file.ts";

/** The part of a connection's options that says who we are. */
export type Credentials = Pick<ConnectionOptions, "authenticator" | "user" | "pass" | "token">;

/** Reads an environment variable; an empty one counts as none. */
export type ReadVariable = (name: "NATS_USER" | "NATS_PASSWORD" | "NATS_TOKEN") => string | undefined;

const fromEnvironment: ReadVariable = (name) => ifPermitted(() => Deno.env.get(name)) || undefined;

/**
 * The credentials for the broker: those of the file if one is named, else those of the environment; empty if there are none.
 *
 * @param creds The path of a credentials file, as `nsc` writes them.
 * @throws {Failure} The file cannot be read, or has no credentials; or the variables contradict each other.
 */
export async function credentials(
  creds: string | undefined,
  variable: ReadVariable = fromEnvironment,
): Promise<Credentials> {
  if (creds !== undefined) return { authenticator: credsAuthenticator(encodeText(await readCreds(creds))) };
  const [user, pass, token] = [variable("NATS_USER"), variable("NATS_PASSWORD"), variable("NATS_TOKEN")];
  if (token !== undefined && user !== undefined) {
    throw new UsageError("Cannot use NATS_TOKEN and NATS_USER together: choose one");
  }
  if (pass !== undefined && user === undefined) throw new UsageError("Cannot use NATS_PASSWORD without NATS_USER");
  if (token !== undefined) return { token };
  return user === undefined ? {} : { user, ...(pass === undefined ? {} : { pass }) };
}

async function readCreds(path: string): Promise<string> {
  const text = await readPath(path, "--nats-creds");
  if (/-BEGIN NATS USER JWT-[^]+-BEGIN USER NKEY SEED-/.test(text)) return text;
  throw new UsageError(
    `Cannot use --nats-creds ${path}: it has no user's JWT and seed, as a file of \`nsc generate creds\` has`,
  );
}

/**
 * Reads a file that a flag names.
 *
 * @throws {Failure} It cannot be read; exit 2, as for a wrong value.
 */
export async function readPath(path: string, flag: string): Promise<string> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    throw new Failure(Exit.misuse, fileFailure(`read ${flag} ${path}`, error).message, { cause: error });
  }
}
