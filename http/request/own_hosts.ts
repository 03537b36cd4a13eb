/**
 * The names and addresses of this machine that a server answers to.
 *
 * @module
 */
import { canonicalAddress, isLoopback, isWildcard, withoutZone } from "../../lib/addr.ts";
import { UsageError } from "../../lib/errors.ts";
import { ifPermitted } from "../../lib/permission.ts";
import { parseHostName } from "../../lib/tls/host_name.ts";
import { ANY_HOST, type HostRules } from "./hosts.ts";

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
export async function certificateNames(pem: string): Promise<string[]> {
  const [{ X509Certificate }, { namesOf }] = await Promise.all([
    import("node:crypto"),
    import("../../lib/tls/trust.ts"),
  ]);
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
