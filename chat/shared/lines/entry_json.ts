/**
 * A room's entries as they stand in the stream: one JSON object each. Pure.
 *
 * Anyone who may publish to the room's subject can put anything there, so what is read is checked as a member's own line is: a name is one
 * that a member may have, a text has no limit passed, and an object of another form is none of ours.
 *
 * ```json
 * {"v":1,"server":"192.0.2.1:23456","kind":"said","name":"alice","text":"hello"}
 * ```
 *
 * @module
 */
import { encodeText } from "../../../lib/text.ts";
import type { Entry } from "../../room/journal.ts";
import { LEAVE_REASONS, type LeaveReason } from "../../room/member.ts";
import { encodedSize, isName, isServer, isText, MAX_TEXT, objectIn } from "../broker/json.ts";

/** The version of this form; a reader skips every other. */
const VERSION = 1;

/** An entry, and the server that it comes from. */
export interface SignedEntry {
  readonly entry: Entry;
  /** What that server calls itself, `host:port`; untrusted as the rest is, but printable. */
  readonly server: string;
}

/** Encodes an entry for the stream. */
export function encodeEntry({ entry, server }: SignedEntry): Uint8Array<ArrayBuffer> {
  return encodeText(JSON.stringify({ v: VERSION, server, ...entry }));
}

/**
 * Reads an entry.
 *
 * @returns The entry, with nothing in it that was not checked; `null` if it is none.
 *
 * @example Usage
 * ```ts
 * import { decodeEntry, encodeEntry } from "./entry_json.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const entry = { kind: "said", name: "alice", text: "hello" } as const;
 * const signed = { entry, server: "192.0.2.1:23456" };
 * assertEquals(decodeEntry(encodeEntry(signed)), signed);
 * assertEquals(decodeEntry(encodeEntry({ ...signed, entry: { ...entry, name: "*" } })), null);
 * ```
 */
export function decodeEntry(bytes: Uint8Array): SignedEntry | null {
  if (bytes.length > encodedSize(MAX_TEXT)) return null;
  const fields = objectIn(bytes);
  if (fields?.v !== VERSION || !isServer(fields.server)) return null;
  const entry = entryOf(fields);
  return entry === null ? null : { entry, server: fields.server };
}

function entryOf({ kind, name, text, why, to }: Record<string, unknown>): Entry | null {
  if (!isName(name)) return null;
  switch (kind) {
    case "said":
    case "did":
      return isText(text) ? { kind, name, text } : null;
    case "joined":
      return { kind, name };
    case "left":
      return isReason(why) ? { kind, name, why } : null;
    case "renamed":
      return isName(to) ? { kind, name, to } : null;
    default:
      return null;
  }
}

function isReason(value: unknown): value is LeaveReason {
  return LEAVE_REASONS.some((reason) => reason === value);
}
