/**
 * The client side of a room with several servers: when one dies, it goes on with the next, with its name and its place in the history.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../../lib/addr.ts";
import type { Connection } from "../../../lib/stream/connection.ts";
import type { DataOutput } from "../../../lib/console/output.ts";
import { Exit, Failure, stateOf } from "../../../lib/errors.ts";
import type { Events } from "../../../lib/events.ts";
import { plural } from "../../../lib/text.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../lib/time.ts";
import { within } from "../../../lib/within.ts";
import { GOODBYE } from "../../protocol.ts";
import { Rounds } from "./rounds.ts";
import { ClientSession } from "./client_session.ts";
import { newSessionKey } from "../../session_lines.ts";
import type { User } from "../../input.ts";
import { Roster } from "../join_room.ts";
import { type Attempt, connectWithin } from "../connect_within.ts";
import { isPassing, Outage } from "./outage.ts";
import { type LineSource, ShownLines } from "./shown_lines.ts";
import { Bell, SessionLink } from "./session_link.ts";
import { type Left, TypedLines } from "./typed_lines.ts";

/** How long to go on without a connection (s), unless the user says so. */
const GIVE_UP = 60;
/** How long one server may take to accept the connection, TLS included (s). */
const ATTEMPT_LIMIT = 5;
/** How long the servers may take for the last receipts and the goodbye after a user at a terminal has left (ms). */
const LEAVE_TIMEOUT = 2000;
/** The reason of an end that is no failure. */
const LEFT = Symbol("left");

/** One attempt to connect to a server. */
export interface ConnectAttempt extends Attempt {
  /** The number of the connection in the run. */
  readonly id: number;
  /** Whether the user may be asked to trust a key: a question in the middle of a chat would garble the input line, and block all else. */
  readonly mayAsk: boolean;
}

/** Options of {@linkcode joinServers}. */
export interface ServersOptions {
  /** The servers, in the order in which they are tried. */
  readonly servers: readonly Endpoint[];
  /** Connects to one of them. */
  readonly connect: (server: Endpoint, attempt: ConnectAttempt) => Promise<Connection>;
  /** Its input is opened once there is a connection. */
  readonly user: User;
  readonly output: DataOutput;
  /** The name to request. */
  readonly name: string | undefined;
  /** How long a server may be silent, and how long to go on without one (s); 0 = for ever; `undefined` = as this program sees fit. */
  readonly patience: number | undefined;
  /** Stops the run. */
  readonly signal: AbortSignal;
  /** Tells the user about trouble, such as a lost server. */
  readonly warn: (text: string) => void;
  /** Gets `sent` and `received` for each line, without what the session adds to it. */
  readonly events: Events;
  readonly time?: TimeSource | undefined;
}

/** What was sent and received over all connections of a run, in bytes. */
export type Traffic = Pick<Connection, "bytesIn" | "bytesOut">;

/**
 * Takes part in a room until the user leaves or the input ends, and every line is confirmed.
 *
 * @throws {Failure} No server can be reached any more; one has turned the member away, is not trusted or broke the protocol; or a line
 * could not be sent, and the input is not a terminal.
 */
export async function joinServers(options: ServersOptions): Promise<Traffic> {
  return await new ServersClient(options).run();
}

class ServersClient {
  #options: ServersOptions;
  #time: TimeSource;
  #session: ClientSession;
  #rounds: Rounds;
  #roster = new Roster();
  #bell = new Bell();
  /** Ends everything, with its reason. */
  #end = new AbortController();
  #typed: TypedLines | null = null;
  #cancelLeaving = (): void => {};
  #connections = 0;
  #shown: ShownLines;
  /** Whether a server has begun the session. */
  #joined = false;
  #outage: Outage;
  #traffic = { bytesIn: 0, bytesOut: 0 };

  constructor(options: ServersOptions) {
    const { servers, name, patience: giveUp = GIVE_UP, output, events, warn, time = SYSTEM_TIME } = options;
    this.#options = options;
    this.#time = time;
    this.#shown = new ShownLines(output, events);
    const show = (line: string): void => this.#shown.push(line);
    this.#session = new ClientSession({ key: newSessionKey(), name, names: this.#roster, show, warn });
    this.#rounds = new Rounds({ servers: servers.length, giveUp: giveUp * 1000 || Infinity, now: time.now() });
    this.#outage = new Outage(servers, { giveUp, warn });
  }

