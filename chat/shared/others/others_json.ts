/**
 * What the servers of a room tell and ask each other, as JSON. Pure.
 *
 * Anyone who may publish to the room's subjects can put anything there. What is read here has a limit of length and of number, names are
 * names that a member may have, and whatever else is text is escaped where it is shown.
 *
 * @module
 */
import { encodeText } from "../../../lib/text.ts";
import type { BanKind } from "../../room/bans.ts";
import type { Order, SharedBan } from "../../room/elsewhere.ts";
import { MAX_BAN } from "../../room/moderator.ts";
import { encodedSize, isName, isServer, isText, MAX_TEXT, objectIn } from "../broker/json.ts";

/** The version of these forms; every other is skipped. */
const VERSION = 1;
/** The most bytes of a message, and of one with a private text. */
const MAX_MESSAGE = 64 * 1024;
const MAX_TELL = encodedSize(MAX_TEXT);
/** The most members, or bans, of one message: with the longest names they fit into {@linkcode MAX_MESSAGE}. */
export const PAGE = 200;
/** The most pages of a list. */
const MAX_PAGES = 100;
/** The most characters of a sentence for the operator. */
const MAX_SENTENCE = 2000;
/** What identifies a server: a new one each time it starts. And the hash of a session's secret. */
const SERVER_ID = /^[\w-]{22}$/;
const SESSION = /^[\w-]{43}$/;
/** An address range, or a certificate's fingerprint. */
const BAN_ID = /^[\w:./+=-]{1,100}$/;

/** A member as servers tell each other. */
export interface Person {
  readonly name: string;
  /** The hash of its session's secret; `null` if it has none. */
  readonly session: string | null;
}

/** The server that a message comes from, and how often its list of members has changed. */
export interface Source {
  /** Identifies it. */
  readonly from: string;
  /** What it is called, `host:port`. */
  readonly at: string;
  readonly version: number;
}

/** What a server tells all others: that it is there, with so many members, or how its list has changed. */
export type News =
  & Source
  & ({ readonly kind: "beat"; readonly count: number } | {
    readonly kind: "change";
    readonly add: readonly Person[];
    readonly drop: readonly string[];
  });

/** A part of a server's list of members. */
export interface Page extends Source {
  readonly page: number;
  readonly pages: number;
  readonly members: readonly Person[];
}

/** What a server asks one other, or all. */
export type Question =
  | { readonly ask: "who" | "bans" }
  | { readonly ask: "tell"; readonly to: string; readonly name: string; readonly at: string; readonly text: string }
  | { readonly ask: "order"; readonly name: string; readonly order: Order }
  | { readonly ask: "spread"; readonly bans: readonly SharedBan[]; readonly expel: boolean; readonly late: boolean }
  | { readonly ask: "lift"; readonly kind: BanKind; readonly word: string }
  | { readonly ask: "moved"; readonly name: string; readonly session: string };

/** What a server answers to all but `who`. */
export interface Reply {
  readonly from: string;
  /** A sentence, or the end of one: what was done, or the problem; `null` if there is nothing to say. */
  readonly said: string | null;
  /** The bans in force, or those that were lifted. */
  readonly bans: readonly SharedBan[];
}

/** Encodes a message. */
export function encode(message: News | Page | Question | Reply): Uint8Array<ArrayBuffer> {
  return encodeText(JSON.stringify({ v: VERSION, ...message }));
}

type Fields = Record<string, unknown>;

function fieldsOf(data: Uint8Array, max = MAX_MESSAGE): Fields | null {
  const fields = data.length > max ? null : objectIn(data);
  return fields?.v === VERSION ? fields : null;
}

/**
 * Reads news.
 *
 * @returns `null` if it is none.
 *
 * @example Usage
 * ```ts
 * import { decodeNews, encode, type News } from "./others_json.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const source = { from: "a".repeat(22), at: "192.0.2.7:23456", version: 7 };
 * const news: News = { ...source, kind: "change", add: [{ name: "alice", session: null }], drop: ["guest-1"] };
 * assertEquals(decodeNews(encode(news)), news);
 * assertEquals(decodeNews(encode({ ...news, drop: ["* alice"] })), null);
 * ```
 */
