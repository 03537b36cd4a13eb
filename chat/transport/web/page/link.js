// @ts-check
/**
 * Keeps a session connected: opens a connection, again when it is lost, and finds out when it is dead. Pure: time and connections are
 * given.
 *
 * @module
 */

/**
 * A connection that has been opened, or is being opened.
 *
 * @typedef {{ send(lines: string[]): void, close(): void }} Connection
 */

/**
 * Opens a connection and sends what begins a session. Calls back for each line, and once when it has ended; never after `close`.
 *
 * @typedef {(on: { line(text: string): void, ended(): void }) => Connection} Opener
 */

/** @typedef {"connecting" | "connected" | "waiting" | "stopped"} State */

/**
 * @typedef {object} Options
 * @property {Opener} socket By WebSocket.
 * @property {Opener} events By server-sent events.
 * @property {() => Promise<boolean>} isReachable Whether plain HTTP works.
 * @property {() => string} probe A line that the server answers.
 * @property {(text: string) => void} line Takes a line.
 * @property {() => void} changed Called when the state has changed.
 * @property {{ now(): number, after(ms: number, callback: () => void): () => void }} time
 * @property {() => number} random From 0 to 1.
 */

/** The first and the longest wait before the next attempt (ms). */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
/** How long the server may take to say where the numbering starts (ms). */
const OPENING_LIMIT = 10_000;
/** After so long without a line (ms), the connection is tried. JavaScript does not see the server's pings. */
const QUIET = 25_000;
/** How long the answer to that may take (ms), and right after a sleep, when a connection is likely to be dead. */
const ANSWER_LIMIT = 20_000;
const WAKING_LIMIT = 4000;
/** Whoever slept for so long (ms) connects again without asking: the server drops a peer that misses its pings. */
const DEAD_AFTER = 50_000;
/** So many WebSockets in a row must fail, while plain HTTP works, before server-sent events are used. */
const SOCKET_FAILURES = 2;

/** A link to the room. */
export class Link {
  /** @type {State} */
  state = "stopped";
  usesEvents = false;
  #options;
  /** @type {Connection | null} */
  #connection = null;
  #failures = 0;
  #socketFailures = 0;
  #heardAt = 0;
  #cancel = () => {};

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
  }

  /** Connects, and stays connected until {@linkcode stop}. */
  start() {
    this.#failures = 0;
    this.#connect();
  }

  /** Disconnects for good. */
  stop() {
    this.#drop();
    this.#become("stopped");
  }

  /** The server has begun the session: it works. */
  opened() {
    this.#failures = 0;
    if (!this.usesEvents) this.#socketFailures = 0;
    this.#become("connected");
    this.#watch(QUIET);
  }

  /**
   * Sends lines if there is a connection; the session sends them again in the next one.
   *
   * @param {string[]} lines
   */
  send(lines) {
    if (this.state === "connected") this.#connection?.send(lines);
  }

  /** Something has happened, such as waking up, after which the connection may be dead, or may be possible again. */
  check() {
    if (this.state === "waiting") return this.#connect();
    if (this.state !== "connected") return;
    const age = this.#options.time.now() - this.#heardAt;
    if (age > DEAD_AFTER) this.#connect();
    else this.#ask(WAKING_LIMIT);
  }

  #connect() {
    this.#drop();
    this.#become("connecting");
    const { socket, events, line, time } = this.#options;
    this.#cancel = time.after(OPENING_LIMIT, () => this.#lost());
    this.#connection = (this.usesEvents ? events : socket)({
      line: (text) => {
        this.#heardAt = time.now();
        line(text);
      },
      ended: () => this.#lost(),
    });
  }

  #lost() {
    const hadOpened = this.state === "connected";
    this.#drop();
    this.#become("waiting");
    if (hadOpened) return this.#retry();
    this.#failures++;
    // Events are for where WebSockets do not pass; when they fail as well, both are tried anew.
    if (this.usesEvents) {
      this.usesEvents = false;
      return this.#retry();
    }
    const attempt = this.#failures;
    this.#retry();
    this.#options.isReachable().then((isReachable) => {
      if (attempt !== this.#failures) return;
      this.#socketFailures = isReachable ? this.#socketFailures + 1 : 0;
      this.usesEvents = this.#socketFailures >= SOCKET_FAILURES;
    });
  }

  #retry() {
    const { time, random } = this.#options;
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures);
    // Members that lost one server all at once do not come back all at once.
    const wait = longest / 2 + random() * longest / 2;
    this.#cancel = time.after(wait, () => this.#connect());
    this.#options.changed();
  }

  #drop() {
    this.#cancel();
    this.#connection?.close();
    this.#connection = null;
  }

  /**
   * Waits until the connection has been quiet for a while, then tries it.
   *
   * @param {number} ms
   */
  #watch(ms) {
    const { time } = this.#options;
    this.#cancel();
    this.#cancel = time.after(ms, () => {
      const age = time.now() - this.#heardAt;
      if (age > DEAD_AFTER) this.#connect();
      else if (age >= QUIET) this.#ask(ANSWER_LIMIT);
      else this.#watch(QUIET - age);
    });
  }

  /** @param {number} limit */
  #ask(limit) {
    const { time, probe } = this.#options;
    const asked = time.now();
    this.#connection?.send([probe()]);
    this.#cancel();
    this.#cancel = time.after(limit, () => {
      if (this.#heardAt >= asked) this.#watch(QUIET - (time.now() - this.#heardAt));
      else this.#connect();
    });
  }

  /** @param {State} state */
  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.#options.changed();
  }
}
