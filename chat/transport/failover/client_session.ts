/**
 * A member's session as its client keeps it: what it has seen, what it has said, and which of it the room has confirmed. Pure.
 *
 * It outlives the connections of a client with several servers: nothing is shown twice, and what was sent without a receipt is sent again.
 *
 * @module
 */
import { ProtocolError } from "../../../lib/errors.ts";
import { fitsLine, tooLong } from "../../protocol.ts";
import { type Cursor, lineCommand, parseSessionLine, REMEMBERED_IDS, sessionCommand } from "../../session_lines.ts";

/** How many lines wait for their receipts at most; then the input is not read on. */
const MAX_PENDING = 200;
/** How many lines are held back at most until it is known whether they are the member's own. */
const MAX_HELD = 1000;
/** The most of a line that was not said in the warning that tells it (UTF-16 units). */
const EXCERPT = 40;
/** A name that the server gives to those who ask for none; nobody can ask for one. */
const GUEST = /^guest-\d+$/;

/** The names in the room, as a client learns them from its lines. */
export interface KnownNames {
  /** The member's own name, once the server has sent it. */
  readonly own: string | null;
  /** Learns the names in a line. */
  learn(line: string): void;
}

/** A line with its id. */
export interface SessionText {
  readonly id: string;
  readonly text: string;
}

/** Options of {@linkcode ClientSession}. */
export interface ClientSessionOptions {
  /** What the session is recognised by, see `newSessionKey`. */
  readonly key: string;
  /** The name to ask for. */
  readonly name: string | undefined;
  readonly names: KnownNames;
  /** Shows a line. */
  readonly show: (line: string) => void;
  /** Tells about a line that was not said. */
  readonly warn: (text: string) => void;
}

/**
 * The state of a session.
 *
 * The room gives a member its own lines back, numbered like all others. The member knows them already, so they are not shown; which
 * they are is known by their receipts. A receipt may come after its line, on a later connection even: until then, the numbered lines that
 * arrive are held back.
 *
 * @example Usage
 * ```ts
 * import { ClientSession } from "./client_session.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const shown: string[] = [];
 * const names = { own: null, learn() {} };
 * const show = (line: string) => shown.push(line);
 * const session = new ClientSession({ key: "k".repeat(22), name: undefined, names, show, warn() {} });
 * session.add("hello");
 * session.begin();
 * assertEquals(session.next()?.text, "hello");
 * // The connection is lost; the line is sent again, and turns out to have been said.
 * for (const line of ["= q5T0 6", "#7 bob: hi", "#8 alice: hello"]) session.receive(line);
 * assertEquals([session.begin(), session.next()?.id], [[`/session ${"k".repeat(22)} q5T0-8`], "1"]);
 * for (const line of ["= q5T0 8", "+1 8", "#9 bob: welcome back"]) session.receive(line);
 * assertEquals(shown, ["bob: hi", "bob: welcome back"]);
 * ```
 */
export class ClientSession {
  /** Whether the room has begun the session on this connection. */
  started = false;
  /** How many lines the room did not take. */
  rejected = 0;
  #options: ClientSessionOptions;
  #name: string | undefined;
  #cursor: Cursor | null = null;
  /** Whether this connection takes up what an earlier one has begun. */
  #resumed = false;
  /** Whether we have asked for the name that the member knows, and no answer has come. */
  #asked = false;
  /** The lines without a receipt, oldest first. */
  #pending: (SessionText & { readonly count: number })[] = [];
  /** How many of them were sent: on this connection, and on any. */
  #sent = 0;
  #everSent = 0;
  #count = 0;
  /** The numbers of our own lines that have a receipt and are still to come. */
  #own = new Set<number>();
  #held: { readonly n: number; readonly line: string }[] = [];

  constructor(options: ClientSessionOptions) {
    this.#options = options;
    this.#name = options.name;
  }

  /** How many lines have no receipt. */
  get waiting(): number {
    return this.#pending.length;
  }

  /** Whether the room still owes an answer on this connection. */
  get owed(): boolean {
    return !this.started || this.#sent > 0;
  }

  /** Whether so many lines have no receipt that no more should be added. */
  get full(): boolean {
    return this.#pending.length >= MAX_PENDING;
  }

  /** The number of the first line that is held back; after a while, {@linkcode ClientSession.release} should show it. */
  get held(): number | null {
    return this.#held[0]?.n ?? null;
  }

  /**
   * Adds a line to be said.
   *
   * @param what What it is in the error: "line 7".
   * @throws {Failure} It is too long; it was not added.
   */
  add(text: string, what = "the line"): void {
    const count = this.#count + 1;
    const id = String(count);
    if (!fitsLine(lineCommand(id, text))) throw tooLong(what);
    this.#count = count;
    this.#pending.push({ id, text, count });
  }

