/**
 * The members of a room, and its events. Pure.
 *
 * @module
 */
import type { Outbox } from "./outbox.ts";

/** Why a member left. */
export type LeaveReason = (typeof LEAVE_REASONS)[number];

/** Every reason. */
export const LEAVE_REASONS = [
  ...["quit", "reset", "timed out", "too slow", "kicked", "banned", "idle", "line too long", "bad telnet"] as const,
  ...["bad frame", "server gone", "server stopped"] as const,
] as const;

/** What the room needs from a member's transport. */
export interface Link {
  /** The connection's number and address, for the log. */
  readonly id: number;
  readonly peer: string;
  /** What identifies the client when it reconnects: its address without the port, and the fingerprint of its certificate's key. */
  readonly address?: string;
  readonly fingerprint?: string | null;
  /** How its lines come, if not by TCP as they are: `WebSocket`. */
  readonly via?: string | undefined;
  /** Closes the transport at once: the member has been dropped. */
  drop(): void;
  /** Bytes received and sent so far, and the milliseconds since the last byte received. */
  traffic(): { readonly bytesIn: number; readonly bytesOut: number; readonly idle: number };
}

/** Why a member left whose connection is lost: nothing more can be sent to it, and with a session it may come back. */
export const CONNECTION_LOST: ReadonlySet<LeaveReason> = new Set(["reset", "timed out", "too slow"]);

/** A member of the room. */
export interface Member {
  readonly name: string;
  readonly link: Link;
  /** What is queued for it; `null` for a member that follows the room by its events. */
  readonly outbox: Outbox | null;
  /** Whether the member was told its name. */
  readonly named: boolean;
  /** Whether the others were told that it is here. */
  readonly introduced: boolean;
  /** Whether its name comes from its certificate: then it cannot be changed, to rule out impersonation. */
  readonly certified: boolean;
  /** Whether the operator has muted it. */
  readonly muted: boolean;
  readonly gone: boolean;
  /** Whether it has lost its connection and may come back: its name is held, and nothing can be sent to it. */
  readonly away: boolean;
}

/** A member on another server of the room. */
export interface RemoteMember {
  readonly name: string;
  /** Its server, `host:port`. */
  readonly server: string;
  /** Whether its server has not answered when asked who is there. */
  readonly silent?: boolean;
}

/** Whether a member is on this server. */
export function isHere(member: Member | RemoteMember): member is Member {
  return "link" in member;
}

/** A member as seen by its room, which alone may change it. */
export type OwnMember = { -readonly [K in keyof Member]: Member[K] };

/** A member that has just come. */
export function newMember(member: Pick<Member, "name" | "link" | "outbox" | "named">): OwnMember {
  return { ...member, introduced: false, certified: false, muted: false, gone: false, away: false };
}

/** An event in a room; `line` is what the members get. */
export type RoomEvent =
  | { readonly kind: "joined"; readonly member: Member | RemoteMember; readonly line: string }
  | { readonly kind: "left"; readonly member: Member | RemoteMember; readonly why: LeaveReason; readonly line: string }
  | { readonly kind: "said"; readonly member: Member | RemoteMember; readonly text: string; readonly line: string }
  /** To one member alone; `member` is `null` for a notice. */
  | {
    readonly kind: "told";
    readonly member: Member | RemoteMember | null;
    readonly to: Member;
    readonly text: string;
    readonly line: string;
  }
  | { readonly kind: "notice"; readonly text: string; readonly line: string };

/** The maximum number of names per line. */
const PER_LINE = 100;

/** The notices that list all members: `3 here: server, alice, bob`, and `also here: …` if there are many. */
export function everybodyHere(members: readonly { readonly name: string }[]): string[] {
  const names = members.map(({ name }) => name);
  const lines = [`${names.length} here: ${names.slice(0, PER_LINE).join(", ")}`];
  for (let from = PER_LINE; from < names.length; from += PER_LINE) {
    lines.push(`also here: ${names.slice(from, from + PER_LINE).join(", ")}`);
  }
  return lines;
}

/** How many names the greeting lists; `/who` lists all. */
const GREETED = 20;

/**
 * The notice that tells a new member who else is here. Only the first are looked at: a crowd costs each newcomer no more.
 *
 * @param groups The members, the newcomer among them.
 * @param count How many they are in all.
 */
export function othersHere(
  groups: readonly Iterable<Member | RemoteMember>[],
  count: number,
  newcomer: Member,
): string {
  const names: string[] = [];
  for (const group of groups) {
    for (const member of group) {
      if (names.length === GREETED) break;
      if (member !== newcomer) names.push(member.name);
    }
  }
  const more = count - 1 - names.length;
  if (names.length === 0) return "nobody else is here";
  return `here with you: ${names.join(", ")}${more > 0 ? `, and ${more} more (/who)` : ""}`;
}
