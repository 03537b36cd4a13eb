/**
 * Fairness above 128 busy connections.
 *
 * Deno's event loop serves at most 128 sockets per turn and starts again with those that it served last. With more busy
 * connections, some wait for seconds (measured: 1,000 connections, slowest 1.5 s). A few extra turns between a reply and the next
 * read let the others in. With 128 connections or fewer this does nothing.
 *
 * @module
 */

/** How many sockets the event loop serves in one turn. */
const PER_TURN = 128;
/** This many passes in one turn make a crowd; with fewer, most open connections are idle. */
const CROWD = 60;

/** Counts the open connections of one server and throttles the busy ones when there are too many for one turn. */
export class FairGate {
  #open = 0;
  #passes = 0;
  #passesBefore = 0;
  #tick: Promise<void> | null = null;

  /** Counts a connection that was opened. */
  enter(): void {
    this.#open++;
  }

  /** Counts it no more. */
  leave(): void {
    this.#open--;
  }

  /** Whether {@linkcode FairGate.pass} must be awaited before the next read. */
  get crowded(): boolean {
    return this.#open > PER_TURN;
  }

  /** Waits as many turns of the event loop as it takes to serve the other connections once. */
  async pass(): Promise<void> {
    if (++this.#passes === 1) {
      setImmediate(() => {
        this.#passesBefore = this.#passes;
        this.#passes = 0;
      });
    }
    if (this.#passes < CROWD && this.#passesBefore < CROWD) return;
    for (let turns = Math.ceil(this.#open / PER_TURN) - 1; turns > 0; turns--) {
      await this.#nextTurn();
    }
  }

  /** One shared timer for all waiters: a zero timeout lets the loop poll its sockets, an immediate does not. */
  #nextTurn(): Promise<void> {
    return this.#tick ??= new Promise((resolve) => {
      setTimeout(() => {
        this.#tick = null;
        resolve();
      }, 0);
    });
  }
}
