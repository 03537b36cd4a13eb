/**
 * Listening sockets and the addresses at which others reach them.
 *
 * @module
 */
import {
  type Endpoint,
  formatEndpoint,
  isLinkLocal,
  isLoopback,
  isPrivate,
  isWildcard,
  urlOf,
  withoutZone,
} from "../addr.ts";
import { Exit, Failure } from "../errors.ts";
import type { Events } from "../events.ts";
import type { Listening, PageLink } from "../listening.ts";
import { ifPermitted } from "../permission.ts";
import { stateAt } from "./state.ts";

/** Backlog for `accept(2)`: when a whole class connects at once, no one should wait a second for a SYN retransmission. */
export const BACKLOG = 4096;

/** What a user types for another address; `--help` of a script says the same. */
export interface AddressFlags {
  /** For any free port. */
  readonly anyPort: string;
  /** For every address of this machine. */
  readonly everywhere: string;
}

const ADDRESS_FLAGS: AddressFlags = { anyPort: "--port 0", everywhere: "--bind 0.0.0.0" };

/**
 * Opens a listener; a failure explains what to try.
 *
 * @param open The platform's own call.
 * @param at The address it binds, for the error message: `::` takes IPv6 and IPv4, port 0 any free port.
 * @param flags The script's flags for other addresses.
 * @throws {Failure} With code 9 when the address is in use, not local or not permitted.
 *
 * @example Usage
 * ```ts
 * import { listenTcp } from "./listen.ts";
 * import { assertNotEquals } from "@std/assert";
 *
 * const at = { hostname: "127.0.0.1", port: 0 };
 * using listener = listenTcp(() => Deno.listen(at), at);
 * assertNotEquals(listener.addr.port, 0);
 * ```
 */
export function listenTcp<T>(open: () => T, at: Endpoint, flags: AddressFlags = ADDRESS_FLAGS): T {
  return listening("TCP", at, open, flags);
}

/** Opens a server's UDP socket; see {@linkcode listenTcp}. */
export function listenUdp<T>(open: () => T, at: Endpoint, flags: AddressFlags = ADDRESS_FLAGS): T {
  return listening("UDP", at, open, flags);
}

function listening<T>(transport: string, endpoint: Endpoint, open: () => T, flags: AddressFlags): T {
  try {
    return open();
  } catch (error) {
    const where = `${formatEndpoint(endpoint)}${transport === "UDP" ? " (UDP)" : ""}`;
    throw new Failure(Exit.cannotListen, `Cannot listen on ${where}: ${why(error, transport, endpoint, flags)}`, {
      cause: error,
    });
  }
}

/** The cause, and what to try. */
function why(
  error: unknown,
  transport: string,
  { hostname, port }: Endpoint,
  { anyPort, everywhere }: AddressFlags,
): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "AddrInUse") {
    const list = transport === "UDP" ? `ss -ulnp 'sport = ${port}'` : `ss -tlnp 'sport = ${port}'`;
    const find = Deno.build.os === "linux" ? list : Deno.build.os === "darwin" ? `lsof -i :${port}` : `netstat -ano`;
    return `another program holds the port (\`${find}\` shows which); try ${anyPort} for a free one`;
  }
  if (name === "PermissionDenied") return `ports below 1024 need privileges here; try ${anyPort} or one above 1023`;
  if (name === "AddrNotAvailable") return `${hostname} is not an address of this machine; try ${everywhere}`;
  return stateAt(hostname, error).state;
}

/**
 * The addresses at which other machines reach a listener: its own, or for a wildcard every non-loopback address of this machine.
 * Link-local IPv6 addresses are left out for a wildcard: typing one requires a zone of the *other* machine.
 *
 * @returns The one that others most probably reach comes first.
 */
export function reachableAddresses(hostname: string): string[] {
  if (isLoopback(hostname)) return [];
  // The zone of a link-local address names an interface of the machine where it is typed (RFC 4007 11).
  if (isLinkLocal(hostname)) return [`${withoutZone(hostname)}%INTERFACE-THERE`];
  if (!isWildcard(hostname)) return [hostname];
  const interfaces = ifPermitted(() => Deno.networkInterfaces());
  // Without --allow-sys=networkInterfaces the user has to know the address; the server still works.
  if (interfaces === undefined) return ["ADDRESS-OF-THIS-MACHINE"];
  return likeliestFirst(interfaces).filter((address) => hostname === "::" || !address.includes(":"));
}

/** Interfaces of containers, virtual machines and VPNs, on Linux, macOS and Windows: few others are on these networks. */
const VIRTUAL =
  /^(docker|br-|veth|virbr|lxc|lxd|podman|cni|vbox|virtualbox|vmnet|vmware|bridge\d|u?tun|tap|wg|tailscale|zt)/i;

/** The addresses that other machines can type. The likeliest to work there comes first: as a rule a LAN's, private IPv4. */
export function likeliestFirst(interfaces: readonly { readonly name: string; readonly address: string }[]): string[] {
  const remoteness = ({ name, address }: { name: string; address: string }): number =>
    (VIRTUAL.test(name) ? 3 : 0) + (address.includes(":") ? 2 : isPrivate(address) ? 0 : 1);
  return interfaces
    .filter(({ address }) => !isLoopback(address) && !isLinkLocal(address))
    .toSorted((one, other) => remoteness(one) - remoteness(other))
    .map(({ address }) => address);
}

/**
 * The URLs of a listener's page: those for other machines, the likeliest first; if there are none, that for this machine. Browsers know
 * no zones: a link-local address has no URL for others.
 */
export function pageUrls({ hostname, port }: Endpoint, options: { tls: boolean }): string[] {
  if (isLinkLocal(hostname)) return [];
  const reachable = reachableAddresses(hostname);
  const hosts = reachable.length > 0 ? reachable : [hostname];
  return hosts.map((host) => urlOf({ hostname: host, port }, options));
}

/**
 * Emits the `listening` event: the address, and how to join.
 *
 * @param join Builds the command that joins at a host and port; at a wildcard's port, this machine joins by loopback.
 * @param options With `flags`, the script's own for other addresses; with `page`, what browsers open.
 */
export function announce(
  events: Events,
  socket: { readonly addr: Deno.Addr },
  join: (endpoint: Endpoint) => string,
  { tls = false, verb = "connect", flags, page }: {
    tls?: boolean;
    verb?: Listening["verb"];
    flags?: AddressFlags;
    page?: PageLink | undefined;
  } = {},
): void {
  const { hostname, port, transport } = socket.addr as Deno.NetAddr;
  events.emit({
    event: "listening",
    transport,
    hostname,
    port,
    tls,
    join: reachableAddresses(hostname).map((address) => join({ hostname: address, port })),
    here: join({ hostname: isWildcard(hostname) ? "127.0.0.1" : hostname, port }),
    verb,
    ...(flags === undefined ? {} : { everywhere: flags.everywhere }),
    ...page,
  });
}