  /** A new connection: returns what is sent first. Then all lines without a receipt are sent, in order. */
  begin(): string[] {
    this.started = false;
    this.#resumed = this.#cursor !== null;
    this.#asked = this.#resumed && this.#name !== undefined;
    this.#sent = 0;
    const session = sessionCommand(this.#options.key, this.#cursor);
    return this.#name === undefined ? [session] : [session, `/nick ${this.#name}`];
  }

  /** The next line to send; `null` if there is none, or too many have no receipt. */
  next(): SessionText | null {
    const line = this.#pending[this.#sent];
    if (line === undefined || line.count - (this.#pending[0]?.count ?? 0) >= REMEMBERED_IDS) return null;
    this.#everSent = Math.max(this.#everSent, ++this.#sent);
    return line;
  }

  /**
   * Takes a line of the server.
   *
   * @throws {ProtocolError} The server knows no sessions.
   */
  receive(text: string): void {
    const line = parseSessionLine(text);
    switch (line.kind) {
      case "start":
        return this.#start(line);
      case "numbered":
        return this.#numbered(line.n, line.line);
      case "receipt":
        return this.#receipt(line);
      case "rejection":
        return this.#rejected(line);
      case "plain":
        return this.#plain(line.line);
    }
  }

  /** Shows what is held back: no receipt has come for so long that the wait would do more harm than a line shown twice. */
  release(): void {
    this.#releaseUpTo(Infinity);
  }

  #start({ epoch, n }: Cursor): void {
    this.started = true;
    if (this.#cursor?.epoch === epoch) return;
    // In another numbering no receipt tells which lines are ours. The server says that it is another one.
    this.release();
    this.#own.clear();
    this.#cursor = { epoch, n };
  }

  #numbered(n: number, line: string): void {
    // Before it has a numbering a number means nothing.
    if (this.#cursor === null || n <= this.#cursor.n) return;
    this.#cursor = { epoch: this.#cursor.epoch, n };
    this.#options.names.learn(line);
    if (this.#own.delete(n) || this.#isAboutSelf(line)) return;
    if (this.#everSent === 0) return this.#options.show(line);
    this.#held.push({ n, line });
    if (this.#held.length > MAX_HELD) this.#releaseUpTo(this.#held[0]?.n ?? 0);
  }

  /** Whether a notice tells the others what this member knows: that it has joined, or has its name. */
  #isAboutSelf(line: string): boolean {
    const { own } = this.#options.names;
    return own !== null && line.startsWith("* ") && (line === `* ${own} joined` || line.endsWith(` is now ${own}`));
  }

  #receipt({ id, n }: { id: string; n: number }): void {
    if (!this.#settle(id)) return;
    const at = n === 0 ? -1 : this.#held.findIndex((held) => held.n === n);
    if (at >= 0) this.#held.splice(at, 1);
    else if (n > (this.#cursor?.n ?? 0)) this.#own.add(n);
    // Our later lines have higher numbers; with none on the way, no line that was held back is ours.
    this.#releaseUpTo(this.#everSent === 0 ? Infinity : n);
  }

  #rejected({ id, reason }: { id: string; reason: string }): void {
    const text = this.#settle(id)?.text;
    if (text === undefined) return;
    const shown = text.length > EXCERPT ? `${text.slice(0, EXCERPT).toWellFormed()}…` : text;
    this.rejected++;
    this.#options.warn(`Cannot send ${JSON.stringify(shown)}: ${reason}`);
    if (this.#everSent === 0) this.release();
  }

  /** Removes a line that has its receipt. */
  #settle(id: string): SessionText | undefined {
    const at = this.#pending.findIndex((line) => line.id === id);
    // A line that was never sent has no receipt, whatever the server says.
    if (at < 0 || at >= this.#everSent) return undefined;
    if (at < this.#sent) this.#sent--;
    this.#everSent--;
    return this.#pending.splice(at, 1)[0];
  }

  #plain(line: string): void {
    if (!this.started && line.startsWith("* no such command: /session")) {
      throw new ProtocolError(
        "Cannot join the room: its server knows no sessions, which several servers need; name only one",
      );
    }
    const { names, show } = this.#options;
    names.learn(line);
    const known = this.#name;
    if (names.own !== null && !GUEST.test(names.own) && line.startsWith("* you are ")) this.#name = names.own;
    // A member that comes back knows the greeting.
    if (this.#resumed && !this.started) return;
    // It knows its name too, which we have asked for; if it comes from a certificate, that is said instead.
    if (this.#asked && (line.startsWith(`* you are ${known};`) || line.startsWith(`* you are still ${known}:`))) {
      this.#asked = false;
    } else show(line);
  }

  #releaseUpTo(n: number): void {
    const count = this.#held.findIndex((held) => held.n > n);
    for (const { line } of this.#held.splice(0, count < 0 ? this.#held.length : count)) this.#options.show(line);
  }
}
