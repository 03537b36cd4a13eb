/**
 * The members of a room in a benchmark: TCP clients that send lines and count what they receive.
 *
 * @module
 */
import { delay } from "@std/async/delay";

/** A room is idle when nothing has arrived for this long (ms). */
const IDLE = 300;
const LF = 10;
/** The last byte of our lines before the newline: "x". */
const LAST_BYTE = 0x78;

/** Members of a room that count the lines they receive. */
export class Crowd implements Disposable {
  #sockets: Deno.TcpConn[] = [];
  #receivedAt = performance.now();
  /** How many lines the members still have to receive, in total, until {@linkcode Crowd.broadcast} is done. */
  #missing = 0;
  #all: () => void = () => {};

  /** Members join, spread over servers of one room; returns when nothing has arrived for {@linkcode IDLE} ms. */
  static async join(ports: readonly string[], count: number): Promise<Crowd> {
    const crowd = new Crowd();
    for (let member = 0; member < count; member++) {
      const socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(ports[member % ports.length]) });
      socket.setNoDelay(true);
      crowd.#sockets.push(socket);
      crowd.#listen(socket);
    }
    do await delay(IDLE); while (performance.now() - crowd.#receivedAt < IDLE);
    return crowd;
  }

  /** The first member sends lines at once; returns the time until the last of the others has the last one (ms). */
  async broadcast(lines: Uint8Array, count = 1): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#all = resolve;
    this.#missing = (this.#sockets.length - 1) * count;
    const said = performance.now();
    for (let sent = 0; sent < lines.length;) sent += await this.#sockets[0]?.write(lines.subarray(sent)) ?? 0;
    await promise;
    return performance.now() - said;
  }

  async #listen(socket: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let count, last = 0; (count = await socket.read(buffer)) !== null; last = buffer[count - 1] ?? 0) {
        this.#receivedAt = performance.now();
        for (let at = 0; (at = buffer.subarray(0, count).indexOf(LF, at)) >= 0; at++) {
          // Count our lines, not notices.
          if ((at === 0 ? last : buffer[at - 1]) === LAST_BYTE) this.#missing--;
        }
        if (this.#missing === 0) this.#all();
      }
    } catch {
      // We closed the socket at the end.
    }
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.close();
  }
}
