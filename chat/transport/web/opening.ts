/**
 * The opening of a connection: who is it that has connected, a web browser or a chat client?
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Connection } from "../../../lib/stream/connection.ts";
import type { MemoryBudget, MemoryShare } from "../../../lib/memory.ts";
import { type Layer, SocketLayer } from "../../../lib/net/layers.ts";
import type { StreamSocket } from "../../../lib/net/socket.ts";
import { decodeText } from "../../../lib/text.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../lib/time.ts";
import { FirstLine, type Spoken } from "./first_line.ts";

/** A client that sends nothing for this long is a chat client, which waits for a greeting (ms). */
const SILENCE = 300;
/** The longest that a first line may take (ms). */
const LONGEST = 10_000;
/**
 * A timer that is this late (ms), or so many connections that open at once, mean that the server is busy: what a client has sent may not
 * have been read yet. (Measured with a thousand at once: read after 970 ms.) But no client waits longer than this for its greeting (ms).
 */
const LATE = 5;
const CROWD = 32;
const BUSY = 3000;
/** Bytes per read while some are held back. */
const CHUNK = 1024;
/** A line up to this length (bytes) is not counted against the memory of all connections. */
const FREE = 4096;
/** What a request shows to the room if it is taken for chat: a session's key, or all of a browser's cookies for this host; and what no person types. */
const SECRETS = /session=|\nUser-Agent: Mozilla\/|\nSec-WebSocket-Key:/i;
const NOTHING: Uint8Array = new Uint8Array(0);

/** How the stream below has ended. */
type End = () => null;

/**
 * A layer that holds back the first bytes until it is clear what they are: HTTP, or lines of text.
 *
 * It stands below the telnet filter, which must leave HTTP alone: the byte 255 occurs in WebSocket frames.
 */
export class Opening extends SocketLayer {
  /** Called once, when it is settled. */
  onSettled: (() => void) | null = null;
  #spoken: Spoken | null = null;
  #line: FirstLine | null = new FirstLine();
  /** Whether nothing was received before it was settled. */
  #isSilent = false;
  #held = NOTHING;
  #isReading = false;
  /** Wakes the read that waits until it is settled and something has been received. */
  #wake: () => void = () => {};
  #end: End | null = null;
  /** Whether nothing is held back any more, nor will be. */
  #over = false;
  #memory: MemoryShare | null = null;
  #onClose: () => void;

  /** @param onClose Called when the socket is closed. */
  constructor(below: StreamSocket, onClose: () => void = () => {}) {
    super(below);
    this.#onClose = onClose;
  }

  /** What the client speaks; `null` if that is still open. */
  get spoken(): Spoken | null {
    return this.#spoken;
  }

  /** How many bytes are held back. */
  get held(): number {
    return this.#held.length;
  }

  /** Decides, if that is still open: a client that keeps silent, or pauses within its first line, is a chat client. */
  settle(spoken: Spoken): void {
    this.#isSilent = this.#spoken === null && this.#held.length === 0;
    this.#spoken ??= spoken;
    this.#line = null;
    this.#wake();
    this.onSettled?.();
    this.onSettled = null;
  }

  override read(into: Uint8Array): Promise<number | null> {
    // From here on it costs nothing.
    return this.#over ? this.below.read(into) : this.#readFirst(into);
  }

