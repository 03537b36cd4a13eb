/**
 * The options of a room. Pure.
 *
 * @module
 */
import type { MemoryShare } from "../../lib/memory.ts";
import type { TimeSource } from "../../lib/time.ts";
import type { Elsewhere } from "./elsewhere.ts";
import type { NextTurn } from "./feed.ts";
import type { Journal } from "./journal.ts";
import type { RoomEvent } from "./member.ts";

/** Options of {@linkcode "./room.ts"}. */
export interface RoomOptions {
  /** How many of the last lines a new member gets. */
  readonly history: number;
  /** Called for each event, in order. */
  readonly onEvent?: (event: RoomEvent) => void;
  /** The time of day in milliseconds since 1970. */
  readonly clock?: () => number;
  /** The clock for what is told later. */
  readonly time?: TimeSource;
  readonly nextTurn?: NextTurn;
  /** Counts the bytes queued for members; released by its owner. */
  readonly memory?: MemoryShare;
  /** Numbers what is said to everyone; one of the room's own by default. */
  readonly journal?: Journal;
  /** The other servers of the room, if it has any. */
  readonly elsewhere?: Elsewhere | undefined;
  /** How long a member with a session may be away before it has left (ms). */
  readonly away?: number;
}