  async run(): Promise<Traffic> {
    const { signal, output } = this.#options;
    const stop = (): void => this.#stop(signal.reason);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      for (let over = false; !over;) over = await this.#turn();
    } catch (error) {
      if (error !== LEFT) throw error;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#stop(LEFT);
      await this.#typed?.end();
      this.#cancelLeaving();
    }
    await output.end();
    const { rejected } = this.#session;
    const { problem = null, interactive = false } = this.#typed ?? {};
    if (problem !== null) throw problem;
    if (rejected > 0 && !interactive) {
      throw new Failure(Exit.failed, `Cannot send ${plural(rejected, "line")}: the room did not take them`);
    }
    return this.#traffic;
  }

  /** Ends everything; the first reason counts. */
  #stop(reason: unknown): void {
    this.#end.abort(reason);
    this.#bell.ring();
  }

  /** Connects to the next server and stays there; returns whether there is nothing left to do. */
  async #turn(): Promise<boolean> {
    const { servers } = this.#options;
    const attempt = this.#rounds.next(this.#time.now());
    const server = servers[attempt?.server ?? -1];
    if (attempt === null || server === undefined) throw this.#outage.givenUp(this.#session.waiting);
    this.#outage.next(server, attempt.wait);
    await this.#pause(attempt.wait);
    if (this.#isDone) return true;
    try {
      await using connection = await this.#connect(server);
      return await this.#stay(connection, server);
    } catch (error) {
      this.#end.signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      this.#outage.failed(error);
      return false;
    }
  }

  /** How the user has left: by a line that says so, or by the end of the input. */
  get #left(): Left {
    return this.#typed?.left ?? null;
  }

  /** Whether the user has left, and nothing that was written waits for a receipt. */
  get #isDone(): boolean {
    return this.#left !== null && this.#joined && this.#session.waiting === 0;
  }

  /** Waits before an attempt. */
  async #pause(ms: number): Promise<void> {
    const until = this.#time.now() + ms;
    for (let left; !this.#isDone && (left = until - this.#time.now()) > 0;) {
      this.#end.signal.throwIfAborted();
      await within(this.#bell.rung, left, this.#time);
    }
    this.#end.signal.throwIfAborted();
  }

  /** Connects to a server within the limit of an attempt. */
  async #connect(server: Endpoint): Promise<Connection> {
    const { connect, patience = 0 } = this.#options;
    const options = { id: ++this.#connections, mayAsk: this.#typed === null };
    return await connectWithin(server, (attempt) => connect(server, { ...options, ...attempt }), {
      limit: Math.min(patience || Infinity, ATTEMPT_LIMIT),
      signal: this.#end.signal,
      time: this.#time,
    });
  }

  /**
   * Takes part over one connection until it ends; returns whether the user has left.
   *
   * @throws {Failure} The connection was lost.
   */
  async #stay(connection: Connection, server: Endpoint): Promise<boolean> {
    const { patience = 0, time } = this.#options;
    this.#typed ??= this.#openInput();
    const link = new SessionLink(connection, {
      session: this.#session,
      bell: this.#bell,
      leaving: () => this.#left !== null,
      signal: this.#end.signal,
      patience,
      receive: (line) => this.#receive(line),
      show: () => this.#show(connection),
      events: this.#options.events,
      time,
    });
    let lost = new Failure(Exit.cutOff, `Lost ${formatEndpoint(server)}: it closed the connection`);
    try {
      await link.run();
    } catch (error) {
      if (!link.left && !isPassing(error)) throw error;
      const { code, state } = stateOf(error);
      // The error names the address that this server's name stands for.
      lost = new Failure(code, `Lost ${formatEndpoint(server)}: ${state.replace(/^Cannot [^:]+ \S+: /, "")}`);
    } finally {
      this.#traffic.bytesIn += connection.bytesIn;
      this.#traffic.bytesOut += connection.bytesOut;
    }
    if (!link.left) throw lost;
    return true;
  }

  #receive(line: string): void {
    // At the end of the input we take leave in the user's name.
    if (line === GOODBYE && this.#left === "end") return;
    const { started } = this.#session;
    this.#session.receive(line);
    if (started || !this.#session.started) return;
    this.#rounds.connected(this.#time.now());
    this.#joined = true;
    this.#outage.end();
  }

  /** Shows the lines that have come. */
  async #show(source: LineSource): Promise<void> {
    await this.#shown.flush(source);
    const { own } = this.#roster;
    if (own !== null) this.#typed?.prompt(`${own}: `);
  }

  /** Opens the input and reads it; after a user at a terminal has left, the servers have not much time. */
  #openInput(): TypedLines {
    const { user, warn } = this.#options;
    const input = user.open({ complete: this.#roster.complete, onInterrupt: user.stop });
    const onLeft = (): void => {
      if (input.interactive) this.#cancelLeaving = this.#time.after(LEAVE_TIMEOUT, () => this.#stop(this.#leftLate()));
      this.#bell.ring();
    };
    return new TypedLines(input, { session: this.#session, bell: this.#bell, signal: this.#end.signal, warn, onLeft });
  }

  /** Why the run ends although the servers have not said goodbye. */
  #leftLate(): unknown {
    const { waiting } = this.#session;
    if (waiting === 0) return LEFT;
    return new Failure(this.#outage.code ?? Exit.timedOut, `Cannot send ${plural(waiting, "line")}: no receipt`);
  }
}
