/**
 * A store of lines in memory, which fails as a test wants it to.
 *
 * @module
 */
import type { Added, LineStore, StoredLine, StoreState } from "../../../../chat/shared/lines/line_store.ts";

/** A store; several journals may share it. */
export class FakeStore implements LineStore {
  up = true;
  window = 64;
  identity = "ROOM 1";
  lines: (StoredLine | null)[] = [];
  /** How often it was asked. */
  readonly asked = { add: 0, read: 0, look: 0 };
  /** Adds that fail: before the line is stored, or after it (its acknowledgement is lost). */
  failing: ("before" | "after")[] = [];
  /** For how long ids are remembered, in lines. */
  remembers = Infinity;
  #listeners = new Set<(what: "line" | "gone" | "back") => void>();

  async add(id: string, data: Uint8Array): Promise<Added> {
    this.asked.add++;
    const fails = this.failing.shift();
    await Promise.resolve();
    if (!this.up || fails === "before") throw new Error("no answer");
    const before = this.lines.findIndex((line, at) => line?.id === id && at >= this.lines.length - this.remembers);
    if (before < 0) this.put(id, data);
    if (fails === "after") throw new Error("no answer");
    return before < 0 ? { number: this.lines.length, before: false } : { number: before + 1, before: true };
  }

  /** Adds a line as another server does; nobody is told unless a test does. */
  put(id: string, data: Uint8Array): void {
    this.lines.push({ number: this.lines.length + 1, id, data, at: this.lines.length + 1 });
  }

  async read(number: number): Promise<StoredLine | null> {
    this.asked.read++;
    await Promise.resolve();
    if (!this.up) throw new Error("no answer");
    return this.lines[number - 1] ?? null;
  }

  async readFrom(number: number): Promise<StoredLine | null> {
    await this.read(number);
    return this.lines.find((line) => line !== null && line.number >= number) ?? null;
  }

  async look(): Promise<StoreState> {
    this.asked.look++;
    await Promise.resolve();
    if (!this.up) throw new Error("no answer");
    const first = this.lines.findIndex((line) => line !== null) + 1;
    return { identity: this.identity, first, last: this.lines.length };
  }

  watch(listener: (what: "line" | "gone" | "back") => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(what: "line" | "gone" | "back"): void {
    if (what !== "line") this.up = what === "back";
    for (const listener of this.#listeners) listener(what);
  }
}
