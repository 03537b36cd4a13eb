/**
 * What is known of the other servers of a room: that they are there, and who is there. Pure.
 *
 * Each server tells how its list has changed, and numbers these changes. A server that misses one asks for the whole list.
 *
 * @module
 */
import { nameKeys } from "../../name_keys.ts";
import type { RemoteMember } from "../../room/member.ts";
import type { News, Page, Person } from "./others_json.ts";

/** After so many ticks without a word, a server is gone; they are a second apart. */
const GONE = 10;
/** The most servers, and members of all of them: more are not known. Anyone who may publish could invent them. */
const MAX_SERVERS = 256;
const MAX_MEMBERS = 10_000;

/** A member of another server. */
export interface Known extends RemoteMember {
  /** Identifies its server. */
  readonly id: string;
  readonly session: string | null;
  /** Of its name. */
  readonly keys: readonly string[];
}

/** Another server. */
export interface Peer {
  readonly id: string;
  /** What it is called, `host:port`. */
  readonly at: string;
  readonly members: ReadonlyMap<string, Known>;
}

interface OwnPeer extends Peer {
  readonly members: Map<string, Known>;
  version: number;
  /** How many ticks ago it was heard. */
  silence: number;
  /** Whether its list is to be asked for, and was in this tick. */
  stale: boolean;
  asked: boolean;
  /** The pages of its list that have come. */
  pages: Map<number, readonly Person[]>;
  pagesOf: number;
}

/** The other servers, and their members. */
export class Peers {
  #servers = new Map<string, OwnPeer>();
  #byKey = new Map<string, Known>();
  #bySession = new Map<string, Known>();

  /** All servers. */
  get servers(): readonly Peer[] {
    return [...this.#servers.values()];
  }

  /** Their members. */
  get members(): readonly Known[] {
    return [...this.#servers.values()].flatMap(({ members }) => [...members.values()]);
  }

  /** Finds a member by name, ignoring case, width, accents and punctuation. */
  find(name: string): Known | null {
    for (const key of nameKeys(name)) {
      const found = this.#byKey.get(key);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** Finds a member by the hash of its session. */
  ofSession(session: string): Known | null {
    return this.#bySession.get(session) ?? null;
  }

  /**
   * Takes news of a server.
   *
   * @returns Whether its list should be asked for: not more than once a tick.
   */
  learn(news: News): boolean {
    const peer = this.#peer(news);
    if (peer === null) return false;
    if (news.kind === "beat") peer.stale ||= news.version !== peer.version || news.count !== peer.members.size;
    else if (news.version !== peer.version + 1) peer.stale = true;
    else {
      peer.version = news.version;
      for (const name of news.drop) this.#forget(peer.members.get(name));
      for (const person of news.add) this.#add(peer, person);
    }
    if (!peer.stale || peer.asked) return false;
    return peer.asked = true;
  }

  /**
   * Takes a part of a server's list.
   *
   * @returns Whether the list is complete with it.
   */
  takePage(part: Page): boolean {
    const peer = this.#peer(part);
    if (peer === null) return false;
    if (peer.pagesOf !== part.version) peer.pages = new Map();
    peer.pagesOf = part.version;
    peer.pages.set(part.page, part.members);
    if (peer.pages.size < part.pages) return false;
    const people = [...peer.pages.values()].flat();
    peer.pages = new Map();
    const names = new Set(people.map(({ name }) => name));
    for (const known of [...peer.members.values()]) if (!names.has(known.name)) this.#forget(known);
    for (const person of people) this.#add(peer, person);
    peer.version = part.version;
    peer.stale = false;
    return true;
  }

  /** A member is no longer there. */
  forget(known: Known): void {
    this.#forget(known);
  }

  /** A second has passed; returns the servers that are gone, and forgets them. */
  tick(): Peer[] {
    const gone: Peer[] = [];
    for (const peer of this.#servers.values()) {
      peer.asked = false;
      if (++peer.silence <= GONE) continue;
      gone.push({ ...peer, members: new Map(peer.members) });
      for (const known of [...peer.members.values()]) this.#forget(known);
      this.#servers.delete(peer.id);
    }
    return gone;
  }

  /** The server that a message comes from; it was heard now. `null` if there are too many. */
  #peer({ from: id, at }: { from: string; at: string }): OwnPeer | null {
    const known = this.#servers.get(id);
    if (known !== undefined) {
      known.silence = 0;
      return known;
    }
    if (this.#servers.size >= MAX_SERVERS) return null;
    const peer = { id, at, members: new Map(), version: -1, silence: 0, stale: true, asked: false };
    const own = { ...peer, pages: new Map(), pagesOf: -1 };
    this.#servers.set(id, own);
    return own;
  }

  /** A name, and a session, is where it was heard of last. */
  #add(peer: OwnPeer, { name, session }: Person): void {
    // Each has at least one key.
    if (this.#byKey.size >= MAX_MEMBERS) return;
    const keys = nameKeys(name);
    for (const key of keys) this.#forget(this.#byKey.get(key));
    if (session !== null) this.#forget(this.#bySession.get(session));
    const known = { name, server: peer.at, id: peer.id, session, keys };
    peer.members.set(name, known);
    for (const key of keys) this.#byKey.set(key, known);
    if (session !== null) this.#bySession.set(session, known);
  }

  #forget(known: Known | undefined): void {
    if (known === undefined) return;
    this.#servers.get(known.id)?.members.delete(known.name);
    for (const key of known.keys) if (this.#byKey.get(key) === known) this.#byKey.delete(key);
    if (known.session !== null && this.#bySession.get(known.session) === known) this.#bySession.delete(known.session);
  }
}
