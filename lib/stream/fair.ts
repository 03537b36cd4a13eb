/**
 * Fairness among more busy connections than the event loop serves at a time, by rounds.
 *
 * Deno's event loop serves at most 128 sockets per turn, and looks first at those that it served last. With more busy connections, the
 * same ones are served again and again while others wait for seconds (measured: 1,000 connections, slowest 1.5 s). A {@linkcode FairGate}
 * stands between a connection's answer and its next read, and makes a crowd take rounds:
 *
 * 1. A connection that has been answered asks the gate before it reads again: it passes. While fewer than a hundred pass in a turn, the
 *    turn had room for everybody, and nobody waits.
 * 2. With more there is a crowd, and a round begins: from then on, who passes is held at the gate. The event loop finds nothing to read
 *    there, and so comes to the connections that it had left out.
 * 3. When a look at all sockets finds hardly anybody new, everybody has been served once. The round ends, and all who were held go on.
 *
 * That nobody is served twice in a round is the whole fairness. Idle connections never pass, so no number of them makes a crowd.
 *
 * @module
 */

/** How many sockets the event loop serves in one turn. */
const PER_TURN = 128;
/** With this many passes in one turn, others may have been left out. A little less than a turn holds: it serves other things too. */
const CROWD = 100;
/** A look at the sockets that adds at most this many passes has left nobody out: it had as much room again. */
const FEW = 60;
/** A round of fewer than {@linkcode CROWD} is small; this many small rounds in a row end a crowd. */
const SMALL_ROUNDS = 8;
/** How long a connection to ourselves may take to open (ms): a crowd waits for it, and a firewall may drop it. */
const OPENING = 500;

/** Counts the open connections of one server, and lets the busy ones read in rounds when there are too many for one turn. */
export class FairGate {
  #bell: Bell;
  #open = 0;
  /** Passes in this turn of the event loop; while connections are held, since the last look began. */
  #passes = 0;
  /** Whether every pass is held, the first of a turn too. */
  #crowd = false;
  /** Whether `#hold` is running. */
  #holding = false;
  /** Who has been served in this round, and waits for its end. */
  #round: Batch[] = [];
  /** How many of the last rounds, in a row, were small. */
  #smallRounds = 0;

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
   * Holds everybody while looks still find others, which ends since nobody is served twice; then lets all go on, and so on. Clients that
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
      this.#smallRounds = round.length > 1 || round[0]?.size === CROWD ? 0 : this.#smallRounds + 1;
      this.#crowd = this.#smallRounds < SMALL_ROUNDS;
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

/** Connections that go on together, as many as fit in one turn: more would only queue there, at a third more processor time. */
interface Batch extends PromiseWithResolvers<void> {
  size: number;
}

/** Tells when the event loop has had a look at all sockets: at those that were ready when the bell was rung. */
export interface Bell {
  /** Resolves after that look. Never rejects. One call at a time. */
  ring(): Promise<void>;
  /** Releases what it holds; a later {@linkcode Bell.ring} opens it again. */
  close(): void;
}

/** The two ends of a connection. */
type Pair = readonly [Deno.TcpConn, Deno.TcpConn];

/**
 * Sends itself a byte, over a TCP connection of its own. The byte becomes readable after everything that was ready before, so the event
 * loop comes to it last, after some 30 µs. The usual ways to wait for a turn are worse: an immediate waits for no socket, and a timer
 * takes a whole millisecond (it is used where no connection is permitted). Over UDP, strangers could ring, and a full buffer would lose
 * the byte.
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
      // What was served in the same turn as the byte is answered in it too, and an immediate runs after that.
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

/** Opens a connection to ourselves. A stranger that connects first is closed. */
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
