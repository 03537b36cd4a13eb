/**
 * The people in a room, and what happens there. Pure.
 *
 * @module
 */
import type { Outbox } from "./outbox.ts";

/** Why somebody left. */
export type Why = "quit" | "reset" | "too slow" | "kicked" | "banned" | "idle" | "line too long" | "bad telnet";

/** What the room needs to know of a member's transport. */
export interface Link {
  /** The connection's number and address, for the log. */
  readonly id: number;
  readonly peer: string;
  /** How the client is known when it comes again: its address alone, and the fingerprint of its certificate's key. */
  readonly address?: string;
  readonly fingerprint?: string | null;
  /** Ends the transport on the spot: the member has been dropped. */
  drop(): void;
  /** Bytes received and sent so far, and for how many milliseconds nothing was received. */
  traffic(): { readonly bytesIn: number; readonly bytesOut: number; readonly idle: number };
}

/** Somebody in the room. */
export interface Member {
  readonly name: string;
  readonly link: Link;
  /** What waits to be sent; `null` for a member who follows the room by its events. */
  readonly outbox: Outbox | null;
  /** Whether the member was told the name it goes by. */
  readonly named: boolean;
  /** Whether the others were told that this member is here. */
  readonly introduced: boolean;
  /** Whether its name comes from a certificate: then it takes no other, so that nobody goes by the name of somebody else's. */
  readonly certified: boolean;
  /** Whether the operator has silenced this member. */
  readonly muted: boolean;
  readonly gone: boolean;
}

/** A member as its room, the only one to change it, sees it. */
export type OwnMember = { -readonly [K in keyof Member]: Member[K] };

/** What happens in a room; `line` is what the members get. */
export type RoomEvent =
  | { readonly kind: "joined"; readonly member: Member; readonly line: string }
  | { readonly kind: "left"; readonly member: Member; readonly why: Why; readonly line: string }
  | { readonly kind: "said"; readonly member: Member; readonly text: string; readonly line: string }
  /** To one member alone; `member` is `null` for a notice. */
  | {
    readonly kind: "told";
    readonly member: Member | null;
    readonly to: Member;
    readonly text: string;
    readonly line: string;
  }
  | { readonly kind: "notice"; readonly text: string; readonly line: string };

/** How many names stand in one line. */
const PER_LINE = 100;

/** Everybody who is here, as notices tell it: `3 here: server, alice, bob`, and `also here: …` where there are many. */
export function everybodyHere(members: readonly Member[]): string[] {
  const names = members.map(({ name }) => name);
  const lines = [`${names.length} here: ${names.slice(0, PER_LINE).join(", ")}`];
  for (let from = PER_LINE; from < names.length; from += PER_LINE) {
    lines.push(`also here: ${names.slice(from, from + PER_LINE).join(", ")}`);
  }
  return lines;
}

/** How many names a newcomer is told; `/who` tells all. */
const GREETED = 20;

/** Who else is here, as a newcomer is told. */
export function othersHere(members: readonly Member[], newcomer: Member): string {
  const names = members.filter((member) => member !== newcomer).map(({ name }) => name);
  if (names.length === 0) return "nobody else is here";
  const more = names.length > GREETED ? `, and ${names.length - GREETED} more (/who)` : "";
  return `here with you: ${names.slice(0, GREETED).join(", ")}${more}`;
}
