/**
 * A small chat room that is right, unless it is told to commit a fault: for the checks to find.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";

/** What it can get wrong. */
export type Fault =
  | "a read is a line"
  | "one prefix per read"
  | "half lines are passed on"
  | "the rest is inherited"
  | "no line end"
  | "twice"
  | "history twice"
  | "backwards"
  | "ten members"
  | "an empty line is the end"
  | "two line ends"
  | "fatal decoder"
  | "latin1"
  | "raw controls"
  | "cut at NUL"
  | "telnet is text"
  | "long lines are cut"
  | "no limit"
  | "no names shown"
  | "any name"
  | "case matters"
  | "names stay taken"
  | "the name's read is dropped"
  | "no farewell"
  | "farewell needs LF"
  | "farewell anywhere"
  | "farewell before the line"
  | "the last line is lost"
  | "a reset ends the room"
  | "resets are not told"
  | "names one by one"
  | "one writer for all"
  | "one reader for all"
  | "a hundred connections";

const LIMIT = 4096;
const QUEUE = 1024 * 1024;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** One member. */
class Member {
  name = "";
  lines: string[] = [];
  rest: Uint8Array = new Uint8Array();
  #conn: Deno.TcpConn;
  #queued = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Sends text by a queue of its own; drops the member when that is full. */
  tell(text: string): Promise<unknown> {
    const bytes = encoder.encode(text);
    this.#queued += bytes.length;
    if (this.#queued > QUEUE) return this.close();
    return this.#writing = this.#writing.then(() => this.write(bytes)).then(() => this.#queued -= bytes.length);
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    } catch {
      // Reading finds out.
    }
  }

  close(): Promise<void> {
    try {
      this.#conn.close();
    } catch {
      // It was closed before.
    }
    return Promise.resolve();
  }

  async bye(): Promise<void> {
    await this.#writing;
    await this.close();
  }
}

/** A room: asks for a name, shows `name: line`, tells who joins and leaves, and ends a session at `exit`. */
export class TinyRoom implements AsyncDisposable {
  readonly port: number;
  #listener: Deno.TcpListener;
  #fault: Fault | null;
  #members = new Set<Member>();
  #connections = new Set<Promise<void>>();
  #open = new Set<Member>();
  #names = new Set<string>();
  #history: string[] = [];
  /** The incomplete line of who left last. */
  #left: Uint8Array = new Uint8Array();
  #turn: Promise<unknown> = Promise.resolve();
  #accepting: Promise<void>;

