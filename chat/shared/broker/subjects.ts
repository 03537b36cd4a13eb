/**
 * Where a room is found on the broker: its stream and its subjects. Pure.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { encodeText } from "../../../lib/text.ts";

/** The longest name that is written out (bytes); NATS takes 255 characters for a stream's name, and files of its store have it too. */
const MAX_WRITTEN = 96;

/** The names of what belongs to one room on the broker. */
export interface RoomSubjects {
  /** The room's name in hexadecimal digits, for whatever else is named after it: subjects, streams and buckets take no space and no `é`. */
  readonly key: string;
  /** The stream that keeps and numbers the room's lines. */
  readonly stream: string;
  /** The subject of a line. */
  readonly line: string;
  /** The buckets of its names, and of its guests' numbers. */
  readonly names: string;
  readonly guests: string;
  /** What the subjects of the room begin with, its dot included. */
  readonly prefix: string;
}

/**
 * The names of a room on the broker. Equal names give equal subjects, on whatever system they were typed.
 *
 * @param room 1 to 64 characters; the hash of a name of more than 96 bytes stands for it.
 *
 * @example Usage
 * ```ts
 * import { roomSubjects } from "./subjects.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(roomSubjects("5b").line, "plainwire.room.3562.line");
 * assertEquals(roomSubjects("5b").stream, "ROOM_3562");
 * ```
 */
export function roomSubjects(room: string): RoomSubjects {
  const name = encodeText(room.normalize("NFC"));
  const key = name.length > MAX_WRITTEN ? createHash("sha256").update(name).digest("hex") : name.toHex();
  const prefix = `plainwire.room.${key}.`;
  const stream = `ROOM_${key}`;
  return { key, stream, line: `${prefix}line`, names: `${stream}_names`, guests: `${stream}_guests`, prefix };
}
