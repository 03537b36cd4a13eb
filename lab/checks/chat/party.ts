/**
 * The members of one check: their names, their words, and how they get into the room.
 *
 * @module
 */
import { ADMISSION, Guest, quote } from "./guest.ts";
import type { ChatTrial } from "./types.ts";

/** None is part of another, so that a word is found only where it was said. */
const WORDS = ["fern", "plum", "kiwi", "moss", "oak", "pear", "sage", "lily", "rose", "mint", "palm", "corn"];
const NAMES = ["anna", "ben", "cleo", "dora", "emil", "fred", "gina", "hugo", "ines", "jan", "kim", "leo"];
/** How long to wait before a client that was turned away tries again (ms). */
const AGAIN = 500;
/** How long to wait for the last check's clients to be gone (ms), so that a server that handles this badly fails its own check. */
const SETTLED = 25;
/** How often to check whether a member was turned away instead (ms). */
const LOOK = 200;

/** What one check's members share. */
export class Party {
  readonly trial: ChatTrial;
  #used = new Set<string>();
  #words: string[] = [];
  #settled = false;

  constructor(trial: ChatTrial) {
    this.trial = trial;
  }

  /** A word that was not said before: `fern4821`. */
  word(): string {
    const word = this.#pick(WORDS);
    this.#words.push(word);
    return word;
  }

  /** What a member was told since some place in its text: the lines that nobody here has said. */
  told(guest: Guest, since: number): string {
    const lines = guest.talk.text.slice(since).split("\n");
    return lines.filter((line) => !this.#words.some((word) => line.includes(word)) && !/x{9}/.test(line)).join("\n")
      .trim();
  }

  /** A name that is not taken. */
  name(): string {
    return this.#pick(NAMES);
  }

  /** Not by the trial's chance, which is the same in each run: a room's history may hold the words of an earlier one. */
  #pick(list: readonly string[]): string {
    for (;;) {
      const pick = `${list[Math.floor(Math.random() * list.length)]}${1000 + Math.floor(Math.random() * 9000)}`;
      if (this.#used.has(pick)) continue;
      this.#used.add(pick);
      return pick;
    }
  }

  /** Connects a client that has not done anything yet. */
  async connect(options: { reading?: boolean; name?: string } = {}): Promise<Guest> {
    const { name = this.name() } = options;
    if (!this.#settled) await this.trial.pause(SETTLED);
    this.#settled = true;
    return new Guest(this.trial, await this.trial.connect(options), name);
  }

  /** Brings one member in. If the server turns it away, it tries again for a while. */
  async enter(name: string = this.name()): Promise<Guest> {
    const deadline = performance.now() + ADMISSION;
    for (;;) {
      const guest = await this.connect({ name });
      if (await guest.join()) return guest;
      if (performance.now() > deadline) {
        this.trial.fail(`${guest.label} was turned away with ${quote(guest.talk.text)}`);
      }
      await this.trial.pause(AGAIN);
    }
  }

  /** Brings members in, and waits until all of them hear the last one. */
  gather(count: 2): Promise<[Guest, Guest]>;
  gather(count: 3): Promise<[Guest, Guest, Guest]>;
  gather(count: 4): Promise<[Guest, Guest, Guest, Guest]>;
  gather(count: number): Promise<Guest[]>;
  async gather(count: number): Promise<Guest[]> {
    const connected: Guest[] = [];
    while (connected.length < count) connected.push(await this.connect());
    const guests = await Promise.all(
      connected.map(async (guest) => await guest.join() ? guest : await this.enter(guest.name)),
    );
    const last = guests.at(-1);
    const word = this.word();
    await last?.say(word);
    await Promise.all(guests.map((guest) => guest === last ? null : guest.sees(word)));
    return guests;
  }

  /**
   * Waits until everything that a member has said has reached another one: lines of one member arrive in order.
   *
   * @returns `false` if the server has closed the member's connection instead.
   */
  async settled(speaker: Guest, listener: Guest): Promise<boolean> {
    const { trial } = this;
    const word = this.word();
    await speaker.say(word);
    const deadline = performance.now() + trial.patience;
    while (performance.now() < deadline) {
      if (await listener.talk.until((text) => text.includes(word), LOOK)) return true;
      if (speaker.talk.end !== null) return false;
    }
    return trial.fail(`${speaker.label} is not heard any more: ${listener.got}`);
  }

  /** The check fails unless one member still hears another one. */
  async goesOn(speaker: Guest, listener: Guest): Promise<void> {
    const word = this.word();
    await speaker.say(word);
    await listener.sees(word);
  }
}

/** What stands before a word in a line that shows it: usually who has said it. */
export function prefixOf(line: string, word: string): string {
  return line.slice(0, Math.max(0, line.indexOf(word)));
}
