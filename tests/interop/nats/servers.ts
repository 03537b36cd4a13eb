/**
 * Chat servers of a shared room, and their guests, for the tests.
 *
 * @module
 */
import { run, type RunningServer, type StartOptions, startServer } from "../../support/script.ts";

/** Starts a chat server of the room "Room 5b". */
export function serve(url: string, flags: readonly string[] = [], options: StartOptions = {}): Promise<RunningServer> {
  const shared = ["--room", "Room 5b", "--nats", url];
  return startServer("chat:server", ["--bind", "127.0.0.1", "--rate", "0", ...shared, ...flags], {
    stdin: true,
    ...options,
  });
}

/** A member over plain TCP. */
export class Guest implements AsyncDisposable {
  /** All that it got. */
  text = "";
  #socket: Deno.TcpConn;
  #reading: Promise<void>;
  #wake = Promise.withResolvers<void>();

  private constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
    this.#reading = this.#read();
  }

  /** Joins a server under a name. */
  static async join({ port }: { readonly port: number }, name: string): Promise<Guest> {
    const guest = await Guest.connect({ port });
    await guest.says(`/nick ${name}`);
    await guest.sees(new RegExp(`you are ${name};`));
    return guest;
  }

  /** Connects to a server. */
  static async connect({ port }: { readonly port: number }): Promise<Guest> {
    return new Guest(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends lines. */
  async says(...lines: string[]): Promise<void> {
    const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
    for (let at = 0; at < bytes.length;) at += await this.#socket.write(bytes.subarray(at));
  }

  /** Waits until what it got matches; 20 s at most. */
  async sees(pattern: RegExp): Promise<RegExpMatchArray> {
    const late = AbortSignal.timeout(20_000);
    const over = new Promise<void>((resolve) => late.addEventListener("abort", () => resolve()));
    for (;;) {
      const match = this.text.match(pattern);
      if (match !== null) return match;
      if (late.aborted) throw new Error(`No ${pattern} in:\n${this.text}`);
      await Promise.race([this.#wake.promise, over]);
    }
  }

  /** The lines `NAME: NUMBER` that it got, in order. */
  get said(): string[] {
    return this.text.split("\n").filter((line) => /^\w+: \d+$/.test(line));
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65536);
    for (let count; (count = await this.#socket.read(buffer).catch(() => null)) !== null;) {
      this.text += decoder.decode(buffer.subarray(0, count), { stream: true });
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#reading;
  }
}

/** Writes a CA, and a certificate of it for this machine, into a folder: `ca.pem`, `localhost.pem`, `localhost-key.pem`. */
export async function certify(folder: string): Promise<void> {
  const { code, stderr } = await run("tls:cert", ["--out", folder, "localhost", "127.0.0.1"]);
  if (code !== 0) throw new Error(stderr);
}