  async #readFirst(into: Uint8Array): Promise<number | null> {
    while (this.#spoken === null || this.#held.length === 0) {
      if (this.#end !== null) {
        this.settle("chat");
        if (this.#held.length === 0) return this.#end();
        break;
      }
      // A member that is silent for hours needs no buffer besides its reader's, which waits as long.
      if (!this.#isReading) this.#receive(this.#held.length === 0 ? into : new Uint8Array(CHUNK));
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const count = Math.min(into.length, this.#held.length);
    into.set(this.#held.subarray(0, count));
    this.#held = this.#held.subarray(count);
    if (this.#held.length > 0) return count;
    this.#memory?.release();
    this.#over = !this.#isReading && this.#end === null;
    return count;
  }

  /** Reads into a buffer; what it brings outlives a silence. */
  #receive(buffer: Uint8Array): void {
    this.#isReading = true;
    const received = (count: number | null): void => {
      if (count === null) this.#end = () => null;
      else this.#take(buffer.slice(0, count));
    };
    const failed = (error: unknown): void => {
      this.#end = () => {
        throw error;
      };
    };
    this.below.read(buffer).then(received).catch(failed).then(() => {
      this.#isReading = false;
      this.#wake();
    });
  }

  #take(bytes: Uint8Array): void {
    // On a bad network a request can come later than the greeting. The browser takes that for an error, and tries again.
    if (this.#isSilent && new FirstLine().push(bytes) === "http" && SECRETS.test(decodeText(bytes))) {
      this.#end = () => null;
      return;
    }
    this.#isSilent = false;
    this.#held = this.#held.length === 0 ? bytes : concat([this.#held, bytes]);
    // Without memory to wait for the end of a long line, it is one for the chat to refuse.
    const fits = this.#memory?.hold(this.#held.length > FREE ? this.#held.length : 0) !== false;
    const spoken = fits ? this.#line?.push(bytes) ?? null : "chat";
    if (spoken !== null) this.settle(spoken);
  }

  override countIn(memory: MemoryBudget): void {
    this.#memory = memory.share();
    super.countIn(memory);
  }

  override close(): void {
    this.#release();
    this.below.close();
  }

  override reset(): void {
    this.#release();
    this.below.reset();
  }

  #release(): void {
    this.#onClose();
    this.#memory?.[Symbol.dispose]();
  }
}

/** The openings of a server's connections. */
export class Openings {
  #open = new Map<number, Opening>();
  #time: TimeSource;

  constructor(time: TimeSource = SYSTEM_TIME) {
    this.#time = time;
  }

  /** The layer to put below what only chat clients need; `above` makes that, and is told whether it has to do with HTTP. */
  layer(above: (socket: StreamSocket, isHttp: () => boolean) => StreamSocket): Layer {
    return (socket) => {
      const opening = new Opening(socket, () => this.#open.delete(socket.id));
      this.#open.set(socket.id, opening);
      return above(opening, () => opening.spoken === "http");
    };
  }

  /**
   * Waits until it is clear what a client speaks: at most {@linkcode SILENCE} ms after its last byte. Nothing has been read then.
   *
   * @returns "silent" if it has sent nothing: it waits for a greeting.
   */
  async spokenBy(connection: Connection): Promise<Spoken | "silent"> {
    const opening = this.#open.get(connection.id);
    // Closed already.
    if (opening === undefined) return "chat";
    // Begins the read, whose result settles it.
    connection.ready();
    if (opening.spoken === null) await this.#wait(opening);
    const isSilent = opening.spoken === null && opening.held === 0;
    opening.settle("chat");
    this.#open.delete(connection.id);
    return isSilent ? "silent" : opening.spoken ?? "chat";
  }

  /** Waits until it is settled, or for a silence. The read may go on for hours: nothing of this stays with it, as of a race it would. */
  #wait(opening: Opening): Promise<void> {
    const time = this.#time;
    const began = time.now();
    return new Promise((resolve) => {
      let cancel = (): void => {};
      const listen = (): void => {
        const { held } = opening;
        const from = time.now();
        const crowd = this.#open.size;
        cancel = time.after(SILENCE, () => {
          const now = time.now();
          const isLate = now - from > SILENCE + LATE || Math.max(crowd, this.#open.size) > CROWD;
          const goesOn = opening.held > held || (isLate && now - began < BUSY);
          if (opening.spoken === null && now - began < LONGEST && goesOn) listen();
          else resolve();
        });
      };
      listen();
      opening.onSettled = () => {
        cancel();
        resolve();
      };
    });
  }
}
