/**
 * One run of one check: its connections, its chance, its steps.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Endpoint } from "../../lib/addr.ts";
import { isDisconnect } from "../../lib/errors.ts";
import { connectNode } from "../../lib/net/node_socket.ts";
import { bindFor } from "../../lib/net/packet_socket.ts";
import { resolveHost, TimeLimit } from "../../lib/net/resolve.ts";
import { encodeText } from "../../lib/text.ts";
import { type Blame, CheckFailure, CheckSkipped } from "./check.ts";
import { DatagramTalk } from "./datagram_talk.ts";
import { Steps } from "./steps.ts";
import { Talk } from "./talk.ts";

/** Options of {@linkcode Trial}. */
export interface TrialOptions<D> {
  readonly server: Endpoint;
  readonly dialect: D;
  /** How long to wait for an answer that should come at once (ms). */
  readonly patience: number;
  /** Numbers from 0 up to, but not including, 1: the same for the same `--seed` and check, whichever others are run. */
  readonly random: () => number;
  /** Aborts when the trial is over. */
  readonly signal: AbortSignal;
  /** Returns what the server has printed so far; `null` if that is unknown. */
  readonly output?: (() => string) | null;
  /** Types into the server's standard input; `null` if it was not started here. */
  readonly input?: ((text: string) => Promise<void>) | null;
}

/** The tools of a check. Everything that it opens is closed at its end. */
export class Trial<D> implements Disposable {
  readonly server: Endpoint;
  readonly dialect: D;
  readonly patience: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Returns what the server has printed since its start; `null` unless it was started here (`--start`). */
  readonly output: (() => string) | null;
  /** Types into the server's standard input, as its operator would; `null` unless it was started here (`--start`). */
  readonly input: ((text: string) => Promise<void>) | null;
  readonly steps = new Steps();
  #talks: Talk[] = [];
  /** How many UDP sockets were opened. */
  #datagrams = 0;
  #owned: Disposable[] = [];

  constructor({ server, dialect, patience, random, signal, output = null, input = null }: TrialOptions<D>) {
    this.server = server;
    this.dialect = dialect;
    this.patience = patience;
    this.random = random;
    this.signal = signal;
    this.output = output;
    this.input = input && ((text) => {
      this.steps.add(0, "type", encodeText(text));
      return input(text);
    });
  }

  /**
   * Connects.
   *
   * @param options With `reading: false`, nothing is read until {@linkcode Talk.startReading}.
   * @throws {CheckFailure} The server does not accept the connection.
   */
  async connect(options: { reading?: boolean } = {}): Promise<Talk> {
    const number = this.#talks.length + 1;
    using limit = new TimeLimit(this.patience, this.signal, () => new CheckFailure("late"));
    try {
      const socket = await connectNode({ ...this.server, signal: limit.signal });
      // What is sent separately must arrive separately.
      socket.setNoDelay(true);
      this.steps.add(number, "connect");
      const talk = new Talk(socket, number, this.steps, options);
      this.#talks.push(talk);
      return talk;
    } catch (error) {
      this.signal.throwIfAborted();
      if (isOutOfFiles(error)) this.skip("this system allows this program too few open files for it (ulimit -n)");
      this.steps.add(number, "refused");
      const refused = error instanceof Deno.errors.ConnectionRefused || isDisconnect(error);
      this.fail(refused ? "the server does not accept connections any more" : "the server did not accept in time");
    }
  }

  /**
   * Opens a UDP socket for a client of the server. If the server's name has several addresses, an IPv4 address is preferred.
   *
   * @param port The client's own port; 0 = any free one.
   * @throws {Deno.errors.AddrInUse} Another program has that port.
   */
  async openDatagram(port = 0): Promise<DatagramTalk> {
    const addresses = await resolveHost(this.server.hostname);
    const hostname = addresses.find((address) => !address.includes(":")) ?? addresses[0] ?? this.server.hostname;
    const socket = Deno.listenDatagram({ ...bindFor(hostname), port });
    const server = { hostname, port: this.server.port };
    return this.own(new DatagramTalk(socket, server, ++this.#datagrams, this.steps));
  }

  /** Takes ownership of a resource, which is disposed of when the trial ends; returns it. */
  own<T extends Disposable>(resource: T): T {
    this.#owned.push(resource);
    return resource;
  }

  /** Waits on purpose: the time is part of the check. */
  async pause(ms: number): Promise<void> {
    await delay(ms, { signal: this.signal });
  }

  /** Ends the check: it cannot be run here. */
  skip(reason: string): never {
    throw new CheckSkipped(reason);
  }

  /** Ends the check: the server has failed it. `what` completes the sentence "Instead, …"; `blame` replaces the check's own. */
  fail(what: string, blame: Blame | null = null): never {
    throw new CheckFailure(what, blame);
  }

  /** Ends the check unless the condition holds. */
  expect(condition: boolean, what: string, blame: Blame | null = null): asserts condition {
    if (!condition) this.fail(what, blame);
  }

  [Symbol.dispose](): void {
    for (const talk of this.#talks) talk.close();
    for (const resource of this.#owned.splice(0)) resource[Symbol.dispose]();
  }
}

function isOutOfFiles(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EMFILE" || error.code === "ENFILE");
}
