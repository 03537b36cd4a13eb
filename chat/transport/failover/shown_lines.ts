/**
 * The lines that a client with several servers shows.
 *
 * @module
 */
import type { DataOutput } from "../../../lib/console/output.ts";
import type { Events } from "../../../lib/events.ts";
import { encodeText } from "../../../lib/text.ts";

/** The connection that lines came from. */
export interface LineSource {
  readonly id: number;
  readonly peer: string;
}

/** Collects lines, and writes them out in order. */
export class ShownLines {
  #output: DataOutput;
  #events: Events;
  #lines: string[] = [];
  #writing: Promise<void> | null = null;

  /** @param events Gets `received` for each line. */
  constructor(output: DataOutput, events: Events) {
    this.#output = output;
    this.#events = events;
  }

  /** Adds a line. */
  push(line: string): void {
    this.#lines.push(line);
  }

  /** Writes what was added; waits until it is written. It may be called again meanwhile. */
  async flush(source: LineSource): Promise<void> {
    if (this.#writing === null && this.#lines.length > 0) this.#writing = this.#write(source);
    await this.#writing;
  }

  async #write({ id, peer }: LineSource): Promise<void> {
    try {
      for (let lines; (lines = this.#lines.splice(0)).length > 0;) {
        const bytes = encodeText(lines.map((line) => `${line}\n`).join(""));
        if (this.#events.detailed) {
          for (const text of lines) {
            this.#events.emit({ event: "received", id, peer, bytes: encodeText(text).length + 1, text });
          }
        }
        await this.#output.write(bytes);
      }
    } finally {
      this.#writing = null;
    }
  }
}
