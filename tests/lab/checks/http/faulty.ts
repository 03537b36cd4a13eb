/**
 * HTTP servers that make mistakes, in the test's process.
 *
 * @module
 */
import { listenNode } from "../../../../lib/net/node_listener.ts";
import type { RawSocket } from "../../../../lib/net/socket.ts";
import { encodeText } from "../../../../lib/text.ts";
import { within } from "../../../../lib/within.ts";

/** A connection's handler; it need not close. What it throws because the client is gone is caught. */
export type Handler = (conn: RawSocket) => Promise<void>;

/** A server that is stopped when it goes out of scope. */
export interface Faulty extends AsyncDisposable {
  readonly port: number;
}

/** Serves each connection by a handler, one after the other if they are to be served `serially`. */
export async function serveFaulty(handle: Handler, { serially = false, dies = false } = {}): Promise<Faulty> {
  const listener = (await listenNode({ hostname: "127.0.0.1", port: 0 }))();
  const open = new Set<Promise<void>>();
  const conns = new Set<RawSocket>();
  let stopped = false;
  const stop = (): void => {
    if (!stopped) listener.close();
    stopped = true;
    for (const conn of conns) conn.close();
    conns.clear();
  };
  const serve = async (conn: RawSocket): Promise<void> => {
    conns.add(conn);
    // A client that is gone ends its connection, or the server.
    await handle(conn).catch(() => dies ? stop() : undefined);
    if (conns.delete(conn)) conn.close();
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      const conn = await listener.accept().catch(() => null);
      if (conn === null) return;
      const served = serve(conn);
      open.add(served);
      if (serially) await served;
    }
  };
  const running = run();
  return {
    port: listener.addr.port,
    [Symbol.asyncDispose]: async () => {
      stop();
      await running;
      await Promise.all(open);
    },
  };
}

const PAGE = "<h1>Hello!</h1>\n";

/** An answer without what is not demanded here. */
export function answer(body = PAGE, ...fields: string[]): string {
  const lines = ["HTTP/1.1 200 OK", ...fields, `Content-Length: ${encodeText(body).length}`];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** What a server without any check makes of a head. */
interface Lax {
  readonly field: (name: string) => string;
}

/** The bytes of a connection, one a character, as far as they have come. */
class Input {
  text = "";
  #conn: RawSocket;
  #buffer = new Uint8Array(65536);

  constructor(conn: RawSocket) {
    this.#conn = conn;
  }

  /** Reads on; returns whether there was more. */
  async more(): Promise<boolean> {
    const count = await this.#conn.read(this.#buffer);
    for (const byte of this.#buffer.subarray(0, count ?? 0)) this.text += String.fromCharCode(byte);
    return count !== null;
  }

  /** Takes what precedes an end, with it; `null` if the stream ends first. */
  async until(end: string): Promise<string | null> {
    while (!this.text.includes(end)) if (!await this.more()) return null;
    return await this.take(this.text.indexOf(end) + end.length);
  }

  /** Takes as many. */
  async take(count: number): Promise<string | null> {
    while (this.text.length < count) if (!await this.more()) return null;
    const taken = this.text.slice(0, Math.max(0, count));
    this.text = this.text.slice(taken.length);
    return taken;
  }
}

/** How a {@linkcode lax} server differs. */
export interface LaxOptions {
  /** Which bodies it looks for. */
  readonly bodies?: "all" | "by length" | "none";
  /** Lines of a chunked body that it does not understand: they end the connection with 400. */
  readonly refuses?: RegExp;
  /** What it answers. */
  readonly reply?: (head: string, body: string) => string;
  /** What it says when a client waits with its body. */
  readonly interim?: string;
  /** Whether it closes after an answer. */
  readonly closes?: (head: string) => boolean;
}

/** Reads head after head and looks at nothing, reads numbers like `parseInt`, takes any line end for one, and answers with a page. */
export function lax(options: LaxOptions): Handler {
  const { bodies = "all", reply = () => answer(), interim = "", refuses = /(?!)/, closes = () => false } = options;
  return async (conn) => {
    const input = new Input(conn);
    for (let text; (text = await input.until("\r\n\r\n")) !== null;) {
      if (/^expect:/im.test(text) && interim !== "") await write(conn, interim);
      const head = laxHead(text);
      const chunked = /chunked/.test(head.field("transfer-encoding")) && bodies === "all";
      const body = bodies === "none" ? "" : chunked ? await laxChunks(input, refuses) : await laxBody(input, head);
      if (body === null) return;
      if (body === REFUSED) return await write(conn, REFUSED);
      await write(conn, reply(text, body));
      if (closes(text)) return;
    }
  };
}

/** What is written to whom cannot be understood. */
export const REFUSED = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

async function write(conn: RawSocket, text: string): Promise<void> {
  const bytes = encodeText(text);
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

function laxHead(text: string): Lax {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  return { field: (name) => lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.split(":")[1] ?? "" };
}

/** The number as 64 bits hold it. */
const wrapped = (digits: string): number => Number(BigInt.asUintN(64, BigInt(digits)));

async function laxBody(input: Input, { field }: Lax): Promise<string | null> {
  const length = field("content-length").trim();
  const count = /^\d{16,}$/.test(length) ? wrapped(length) : parseInt(length) || 0;
  return await input.take(Math.abs(count));
}

async function laxChunks(input: Input, refuses: RegExp): Promise<string | null> {
  let body = "";
  for (let line; (line = await input.until("\r\n")) !== null;) {
    if (refuses.test(line)) return REFUSED;
    const digits = line.trim().replace(/^[+-]|^0x/, "");
    const size = /^[\da-f]{16,}$/i.test(digits) ? wrapped(`0x${digits}`) : parseInt(digits, 16) || 0;
    if (size > 0 || !digits.startsWith("0")) {
      // What a chunk says of its size is not compared with where it ends.
      body += (await input.until("\r\n"))?.slice(0, -2) ?? "";
      continue;
    }
    for (let trailer; (trailer = await input.until("\r\n")) !== "\r\n" && trailer !== null;) {
      if (refuses.test(trailer)) return REFUSED;
    }
    return body;
  }
  return null;
}

/** Answers after one read, whatever it was, and closes. */
export function oneRead(reply: (read: string) => string = () => answer()): Handler {
  return async (conn) => {
    const buffer = new Uint8Array(4096);
    const count = await conn.read(buffer);
    if (count !== null) await write(conn, reply(new TextDecoder().decode(buffer.subarray(0, count))));
  };
}

/** Reads, and never answers. */
export const silent: Handler = async (conn) => {
  while (await conn.read(new Uint8Array(65536)) !== null);
};

/** Answers after one read, and resets. */
export const resetting: Handler = async (conn) => {
  await conn.read(new Uint8Array(1024));
  await write(conn, answer());
  conn.reset?.();
};

/** Its client's end is an error to it; it notices one within a moment. */
export const fragile: Handler = async (conn) => {
  if (await conn.read(new Uint8Array(4096)) === null) throw new Error("the client is gone");
  const next = conn.read(new Uint8Array(1));
  next.catch(() => {});
  if (await within(next, 20)) throw new Error("the client is gone");
  await write(conn, answer());
};

/** Reads to the client's FIN, and closes. */
export const deafToHalves: Handler = async (conn) => {
  while (await conn.read(new Uint8Array(1024)) !== null);
};

/** Serves so many connections, and then closes each without a word. */
export function exhausted(after: number): Handler {
  let count = 0;
  return async (conn) => {
    if (count++ < after) await lax({ closes: () => true })(conn);
    else await conn.read(new Uint8Array(4096));
  };
}
