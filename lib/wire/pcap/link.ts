/**
 * What comes before an IP packet on different links. Pure.
 *
 * @module
 */
import type { Direction } from "../event.ts";
import { Link } from "../formats.ts";

/** An IP packet, and which way it went if its link says so. */
export interface Linked {
  readonly packet: Uint8Array;
  readonly direction: Direction | null;
}

/** EtherTypes: IPv4, IPv6, and the tags of virtual LANs (IEEE 802.1Q), which come before another EtherType. */
const IP_TYPES: ReadonlySet<number> = new Set([0x0800, 0x86dd]);
const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);

/**
 * Finds the IP packet in a frame.
 *
 * @param link The frame's link type.
 * @returns `null` if it carries none; `undefined` if the link is of an unknown type.
 *
 * @example Usage
 * ```ts
 * import { linked } from "./link.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = Uint8Array.of(0x45, 0);
 * assertEquals(linked(101, packet)?.packet, packet);
 * assertEquals(linked(147, packet), undefined);
 * ```
 */
export function linked(link: number, data: Uint8Array): Linked | null | undefined {
  switch (link) {
    case Link.raw:
    case Link.rawBsd:
    case Link.rawOpenBsd:
    case Link.ipv4:
    case Link.ipv6:
      return { packet: data, direction: null };
    case Link.null:
    case Link.loop:
      // The family, whose numbers differ between systems; the packet says it too.
      return data.length < 4 ? null : { packet: data.subarray(4), direction: null };
    case Link.ethernet:
      return typed(data, 12, 14, null);
    case Link.cooked:
      return typed(data, 14, 16, cookedDirection(word(data, 0)));
    case Link.cooked2:
      return typed(data, 0, 20, cookedDirection(data[10] ?? 0));
    default:
      return undefined;
  }
}

/** The packet after a header with an EtherType; tags follow the header, each with the next type. */
function typed(data: Uint8Array, typeAt: number, start: number, direction: Direction | null): Linked | null {
  let type = word(data, typeAt);
  while (TAGS.has(type)) {
    type = word(data, start + 2);
    start += 4;
  }
  return IP_TYPES.has(type) && start < data.length ? { packet: data.subarray(start), direction } : null;
}

/** The packet type of Linux cooked captures: 4 was sent by this machine, 0 was sent to it; 1 to 3 are other people's or everybody's. */
function cookedDirection(type: number): Direction | null {
  return type === 4 ? "out" : type === 0 ? "in" : null;
}

/** 16 bits; 0 beyond the end. */
function word(data: Uint8Array, at: number): number {
  return ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
}
