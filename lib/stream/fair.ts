/**
 * Fairness above 128 busy connections, by rounds.
 *
 * Deno's event loop serves at most 128 sockets per turn, and looks first at those that it served last. With more busy connections, the
 * same ones are served again and again while others wait for seconds (measured: 1,000 connections, slowest 1.5 s). So in a crowd
 * nobody reads a second time before everybody has been served once: who has been served waits for the next round, and a round begins
 * when a look at all sockets finds nobody new. Fewer busy connections fit in one turn and never wait, no matter how many are open.
 *
 * @module
 */

/** How many sockets the event loop serves in one turn. */
const PER_TURN = 128;
/** With this many passes in one turn, others may have been left out. A little less than a turn holds: it serves other things too. */
const CROWD = 100;
/** A look at the sockets that finds at most so many new passes has left nobody out; half of what one turn holds. */
const FEW = 60;
/** So many small rounds in a row end a crowd. */
const CALM = 8;
/** How long a connection to ourselves may take to open (ms): a crowd waits for it, and a firewall may drop it. */
const OPENING = 500;

/** Counts the open connections of one server, and lets the busy ones read in rounds when there are too many for one turn. */
export class FairGate {
  #bell: Bell;
  #open = 0;
  /** Passes in this turn of the event loop; in a crowd, since the bell was rung. */
  #passes = 0;
  /** In a crowd all passes wait. */
  #crowd = false;
  /** Whether anybody is held back. */
  #holding = false;
  /** Who waits for the next round. */
  #round: Batch[] = [];
  /** How many rounds in a row were too small for a crowd. */
  #small = 0;

  constructor(bell: Bell = new LoopbackBell()) {
    this.#bell = bell;
  }

  /** Counts a connection that was opened. */
  enter(): void {
    this.#open++;
  }

  /** Counts it no more, whether it waits for a round or not. */
  leave(): void {
    if (--this.#open < CROWD) this.#bell.close();
  }

  /** Asks for another read, after an answer. `null` = at once; otherwise wait for the promise first. It never rejects. */
  pass(): Promise<void> | null {
    if (this.#open <= PER_TURN) return null;
    this.#passes++;
    if (!this.#crowd && !this.#holding && this.#passes < CROWD) {
      if (this.#passes === 1) setImmediate(this.#endTurn);
      return null;
    }
    let batch = this.#round.at(-1);
    if (batch === undefined || batch.size === CROWD) this.#round.push(batch = { size: 0, ...Promise.withResolvers() });
    batch.size++;
    if (!this.#holding) this.#hold();
    return batch.promise;
  }

  #endTurn = (): void => {
    if (!this.#holding) this.#passes = 0;
  };

  /**
   * Holds everybody back while the event loop still finds others; as nobody is served twice, that ends. Then lets all on. Clients that
   * connect anew for each request would come for ever: who has connected meanwhile is not waited for.
   */
  async #hold(): Promise<void> {
    this.#holding = true;
    do {
      const everybody = this.#open;
      let found = 0;
      do {
        this.#passes = 0;
        await this.#ring();
        found += this.#passes;
      } while (this.#passes > FEW && found < everybody);
      const round = this.#round;
      this.#round = [];
      this.#small = round.length > 1 || round[0]?.size === CROWD ? 0 : this.#small + 1;
      this.#crowd = this.#small < CALM;
      for (const batch of round) {
        if (batch !== round[0]) await this.#ring();
        batch.resolve();
      }
    } while (this.#round.length > 0);
    this.#passes = 0;
    this.#holding = false;
  }

  /** Once so few are open that the bell is closed, nobody has to wait, and nothing would close it again. */
  #ring(): Promise<void> {
    return this.#open < CROWD ? Promise.resolve() : this.#bell.ring();
  }
}

/** Those who are let on together: as many as the event loop serves in one turn. More at once would only wait in it (a third dearer). */
interface Batch extends PromiseWithResolvers<void> {
  size: number;
}

/** Tells when the event loop has looked at all sockets that are ready now. */
export interface Bell {
  /** Resolves after that look. Never rejects. One call at a time. */
  ring(): Promise<void>;
  /** Releases what it holds; a later {@linkcode Bell.ring} opens it again. */
  close(): void;
}

/** The two ends of a connection. */
type Pair = readonly [Deno.TcpConn, Deno.TcpConn];

/**
 * A byte to ourselves over a connection of our own. It becomes readable after all that were ready before, so the event loop comes to it
 * last, after some 30 µs. The usual ways to wait for a turn do not do: an immediate waits for no socket, and a timer takes a whole
 * millisecond; but where no connection is permitted, it has to. Over UDP strangers could ring, and a full buffer would lose the bell.
 */
export class LoopbackBell implements Bell {
  #connect: () => Promise<Pair>;
  /** `null` = closed; otherwise resolves to `null` if it cannot be opened. */
  #pair: Promise<Pair | null> | null = null;
  #byte = new Uint8Array(1);

  /** @param connect Opens the connection; tests pass their own. */
  constructor(connect: () => Promise<Pair> = loopbackPair) {
    this.#connect = connect;
  }

  async ring(): Promise<void> {
    const opened = this.#pair ??= this.#connect().catch(() => null);
    const pair = await opened;
    if (pair === null) return await new Promise((resolve) => setTimeout(resolve, 0));
    try {
      const [count] = await Promise.all([pair[1].read(this.#byte), pair[0].write(this.#byte)]);
      // What was served together with the bell is answered in this turn too: an immediate comes after that.
      if (count !== null) return await new Promise((resolve) => setImmediate(resolve));
    } catch {
      // Closed meanwhile, by us or by the system.
    }
    if (this.#pair !== opened) return;
    this.close();
    this.#pair = Promise.resolve(null);
  }

  close(): void {
    this.#pair?.then((pair) => pair?.forEach((end) => end.close()));
    this.#pair = null;
  }
}

/** Opens a connection to ourselves. Strangers who come first are closed. */
async function loopbackPair(): Promise<Pair> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const signal = AbortSignal.timeout(OPENING);
  const near = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port, signal });
  try {
    near.setNoDelay(true);
    for (;;) {
      const far = await listener.accept();
      const { hostname, port } = far.remoteAddr;
      if (port === near.localAddr.port && hostname === near.localAddr.hostname) return [near, far];
      far.close();
    }
  } catch (error) {
    near.close();
    throw error;
  }
}