export function decodeNews(data: Uint8Array): News | null {
  const fields = fieldsOf(data);
  const source = fields === null ? null : sourceOf(fields);
  if (fields === null || source === null) return null;
  const { kind, count } = fields;
  if (kind === "beat") return isCount(count) ? { ...source, kind, count } : null;
  const [add, drop] = [listOf(fields.add, personOf), listOf(fields.drop, nameOf)];
  return kind === "change" && add !== null && drop !== null ? { ...source, kind, add, drop } : null;
}

/** Reads a page; `null` if it is none. */
export function decodePage(data: Uint8Array): Page | null {
  const fields = fieldsOf(data);
  const source = fields === null ? null : sourceOf(fields);
  if (fields === null || source === null) return null;
  const { page, pages } = fields;
  const members = listOf(fields.members, personOf);
  if (!isCount(page) || !isCount(pages) || pages > MAX_PAGES || page >= pages || members === null) return null;
  return { ...source, page, pages, members };
}

/** Reads a question; `null` if it is none. */
export function decodeQuestion(data: Uint8Array): Question | null {
  const fields = fieldsOf(data, MAX_TELL);
  if (fields === null) return null;
  const { ask, to, name, at, text, kind, word, session, expel, late } = fields;
  switch (ask) {
    case "who":
    case "bans":
      return { ask };
    case "tell":
      return isName(to) && isName(name) && isServer(at) && isText(text) ? { ask, to, name, at, text } : null;
    case "order": {
      const order = orderOf(fields.order);
      return isName(name) && order !== null ? { ask, name, order } : null;
    }
    case "spread": {
      const bans = listOf(fields.bans, banOf);
      return bans !== null && typeof expel === "boolean" && typeof late === "boolean"
        ? { ask, bans, expel, late }
        : null;
    }
    case "lift":
      return isBanKind(kind) && isSentence(word) ? { ask, kind, word } : null;
    case "moved":
      return isName(name) && isSession(session) ? { ask, name, session } : null;
    default:
      return null;
  }
}

/** Reads a reply; `null` if it is none. */
export function decodeReply(data: Uint8Array): Reply | null {
  const fields = fieldsOf(data);
  const bans = listOf(fields?.bans, banOf);
  if (fields === null || bans === null) return null;
  const { from, said } = fields;
  return isServerId(from) && (said === null || isSentence(said)) ? { from, said, bans } : null;
}

function sourceOf({ from, at, version }: Fields): Source | null {
  return isServerId(from) && isServer(at) && isCount(version) ? { from, at, version } : null;
}

/** A list without anything in it that was not checked. */
function listOf<T>(value: unknown, read: (value: unknown) => T | null): T[] | null {
  if (!Array.isArray(value) || value.length > PAGE) return null;
  const list = value.map(read);
  return list.some((each) => each === null) ? null : list as T[];
}

function personOf(value: unknown): Person | null {
  if (typeof value !== "object" || value === null) return null;
  const { name, session } = value as Fields;
  return isName(name) && (session === null || isSession(session)) ? { name, session } : null;
}

function nameOf(value: unknown): string | null {
  return isName(value) ? value : null;
}

function orderOf(value: unknown): Order | null {
  if (typeof value !== "object" || value === null) return null;
  const { kind, minutes } = value as Fields;
  if (kind !== "kick" && kind !== "ban" && kind !== "mute") return null;
  return isCount(minutes) && minutes >= 1 && minutes * 60_000 <= MAX_BAN ? { kind, minutes } : null;
}

function banOf(value: unknown): SharedBan | null {
  if (typeof value !== "object" || value === null) return null;
  const { kind, id, name, left } = value as Fields;
  if (!isBanKind(kind) || typeof id !== "string" || !BAN_ID.test(id)) return null;
  if (name !== null && !isName(name) || typeof left !== "number" || !(left > 0 && left <= MAX_BAN)) return null;
  return { kind, id, name: name as string | null, left };
}

function isBanKind(value: unknown): value is BanKind {
  return value === "ban" || value === "mute";
}

function isServerId(value: unknown): value is string {
  return typeof value === "string" && SERVER_ID.test(value);
}

function isSession(value: unknown): value is string {
  return typeof value === "string" && SESSION.test(value);
}

function isSentence(value: unknown): value is string {
  return isText(value) && value.length <= MAX_SENTENCE;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
