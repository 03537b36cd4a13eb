/**
 * Numbers of the capture formats and of the protocols in them, for what writes captures and for what reads them. Pure.
 *
 * @module
 */

/** The types of pcapng blocks (draft-ietf-opsawg-pcapng 4); `oldPacket` is no longer written. */
export const Block = {
  section: 0x0a0d0d0a,
  interface: 1,
  oldPacket: 2,
  simplePacket: 3,
  names: 4,
  statistics: 5,
  packet: 6,
} as const;

/** What a section begins with, read in its own byte order. */
export const BYTE_ORDER = 0x1a2b3c4d;

/** The codes of options; what they mean depends on the block. */
export const Option = {
  comment: 1,
  section: { os: 3, app: 4 },
  interface: { name: 2, description: 3, resolution: 9, offset: 14 },
  packet: { flags: 2 },
  statistics: { received: 4 },
} as const;

/** How packets begin (the registry of link types, tcpdump.org/linktypes.html). Raw IP has three numbers: two are those of old systems. */
export const Link = {
  null: 0,
  ethernet: 1,
  rawBsd: 12,
  rawOpenBsd: 14,
  raw: 101,
  loop: 108,
  cooked: 113,
  ipv4: 228,
  ipv6: 229,
  cooked2: 276,
} as const;

/** The protocols over IP (the registry of protocol numbers). */
export const Protocol = { icmp: 1, tcp: 6, udp: 17, icmpV6: 58 } as const;

/** The flags of a TCP segment (RFC 9293 3.1). */
export const Flag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

/**
 * How our captures tell a close from a half-close: its FIN is pushed too (FIN, PSH, ACK), as that of Linux is if data went with it.
 */
export const CLOSE = Flag.fin | Flag.psh | Flag.ack;

/** How our captures name their program, and the end of the name of the interface with the plain text of TLS. */
export const OURS = { app: "Plainwire ", tls: "/tls" } as const;

/** The most that a TCP segment in our captures carries, in bytes: the length fields of IP have 16 bits. */
export const MAX_SEGMENT = 65_475;