  constructor(fault: Fault | null = null) {
    this.#fault = fault;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1024 } as Deno.TcpListenOptions);
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.#accepting;
    await Promise.all(this.#connections);
  }

  #end(): void {
    try {
      this.#listener.close();
    } catch {
      // A fault has closed it.
    }
    for (const member of this.#open) member.close();
  }

  async #accept(): Promise<void> {
    try {
      for (;;) {
        const conn = await this.#listener.accept();
        conn.setNoDelay(true);
        const serving = this.#serve(conn).finally(() => this.#connections.delete(serving));
        this.#connections.add(serving);
        if (this.#fault === "names one by one") await serving;
      }
    } catch {
      // Closed.
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    const member = new Member(conn);
    this.#open.add(member);
    member.tell("* your name?\n");
    if (this.#fault === "the rest is inherited") member.rest = this.#left;
    let how = "left";
    try {
      const buffer = new Uint8Array(65536);
      for (let reading = conn.read(buffer), count: number | null; (count = await reading) !== null;) {
        const bytes = buffer.slice(0, count);
        reading = conn.read(buffer);
        reading.catch(() => {});
        if (this.#fault === "the last line is lost" && await endsSoon(reading)) break;
        if (await this.#take(member, bytes) === "leave") break;
      }
    } catch {
      how = "was reset";
      if (this.#fault === "a reset ends the room") this.#end();
    }
    const reset = how === "was reset";
    if (this.#members.delete(member) && !(reset && this.#fault === "resets are not told")) {
      this.#say(`* ${member.name} ${how}`, null);
    }
    if (!(reset && this.#fault === "names stay taken")) this.#names.delete(this.#key(member.name));
    this.#left = member.rest;
    await (reset ? member.close() : member.bye());
    this.#open.delete(member);
  }

  #key(name: string): string {
    return this.#fault === "case matters" ? name : name.toLowerCase();
  }

  /** Takes what was read: whole lines out of it. */
  async #take(member: Member, bytes: Uint8Array): Promise<"leave" | void> {
    const fault = this.#fault;
    if (fault === "one reader for all" && bytes.length > 10_000) {
      await (this.#turn = this.#turn.then(() => new Promise((resolve) => setTimeout(resolve, 2000))));
    }
    if (fault === "one reader for all") await this.#turn;
    if (fault === "telnet is text" && bytes.includes(255)) { for (const other of this.#members) other.write(bytes); }
    const plain = fault === "telnet is text"
      ? bytes
      : bytes.filter((byte, index) => byte !== 255 && !isOption(bytes, index));
    if (fault === "a read is a line") return await this.#line(member, decoder.decode(plain).trimEnd());
    if (fault === "one prefix per read" && member.name !== "") {
      const text = this.#safe(decoder.decode(plain)).trimEnd();
      return this.#say(`${member.name}: ${text}`, member);
    }
    if (fault === "half lines are passed on" && member.name !== "") return this.#sayPart(member, plain);
    const before = member.rest;
    const all = concat([before, plain]);
    const end = all.lastIndexOf(10) + 1;
    member.rest = all.slice(end);
    if (all.length - end > LIMIT && fault !== "no limit") {
      if (fault !== "long lines are cut") return void await this.#refuse(member);
      member.rest = all.slice(end, end + LIMIT);
    }
    const text = fault === "latin1"
      ? new TextDecoder("latin1").decode(all.slice(0, end))
      : this.#decode(all.slice(0, end));
    const lines = text.split(fault === "two line ends" ? /\r|\n/ : fault === "farewell needs LF" ? "\n" : /\r?\n/)
      .slice(0, -1);
    if (fault === "backwards") lines.reverse();
    if (fault === "farewell before the line" && lines.includes("exit")) return "leave";
    for (const line of lines) {
      if (await this.#line(member, line) === "leave") return "leave";
      if (fault === "the name's read is dropped" && this.#history.at(-1) === `* ${member.name} joined`) return;
    }
  }

  async #refuse(member: Member): Promise<"leave"> {
    await member.tell("* refused: that line is too long\n");
    throw new Error("too long");
  }

  #decode(bytes: Uint8Array): string {
    return new TextDecoder("utf-8", { fatal: this.#fault === "fatal decoder" }).decode(bytes);
  }

  async #line(member: Member, line: string): Promise<"leave" | void> {
    const fault = this.#fault;
    if (line.length > LIMIT && !["no limit", "long lines are cut"].includes(fault ?? "")) {
      return await this.#refuse(member);
    }
    const text = fault === "long lines are cut" ? line.slice(0, LIMIT) : line;
    if (member.name === "") return this.#naming(member, text);
    const farewell = fault === "farewell anywhere"
      ? /^exit\b/.test(text)
      : (fault === "farewell needs LF" ? text : text.trim()) === "exit";
    if (farewell && fault !== "no farewell") return "leave";
    if (text === "" && fault !== "two line ends") return fault === "an empty line is the end" ? "leave" : undefined;
    if (fault === "a hundred connections" && this.#open.size > 100) return;
    this.#say(fault === "no names shown" ? this.#safe(text) : `${member.name}: ${this.#safe(text)}`, member);
    if (fault === "twice") this.#say(`${member.name}: ${this.#safe(text)}`, member);
  }

  #naming(member: Member, name: string): void {
    const fault = this.#fault;
    const good = fault === "any name" || /^[a-z0-9]{1,24}$/i.test(name) && !this.#names.has(this.#key(name));
    if (!good) return void member.tell("* another name, please\n");
    member.name = fault === "any name" && name === "" ? " " : name;
    this.#names.add(this.#key(name));
    if (fault === "ten members" && this.#members.size >= 10) return void member.tell("* welcome\n");
    for (const line of this.#history.slice(-20)) member.tell(`${line}\n`);
    if (fault === "history twice") { for (const line of this.#history.slice(-20)) member.tell(`${line}\n`); }
    member.tell("* welcome\n");
    this.#members.add(member);
    this.#say(`* ${name} joined`, null);
  }

  #safe(text: string): string {
    if (this.#fault === "raw controls") return text;
    const whole = this.#fault === "cut at NUL" ? text.split("\0")[0] ?? "" : text;
    return whole.replace(/[^\P{Cc}\n]|\u202e/gu, "?");
  }

  /** Shows a line to everybody but its speaker. */
  #say(line: string, from: Member | null): void {
    this.#history.push(line);
    const text = this.#fault === "no line end" ? line : `${line}\n`;
    if (this.#fault === "one writer for all") {
      this.#turn = this.#turn.then(async () => {
        for (const member of this.#members) if (member !== from) await member.write(encoder.encode(text));
      });
      return;
    }
    for (const member of this.#members) if (member !== from) member.tell(text);
  }

  #sayPart(from: Member, bytes: Uint8Array): void {
    for (const member of this.#members) {
      if (member !== from) member.tell(`${from.name}: ${this.#safe(decoder.decode(bytes))}`);
    }
  }
}

/** Whether a byte belongs to a telnet option of three bytes. */
function isOption(bytes: Uint8Array, index: number): boolean {
  return bytes[index - 1] === 255 || bytes[index - 2] === 255 && (bytes[index - 1] ?? 0) >= 251;
}

/** Whether the end of the stream comes in a moment. */
async function endsSoon(reading: Promise<number | null>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const timer = setTimeout(() => resolve(1), 30);
  const next = await Promise.race([reading, promise]);
  clearTimeout(timer);
  return next === null;
}
