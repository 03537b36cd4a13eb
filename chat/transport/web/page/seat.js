// @ts-check
/// <reference lib="dom" />
/**
 * What the browser remembers: the name, for every tab; the session, for this one, and its key for a moment, for a tab that is opened
 * after this one has closed. In private mode it may remember nothing.
 *
 * @module
 */

/** @typedef {import("./session.js").Saved} Saved */
/** @typedef {import("./lines.js").Shown} Shown */

const NAME = "plainwire-name";
const SESSION = "plainwire-session";
const SEAT = "plainwire-seat";
/** How long a seat may be taken up in a new tab (ms); the room holds its name for 20 s. */
const SEAT_LIMIT = 30_000;
/** How many lines survive a reload of the page, and how many characters of them: a browser stores about five million. */
const SAVED_LINES = 300;
const SAVED_SIZE = 1_000_000;
/** How long another tab may take to answer (ms). */
const TAB_LIMIT = 150;

/**
 * Random base64url, for keys and ids. `crypto.randomUUID` is missing on plain http.
 *
 * @param {number} bytes A multiple of three.
 * @returns {string}
 */
export function randomText(bytes) {
  const text = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes))));
  return text.replaceAll("+", "-").replaceAll("/", "_");
}

/** @returns {string} A new session's key: 192 bits. */
export function newKey() {
  return randomText(24);
}

/** @returns {string} The name that was used last, or "". */
export function rememberedName() {
  return attempt(() => localStorage.getItem(NAME)) ?? "";
}

/** @param {string} name */
export function rememberName(name) {
  attempt(() => localStorage.setItem(NAME, name));
}

/** @returns {Saved | null} The session of this tab before it was loaded again, or the seat of one that has just closed. */
export function savedSession() {
  const session = attempt(() => JSON.parse(sessionStorage.getItem(SESSION) ?? "null")) ?? null;
  if (session !== null || typeof BroadcastChannel === "undefined") return session;
  const seat = attempt(() => JSON.parse(localStorage.getItem(SEAT) ?? "null")) ?? null;
  if (seat === null || Math.abs(Date.now() - seat.at) > SEAT_LIMIT) return null;
  return { key: seat.key, epoch: null, last: 0, lines: [], waiting: [] };
}

/** @param {Saved | null} session What does not fit is not kept; what was kept before is out of date then. */
export function saveSession(session) {
  attempt(() => sessionStorage.removeItem(SESSION));
  if (session === null) return void attempt(() => localStorage.removeItem(SEAT));
  attempt(() => localStorage.setItem(SEAT, JSON.stringify({ key: session.key, at: Date.now() })));
  const kept = JSON.stringify({ ...session, lines: newestOf(session.lines) });
  attempt(() => sessionStorage.setItem(SESSION, kept));
}

/**
 * The lines that a browser has room for.
 *
 * @param {readonly Shown[]} lines
 * @returns {Shown[]}
 */
export function newestOf(lines) {
  const newest = lines.slice(-SAVED_LINES);
  let size = 0;
  return newest.slice(newest.findLastIndex(({ text }) => (size += text.length) > SAVED_SIZE) + 1);
}

/**
 * @template T
 * @param {() => T} use What a browser may forbid.
 * @returns {T | null}
 */
function attempt(use) {
  try {
    return use();
  } catch {
    return null;
  }
}

/**
 * Keeps two tabs from using one session: a duplicated tab begins with a copy of what the first has stored. Each would take the seat
 * from the other for ever.
 */
export class Tabs {
  #channel = attempt(() => new BroadcastChannel("plainwire"));
  #tab = randomText(9);
  /** @type {string | null} */
  #key = null;
  #isHolder = false;
  #answered = () => {};

  constructor() {
    this.#channel?.addEventListener("message", ({ data }) => this.#hear(data));
  }

  /**
   * Whether another tab uses a key; if none does, this one does from now on.
   *
   * @param {string} key
   * @returns {Promise<boolean>}
   */
  async isTaken(key) {
    this.#key = key;
    this.#isHolder = false;
    const answered = new Promise((resolve) => this.#answered = () => resolve(true));
    this.#channel?.postMessage({ asks: key, tab: this.#tab });
    const isTaken = await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, TAB_LIMIT, false))]);
    this.#isHolder = !isTaken;
    return isTaken === true;
  }

  /** @param {string} key A new key, which no other tab can have. */
  hold(key) {
    this.#key = key;
    this.#isHolder = true;
  }

  /** @param {{ asks?: string, tab: string, answers?: string }} message */
  #hear({ asks, tab, answers }) {
    if (answers === this.#tab) this.#answered();
    // Two tabs that ask at the same time: one of them gives way.
    if (asks === undefined || asks !== this.#key || !(this.#isHolder || this.#tab < tab)) return;
    this.#channel?.postMessage({ answers: tab, tab: this.#tab });
  }
}
