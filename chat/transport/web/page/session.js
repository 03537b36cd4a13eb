// @ts-check
/**
 * A member's session as its page knows it: which lines it has, which of its own wait for a receipt, who is here. Pure.
 *
 * A connection may be lost at any byte. The server numbers the public lines, so that each is shown once; the page names its own lines,
 * so that each is said once, however often it is sent.
 *
 * @module
 */
import { newsIn, readLine, readMessage } from "./lines.js";
import { Outgoing } from "./outgoing.js";
import { Roster } from "./roster.js";

/** @typedef {import("./lines.js").Message} Message */
/** @typedef {import("./lines.js").Shown} Shown */
/** @typedef {import("./outgoing.js").Waiting} Waiting */

/**
 * What has changed, for the views.
 *
 * @typedef {{ what: "line", line: Shown } | { what: "refused" | "unnamed", reason: string }
 *   | { what: "send", lines: string[] }
 *   | { what: "waiting" | "members" | "name" | "numbered" | "live" | "left" }} Change
 */

/** @typedef {{ key: string, epoch: string | null, last: number, lines: Shown[], waiting: Waiting[] }} Saved */

/** The most lines that are kept, and shown. */
export const MAX_LINES = 2000;
/** How long after an answer the page may ask again who is here (ms): the answer is long after a crowd, and all pages ask. */
const ASK_AGAIN = 30_000;

/** A session; its lines survive any number of connections. */
export class Session {
  /** @type {string | null} Names the numbering; `null` before the first connection. */
  epoch = null;
  /** The last public line that was shown. */
  last = 0;
  /** @type {Shown[]} */
  lines = [];
  roster = new Roster();
  /** Whether the lines that come are live: until then they were said before. */
  isLive = false;
  #isNumbered = false;
  #isResumed = false;
  /** @type {(Message & { kind: "line" })[]} What came before the numbering; if that never comes, it comes again in the next connection. */
  #greeting = [];
  /** Whether members have come or gone whose names were not told, and when it was last known who is here. */
  #isStale = false;
  #knownAt = 0;
  /** Whether what was missed has its heading. */
  #isDivided = false;

  /**
   * @param {object} options
   * @param {string} options.key What lets the member have its name back: 22 to 64 characters of base64url, secret.
   * @param {string} options.prefix What the ids of its lines begin with: random, so that they are unique after a reload.
   * @param {string} options.name
   * @param {number} options.maxLine The maximum length of a line in bytes, its line end included.
   */
  constructor({ key, prefix, name, maxLine }) {
    this.key = key;
    this.name = name;
    this.outgoing = new Outgoing(prefix, maxLine);
  }

  /** @returns {string | null} The last line that was seen, for the server. */
  get cursor() {
    return this.epoch === null ? null : `${this.epoch}-${this.last}`;
  }

  /** @returns {string | null} The name to ask for; `null` for one that only the server gives. */
  get wantedName() {
    return /^guest-\d+$/.test(this.name) ? null : this.name;
  }

  /** @returns {Saved} What a reload of the page must not lose. */
  save() {
    const { key, epoch, last, lines, outgoing: { waiting } } = this;
    return { key, epoch, last, lines, waiting };
  }

  /** @param {Saved} saved */
  restore({ epoch, last, lines, waiting }) {
    Object.assign(this, { epoch, last, lines });
    this.outgoing.waiting = waiting;
  }

  /**
   * Begins a connection: what to send after the session's key and name.
   *
   * @returns {string[]}
   */
  open() {
    this.#isNumbered = false;
    this.#isResumed = this.epoch !== null;
    this.isLive = false;
    this.#isDivided = false;
    this.#greeting = [];
    const question = this.#ask();
    this.outgoing.reopen();
    return [question, ...this.outgoing.send()];
  }

  /**
   * A line that asks for nothing but a receipt: whether the connection still works. Or one that asks who is here, if the
   * page may have missed somebody.
   *
   * @returns {string}
   */
  probe() {
    return this.#isStale ? this.#ask() : `/line ${this.outgoing.id()} `;
  }

