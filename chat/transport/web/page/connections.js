// @ts-check
/// <reference lib="dom" />
/**
 * The two ways into the room: a WebSocket, and server-sent events with POST where a proxy lets no WebSocket pass.
 *
 * @module
 */

/** @typedef {import("./link.js").Connection} Connection */
/** @typedef {import("./link.js").Opener} Opener */
/** @typedef {import("./session.js").Session} Session */

/**
 * Opens WebSockets for a session.
 *
 * @param {() => Session} sessionNow
 * @returns {Opener}
 */
export function bySocket(sessionNow) {
  return (on) => {
    const url = new URL("room", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    socket.onopen = () => {
      const session = sessionNow();
      const { key, cursor, wantedName } = session;
      socket.send(cursor === null ? `/session ${key}` : `/session ${key} ${cursor}`);
      if (wantedName !== null) socket.send(`/nick ${wantedName}`);
      for (const line of session.open()) socket.send(line);
    };
    socket.onmessage = ({ data }) => on.line(String(data));
    socket.onclose = () => on.ended();
    return {
      send(lines) {
        for (const line of lines) socket.send(line);
      },
      close() {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
      },
    };
  };
}

/**
 * Opens streams of events for a session; its lines go out in order, one request at a time.
 *
 * @param {() => Session} sessionNow
 * @returns {Opener}
 */
export function byEvents(sessionNow) {
  return (on) => {
    const session = sessionNow();
    const { key, cursor, wantedName } = session;
    const source = new EventSource(`events?${query({ session: key, after: cursor, name: wantedName })}`);
    const posts = new Posts(`say?${query({ session: key })}`, () => {
      source.close();
      on.ended();
    });
    source.onopen = () => posts.send(session.open());
    source.onmessage = ({ data }) => on.line(data);
    // A source connects again by itself, but knows nothing of the lines that wait.
    source.onerror = () => {
      source.close();
      posts.close();
      on.ended();
    };
    return {
      send: (lines) => posts.send(lines),
      close() {
        source.onopen = source.onmessage = source.onerror = null;
        source.close();
        posts.close();
      },
    };
  };
}

/** Lines on their way out by POST. */
class Posts {
  /** @type {string[]} */
  #lines = [];
  #isSending = false;
  #abort = new AbortController();

  /**
   * @param {string} url
   * @param {() => void} failed
   */
  constructor(url, failed) {
    this.url = url;
    this.failed = failed;
  }

  /** @param {string[]} lines */
  send(lines) {
    this.#lines.push(...lines);
    if (!this.#isSending) this.#sendAll();
  }

  close() {
    this.#abort.abort();
  }

  async #sendAll() {
    this.#isSending = true;
    const { signal } = this.#abort;
    try {
      while (this.#lines.length > 0 && !signal.aborted) {
        const body = this.#lines.splice(0, 20).join("\n");
        const { ok } = await fetch(this.url, { method: "POST", body, signal });
        if (!ok) throw new Error("Cannot send: refused");
      }
      this.#isSending = false;
    } catch {
      // The lines have no receipt, so the next connection sends them again.
      if (!signal.aborted) this.failed();
    }
  }
}

/** @param {Record<string, string | null>} values */
function query(values) {
  const given = Object.entries(values).flatMap(([name, value]) => value === null ? [] : [[name, value]]);
  return new URLSearchParams(given).toString();
}

/**
 * Whether the server answers plain HTTP.
 *
 * @returns {Promise<boolean>}
 */
export async function isReachable() {
  try {
    const { ok } = await fetch("./", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(3000) });
    return ok;
  } catch {
    return false;
  }
}
