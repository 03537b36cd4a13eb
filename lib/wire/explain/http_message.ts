/**
 * Where a message of HTTP/1.1 ends (RFC 9112 6), followed leniently: this reads along, it does not judge. Pure.
 *
 * @module
 */
const LF = 10;
const CR = 13;
/** The most of a line that is kept (bytes): the fields that matter are short. */
const KEPT = 512;

const REQUEST_LINE = /^([A-Z]{3,16}) \S+ HTTP\/1\.\d$/;
const STATUS_LINE = /^HTTP\/1\.\d (\d{3})(?: |$)/;

/** Whether a first line, without its line end, begins a message of HTTP/1.1. */
export function beginsHttp(line: string): boolean {
  return REQUEST_LINE.test(line) || STATUS_LINE.test(line);
}

/** Whether bytes may be the beginning of such a line. */
export function mayBeginHttp(start: string): boolean {
  return /^(?:\r$|[A-Z]{1,16}$|[A-Z]{3,16} )/.test(start) || "HTTP/1.".startsWith(start.slice(0, 7));
}

/** What the next bytes belong to. */
type Part = "head" | "body" | "size" | "chunk" | "trailer" | "rest";

/** One message, read as it comes. */
export class HttpMessage {
  /** How many lines the head has so far, and how many of them end with LF alone. */
  lines = 0;
  bareLines = 0;
  done = false;
  /** Whether its bare line ends were told. */
  reported = false;
  /** The request's method; `null` in a response. */
  method: string | null = null;
  #part: Part = "head";
  #line = "";
  #lineLength = 0;
  #left = 0;
  #status = 0;
  #length: number | null = null;
  #chunked = false;
  #upgrade = false;
  #methods: string[];

  /** @param methods The methods of the requests that have no response yet, oldest first; shared by both directions. */
  constructor(methods: string[]) {
    this.#methods = methods;
  }

  /** Whether what follows is not HTTP any more: a body to the end of the stream, or another protocol. */
  get opaque(): boolean {
    return this.#part === "rest";
  }

  /** What is missing, in words. */
  get missing(): string {
    if (this.#part === "head") return "the blank line that ends the head";
    return this.#part === "body" ? `${this.#left} bytes of the body` : "the last chunk of the body";
  }

  /** Reads on; returns where the message ends, or the end of the bytes. */
  push(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && !this.done) {
      if (this.#part === "rest") return bytes.length;
      if (this.#part !== "body" && this.#part !== "chunk") {
        at = this.#takeLine(bytes, at);
        continue;
      }
      const taken = Math.min(bytes.length - at, this.#left);
      at += taken;
      this.#left -= taken;
      if (this.#left > 0) continue;
      if (this.#part === "body") this.done = true;
      else this.#part = "size";
    }
    return at;
  }

  #takeLine(bytes: Uint8Array, from: number): number {
    const newline = bytes.indexOf(LF, from);
    const end = newline < 0 ? bytes.length : newline;
    for (let at = from; at < end && this.#line.length < KEPT; at++) this.#line += String.fromCharCode(bytes[at] ?? 0);
    this.#lineLength += end - from;
    if (newline < 0) return end;
    const bare = newline > from ? bytes[newline - 1] !== CR : !this.#line.endsWith("\r");
    const line = this.#line.replace(/\r$/, "");
    const empty = this.#lineLength === (bare ? 0 : 1);
    this.#line = "";
    this.#lineLength = 0;
    this.#endLine(line, { bare, empty });
    return newline + 1;
  }

  #endLine(line: string, { bare, empty }: { bare: boolean; empty: boolean }): void {
    if (this.#part === "size") {
      const size = parseInt(line, 16);
      this.#part = size === 0 ? "trailer" : size > 0 ? "chunk" : "rest";
      // The chunk and the line end after it.
      this.#left = size + 2;
    } else if (this.#part === "trailer") this.done = empty;
    else {
      this.lines++;
      if (bare) this.bareLines++;
      // Blank lines before the first are skipped (RFC 9112 2.2).
      if (!empty) this.#field(line);
      else if (this.#status > 0 || this.method !== null) this.#endHead();
    }
  }

  #field(line: string): void {
    if (this.#status === 0 && this.method === null) {
      this.method = REQUEST_LINE.exec(line)?.[1] ?? null;
      this.#status = Number(STATUS_LINE.exec(line)?.[1] ?? 0);
      if (this.method === null && this.#status === 0) this.#part = "rest";
      return;
    }
    const [, name = "", value = ""] = /^([^:]*):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    const field = name.toLowerCase();
    if (field === "content-length" && /^\d{1,15}$/.test(value)) this.#length = Number(value);
    else if (field === "transfer-encoding") this.#chunked = /\bchunked$/i.test(value);
    else if (field === "upgrade") this.#upgrade = true;
  }

  #endHead(): void {
    if (this.method !== null) {
      if (this.#methods.length < 64) this.#methods.push(this.method);
      return this.#body(0);
    }
    if (this.#status < 200 && this.#status !== 101) {
      // An interim response (RFC 9110 15.2): the final one follows.
      this.done = true;
      return;
    }
    const method = this.#methods.shift();
    if (this.#status === 101 || (method === "CONNECT" && this.#status < 300)) this.#part = "rest";
    else if (method === "HEAD" || this.#status === 204 || this.#status === 304) this.done = true;
    else this.#body(null);
  }

  /** Finds how the body is delimited; `otherwise` is its length if the head does not say, `null` for "up to the end". */
  #body(otherwise: number | null): void {
    const length = this.#length ?? otherwise;
    if (this.#chunked) this.#part = "size";
    else if (length === null) this.#part = "rest";
    else if (length === 0) this.done = true;
    else {
      this.#part = "body";
      this.#left = length;
    }
  }

  /** Whether the request asks for another protocol on this connection. */
  get upgrades(): boolean {
    return this.#upgrade && this.method !== null;
  }
}