  /** @returns {string} */
  #ask() {
    this.#isStale = false;
    const question = this.outgoing.id();
    this.roster.ask(question);
    return `/line ${question} /who`;
  }

  /**
   * Takes what the server sent.
   *
   * @param {string} raw
   * @param {number} now In milliseconds since 1970.
   * @returns {Change[]}
   */
  take(raw, now) {
    const message = readMessage(raw);
    if (message.kind === "numbering") return this.#number(message.epoch, message.number);
    if (message.kind === "taken") return this.#receive(message.id, message.number, now);
    if (message.kind === "rejected") return this.#reject(message.id, message.reason);
    const changes = this.#takeLine(message, this.isLive ? now : null);
    if (!this.#isStale || !this.isLive || now - this.#knownAt < ASK_AGAIN) return changes;
    this.#knownAt = now;
    return [...changes, { what: "send", lines: [this.#ask()] }];
  }

  /**
   * Adds a line, and drops the oldest if there are too many.
   *
   * @param {Shown} line
   * @returns {Change}
   */
  show(line) {
    this.lines.push(line);
    if (this.lines.length > MAX_LINES) this.lines.shift();
    return { what: "line", line };
  }

  /**
   * @param {string} epoch
   * @param {number} number
   * @returns {Change[]}
   */
  #number(epoch, number) {
    this.last = epoch === this.epoch ? Math.max(this.last, number) : number;
    this.epoch = epoch;
    this.#isNumbered = true;
    return [...this.#greeting.flatMap((line) => this.#takeLine(line, null)), { what: "numbered" }];
  }

  /**
   * @param {string} id
   * @param {number} number
   * @param {number} now
   * @returns {Change[]}
   */
  #receive(id, number, now) {
    if (this.roster.complete(id)) {
      this.isLive = true;
      this.#knownAt = now;
      return [{ what: "members" }, { what: "live" }];
    }
    const line = this.outgoing.receive(id, number, this.last);
    if (line === null) return [];
    // What answered it, if anything did, went to a connection that was lost.
    const isUnanswered = number === 0 && line.tries > 1 && !line.isTold;
    return [
      ...isUnanswered ? [this.#note(`the server had handled it before: ${line.text}`)] : [],
      { what: "waiting" },
      { what: "send", lines: this.outgoing.send() },
    ];
  }

  /**
   * @param {string} id
   * @param {string} reason
   * @returns {Change[]}
   */
  #reject(id, reason) {
    if (!this.outgoing.reject(id, reason)) return [];
    return [{ what: "waiting" }, { what: "send", lines: this.outgoing.send() }];
  }

  /**
   * @param {string} text
   * @param {number | null} [time]
   */
  #note(text, time = null) {
    return this.show({ kind: "notice", name: "", text, time, own: false });
  }

  /**
   * @param {Message & { kind: "line" }} message
   * @param {number | null} time
   * @returns {Change[]}
   */
  #takeLine(message, time) {
    const { number, text: raw } = message;
    const { kind, name, text } = readLine(raw);
    // Who is only to come later is let in by one of the next connections.
    if (kind === "refused") return /try again later$/.test(text) ? [] : [{ what: "refused", reason: text }];
    if (kind === "goodbye") return [{ what: "left" }];
    if (!this.#isNumbered) {
      // The greeting to a member that comes back has nothing that it has not seen.
      if (this.#isResumed) return kind === "notice" ? this.#learnName(text) : [];
      this.#greeting.push(message);
      return [];
    }
    if (number !== null && number <= this.last) return [];
    const isOurs = number !== null && (name === this.name || this.outgoing.has(number));
    if (number !== null) this.last = number;
    /** @type {Change[]} */
    const changes = this.outgoing.settle(this.last) ? [{ what: "waiting" }] : [];
    if (this.#isResumed && number !== null && time === null && !this.#isDivided) {
      this.#isDivided = true;
      changes.push(this.#note("while you were away:"));
    }
    const learned = kind === "notice" ? this.#learn(text, time) : null;
    changes.push(...learned ?? [this.show({ kind, name, text, time, own: isOurs && name !== "" })]);
    return changes;
  }

  /**
   * @param {string} notice
   * @returns {Change[]}
   */
  #learnName(notice) {
    const { own } = newsIn(notice);
    if (own !== undefined) this.name = own;
    return own === undefined ? [] : [{ what: "name" }];
  }

  /**
   * @param {string} notice
   * @param {number | null} time
   * @returns {Change[] | null} `null` if the notice tells nothing but itself.
   */
  #learn(notice, time) {
    const news = newsIn(notice);
    if (news.own !== undefined) return this.#learnName(notice);
    if (news.isGreeting) return [];
    if (news.isCount) this.#isStale = true;
    if (news.sentTo !== undefined) {
      const text = this.outgoing.told();
      return text === null ? null : [this.show({ kind: "sent", name: news.sentTo, text, time, own: true })];
    }
    if (this.roster.learn(news)) return [];
    /** @type {Change[]} */
    const changes = [this.#note(notice, time), { what: "members" }];
    if (news.stillNamed !== undefined) changes.push({ what: "unnamed", reason: news.stillNamed });
    return changes;
  }
}
