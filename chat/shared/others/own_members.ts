/**
 * What the other servers know of the members of this one: each change is told, and numbered. Pure.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { ElsewhereHost } from "../../room/elsewhere.ts";
import type { Member } from "../../room/member.ts";
import type { Claims } from "./claims.ts";
import { encode, type News, PAGE, type Page, type Person, type Source } from "./others_json.ts";

/** What this needs. */
export interface OwnMembersOptions {
  /** Identifies this server. */
  readonly id: string;
  /** What it is called, `host:port`. */
  readonly self: string;
  readonly claims: Claims;
  readonly publish: (news: Uint8Array) => void;
}

/** The members of this server, as the others know them. */
export class OwnMembers {
  #options: OwnMembersOptions;
  #host: ElsewhereHost | null = null;
  #told = new Map<string, Person>();
  #changed = new Set<string>();
  #version = 0;
  /** Whether members with a session stay in the list when they leave. */
  #closing = false;

  constructor(options: OwnMembersOptions) {
    this.#options = options;
  }

  /** Names the room. */
  start(host: ElsewhereHost): void {
    this.#host = host;
  }

  /** The room closes: who has a session may go on with its name on another server. */
  close(): void {
    this.#closing = true;
  }

  /** Has what became of a name looked up at the end of this turn: a member that comes back leaves first. */
  changed(name: string): void {
    if (this.#changed.size === 0) queueMicrotask(() => this.#look());
    this.#changed.add(name);
  }

  /** The member with a name here. */
  find(name: string): Member | null {
    return this.#host?.holder(name) ?? null;
  }

  /** The hash of a member's session; `null` if it has none. */
  sessionOf(member: Member): string | null {
    const key = this.#host?.sessionOf(member) ?? null;
    return key === null ? null : sessionHash(key, member.link.fingerprint ?? null);
  }

  /** Tells the others that this server is there. */
  beat(): void {
    this.#options.publish(encode({ ...this.#source(), kind: "beat", count: this.#told.size }));
  }

  /** The whole list. */
  pages(): Uint8Array[] {
    const all = [...this.#told.values()];
    const pages = Math.max(1, Math.ceil(all.length / PAGE));
    return Array.from({ length: pages }, (_, page) => {
      const members = all.slice(page * PAGE, (page + 1) * PAGE);
      return encode({ ...this.#source(), page, pages, members } satisfies Page);
    });
  }

  #look(): void {
    const names = [...this.#changed];
    this.#changed.clear();
    const add: Person[] = [];
    const drop: string[] = [];
    for (const name of names) {
      const member = this.find(name);
      if (member !== null) this.#take({ name, session: this.sessionOf(member) }, add);
      else this.#drop(name, drop);
    }
    for (let from = 0; from < Math.max(add.length, drop.length); from += PAGE) {
      this.#version++;
      const change = { add: add.slice(from, from + PAGE), drop: drop.slice(from, from + PAGE) };
      this.#options.publish(encode({ ...this.#source(), kind: "change", ...change } satisfies News));
    }
  }

  #take(person: Person, add: Person[]): void {
    const before = this.#told.get(person.name);
    if (before !== undefined && before.session === person.session) return;
    this.#told.set(person.name, person);
    this.#options.claims.note(person.name, person.session);
    add.push(person);
  }

  #drop(name: string, drop: string[]): void {
    const person = this.#told.get(name);
    if (this.#closing && person !== undefined && person.session !== null) return;
    this.#options.claims.release(name);
    if (this.#told.delete(name)) drop.push(name);
  }

  #source(): Source {
    return { from: this.#options.id, at: this.#options.self, version: this.#version };
  }
}

/** What other servers know of a session: neither its secret, nor anything that helps to guess it. With another certificate it is another. */
function sessionHash(key: string, fingerprint: string | null): string {
  return createHash("sha256").update(`${key}\n${fingerprint ?? ""}`).digest("base64url");
}
