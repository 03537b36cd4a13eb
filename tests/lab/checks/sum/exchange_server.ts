/**
 * A server of the number exchange for the tests, right or with one fault.
 *
 * @module
 */
import { decodeText, encodeText } from "../../../../lib/text.ts";
import type { ServerFacts } from "../outcomes.ts";

/** What a server does; each of them can be done wrong. */
export interface Ways {
  /** Reads a question from what comes; `null` is the end without one. */
  read(conn: Deno.Conn, state: { rest: string }): Promise<string | null>;
  /** Its answer, `null` to close without one; {@linkcode Stop} stops the server, any other error ends it. */
  answer(question: string): string | null;
  /** What follows an answer. */
  readonly end: string;
  /** Whether more questions may come on a connection: until it closes, or never while the client waits. */
  readonly more: "close" | "serve" | "ignore";
  /** Whether a client waits until the one before it is done. */
  readonly serial: boolean;
}

/** Stops the server, after the client is told. */
export class Stop extends Error {}

/** Reads a line, of at most 64 KiB, or what there is before the end. */
export async function readLine(conn: Deno.Conn, state: { rest: string }): Promise<string | null> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const buffer = new Uint8Array(4096);
  for (;;) {
    const newline = state.rest.indexOf("\n");
    if (newline >= 0) {
      const line = state.rest.slice(0, newline);
      state.rest = state.rest.slice(newline + 1);
      return line.replace(/\r$/, "");
    }
    if (state.rest.length > 65_536) return "too long";
    const count = await conn.read(buffer);
    if (count === null) {
      const last = state.rest;
      state.rest = "";
      return last === "" ? null : last;
    }
    state.rest += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

/** Answers as the contract says. */
export function answer(question: string): string {
  const [, name = "", digits] = /^\s*(.*):\s*([+-]?[0-9]+)\s*$/s.exec(question) ?? [];
  if (digits === undefined || name.trim() === "" || name.length > 200) return "Cannot take the question";
  const number = BigInt(digits);
  if (number < 1n || number > 100n) throw new Stop("Bob: stopping");
  return "Bob: 58";
}

const RIGHT: Ways = { read: readLine, answer, end: "\n", more: "close", serial: false };

/** A server on 127.0.0.1. */
export class ExchangeServer implements AsyncDisposable, ServerFacts {
  readonly endpoint: { hostname: string; port: number };
  #ways: Ways;
  #listener: Deno.TcpListener;
  #conns = new Set<Deno.Conn>();
  #serving: Promise<void>;
  #end: "well" | "badly" | null = null;
  #printed = "";

  constructor(ways: Partial<Ways> = {}) {
    this.#ways = { ...RIGHT, ...ways };
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.endpoint = { hostname: "127.0.0.1", port: this.#listener.addr.port };
    this.#serving = this.#serve();
  }

  /** What it prints: questions, escaped. */
  readonly output = (): string => this.#printed;

  readonly ending = (): Promise<string | null> =>
    Promise.resolve(this.#end === null ? null : `it has ended ${this.#end}`);

  readonly endedWell = (): boolean => this.#end === "well";

  readonly restart = async (): Promise<void> => {
    await this[Symbol.asyncDispose]();
    this.#end = null;
    this.#listener = Deno.listen({ ...this.endpoint });
    this.#serving = this.#serve();
  };

  async #serve(): Promise<void> {
    const talks: Promise<void>[] = [];
    const listener = this.#listener;
    while (this.#end === null) {
      try {
        const talk = this.#talk(await listener.accept());
        talks.push(talk);
        if (this.#ways.serial) await talk;
      } catch {
        // Closed, or a client that has reset the connection before it was accepted.
      }
    }
    await Promise.all(talks);
  }

  /** Serves one connection; never rejects. */
  async #talk(conn: Deno.Conn): Promise<void> {
    this.#conns.add(conn);
    const state = { rest: "" };
    try {
      for (let question; (question = await this.#ways.read(conn, state)) !== null;) {
        if (!await this.#reply(conn, question) || this.#ways.more === "close") break;
        if (this.#ways.more === "ignore") await conn.read(new Uint8Array(1)).then(() => conn.read(new Uint8Array(999)));
      }
    } catch {
      // The client is gone.
    } finally {
      this.#conns.delete(conn);
      try {
        conn.close();
      } catch {
        // The server's end has closed it.
      }
    }
  }

  /** Answers; returns whether the connection goes on. */
  async #reply(conn: Deno.Conn, question: string): Promise<boolean> {
    let text: string | null;
    this.#printed = `${this.#printed}${JSON.stringify(question.slice(0, 100))}\n`.slice(-1000);
    try {
      text = this.#ways.answer(question);
    } catch (error) {
      if (error instanceof Stop && error.message !== "") await conn.write(encodeText(`${error.message}\n`));
      this.#stop(error instanceof Stop ? "well" : "badly");
      return false;
    }
    if (text !== null) await conn.write(encodeText(text + this.#ways.end));
    return text !== null;
  }

  #stop(end: "well" | "badly"): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#listener.close();
    for (const conn of this.#conns) conn.close();
    this.#conns.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop("well");
    await this.#serving;
  }
}

/** One read is one question. */
export async function readOnce(conn: Deno.Conn): Promise<string | null> {
  const buffer = new Uint8Array(1024);
  const count = await conn.read(buffer);
  return count === null ? null : decodeText(buffer.subarray(0, count));
}
