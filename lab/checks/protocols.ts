/**
 * The protocols whose servers can be checked, each loaded on demand.
 *
 * @module
 */
import type { flagsOf } from "./protocol_flags.ts";
import type { Protocol } from "./protocol.ts";

/** The protocols by name. A check is always given the dialect of its own protocol, so nobody else needs to know the dialect's type. */
export const PROTOCOLS: Readonly<Record<keyof typeof flagsOf, () => Promise<Protocol<unknown>>>> = {
  tcp: async () => (await import("./tcp/checks.ts")).protocol,
  udp: async () => (await import("./udp/checks.ts")).protocol,
  http: async () => (await import("./http/checks.ts")).protocol,
  chat: async () => (await import("./chat/checks.ts")).protocol,
  sum: async () => (await import("./sum/checks.ts")).protocol,
};

/** Loads a protocol; with `udp`, its variant over UDP if it has one. */
export async function protocolOf(
  name: keyof typeof PROTOCOLS,
  { udp }: { readonly udp: boolean },
): Promise<Protocol<unknown>> {
  const protocol = await PROTOCOLS[name]();
  return udp ? protocol.overUdp ?? protocol : protocol;
}
