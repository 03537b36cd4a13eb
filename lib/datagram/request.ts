/**
 * A question by datagram, and its answer.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, unmapped } from "../addr.ts";
import { resolveWithin } from "../net/resolve.ts";
import type { PacketOpener } from "../net/packet_socket.ts";
import { checkLength, counter, type Datagram, DatagramSocket, sameEndpoint, UnsolicitedDatagrams } from "./socket.ts";
import { Failure, TimedOutError } from "../errors.ts";
import { type Events, NO_EVENTS } from "../events.ts";
import { encodeText, milliseconds, plural } from "../text.ts";
import { within } from "../within.ts";

/** How to ask. Times are in milliseconds. */
export interface RequestOptions {
  /** How often to ask again; every address of a name is asked once at least. */
  readonly retries: number;
  /** How long to wait for the answer to an address's first try (500); twice as long for each further one, a minute at most. */
  readonly firstWait?: number;
  /** The bound on all of it; 0 = only the tries bound it (default). */
  readonly timeout?: number;
  /** Ask from one port every time, for a server that knows a repeated question by its sender and content. */
  readonly samePort?: boolean;
  readonly events?: Events;
  /** Whether sent and received datagrams become events. */
  readonly report?: boolean;
  /** How a name becomes addresses (`resolveHost`). */
  readonly resolve?: (hostname: string) => Promise<string[]>;
  /** Ends the wait; the request then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What came back. */
export interface DatagramAnswer {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  /** The number of the try that this answers, from 1; 0 when several left from one port, so that nobody can tell. */
  readonly attempt: number;
  /** How many tries had gone out. */
  readonly tries: number;
  /** Milliseconds since the try that this answers; where nobody can tell which, since the first. */
  readonly duration: number;
  /** How many datagrams from others were ignored. */
  readonly ignored: number;
}

/** The longest wait for an answer to one try (ms). */
const LONGEST_WAIT = 60_000;

/**
 * Asks by datagram, again with growing waits when no answer comes (RFC 8085 3.1), and takes an answer only from whom it asked.
 *
 * Each try leaves from a socket of its own, all of which stay open to the end: the port that an answer comes to says which try it
 * answers (the idea of RFC 5452 9). A stranger has to guess it and to forge the sender, which on a LAN is not hard: UDP proves nothing
 * about who answers. A late answer to an earlier try is as good as any; it
 * is told apart from the newest one's and timed from its own try.
 *
 * @param open The platform's own call: `(at) => Deno.listenDatagram(at)`.
 * @param endpoint Whom to ask; the tries take turns over the addresses of a name.
 * @param data The question, at most {@linkcode MAX_DATAGRAM} bytes.
 * @throws {Failure} 2 too long, 3 no such name, 4 no way to get there, 5 no answer; the signal's reason when that ended it.
 */
export async function requestDatagram(
  open: PacketOpener,
  endpoint: Endpoint,
  data: Uint8Array | string,
  options: RequestOptions,
): Promise<DatagramAnswer> {
  const bytes = typeof data === "string" ? encodeText(data) : data;
  checkLength(bytes.length, endpoint);
  const started = performance.now();
  const addresses = await resolveWithin(endpoint, options);
  return await new DatagramRequest(open, endpoint, addresses.map(unmapped), bytes, { ...options, started }).run();
}

/** One source port, whom it asks, and the tries that left from it. */
interface Source {
  readonly socket: DatagramSocket;
  readonly to: Endpoint;
  readonly tries: { readonly number: number; readonly at: number }[];
}

/** One question under way. */
class DatagramRequest {
  #open: PacketOpener;
  #endpoint: Endpoint;
  #addresses: readonly string[];
  #bytes: Uint8Array;
  #options: RequestOptions;
  #events: Events;
  #started: number;
  #sources: Source[] = [];
  #listening: Promise<void>[] = [];
  #answered = Promise.withResolvers<DatagramAnswer>();
  #tries = 0;
  #nextFlow = counter();
  #taken = false;
  #unsolicited: UnsolicitedDatagrams;
  /** Addresses that the system cannot reach, and what it says. */
  #unreachable = new Map<string, Failure>();

  constructor(
    open: PacketOpener,
    endpoint: Endpoint,
    addresses: readonly string[],
    bytes: Uint8Array,
    { started, ...options }: RequestOptions & { started: number },
  ) {
    this.#open = open;
    this.#started = started;
    this.#endpoint = endpoint;
    this.#addresses = addresses;
    this.#bytes = bytes;
    this.#options = options;
    this.#events = options.events ?? NO_EVENTS;
    this.#unsolicited = new UnsolicitedDatagrams(this.#events);
    // The signal may reject it while a send is awaited; the next wait passes that on.
    this.#answered.promise.catch(() => {});
  }

  async run(): Promise<DatagramAnswer> {
    const { signal } = this.#options;
    const abort = (): void => this.#answered.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      return await this.#ask();
    } finally {
      signal?.removeEventListener("abort", abort);
      for (const { socket } of this.#sources) socket.close();
      await Promise.all(this.#listening);
      this.#unsolicited[Symbol.dispose]();
    }
  }

  get #reports(): boolean {
    return this.#events.detailed && this.#options.report !== false;
  }

  /** Milliseconds left for all of it. */
  get #left(): number {
    const { timeout = 0 } = this.#options;
    return timeout === 0 ? Infinity : this.#started + timeout - performance.now();
  }

  async #ask(): Promise<DatagramAnswer> {
    const { retries, firstWait = 500 } = this.#options;
    const count = this.#addresses.length;
    for (let turn = 0; turn < Math.max(retries + 1, count) && this.#left >= 1; turn++) {
      const address = this.#addresses[turn % count] ?? "";
      if (this.#unreachable.has(address) || !await this.#try(address)) continue;
      const wait = Math.min(firstWait * 2 ** Math.floor(turn / count), LONGEST_WAIT);
      const answer = await this.#wait(Math.min(wait, this.#left));
      if (answer !== null) return answer;
    }
    throw this.#failure();
  }

  /** Sends one try; tells whether there was a way. */
  async #try(address: string): Promise<boolean> {
    const to = { hostname: address, port: this.#endpoint.port };
    const number = ++this.#tries;
    if (number > 1 && this.#events.detailed) {
      this.#events.emit({ event: "notice", message: `No answer so far: try ${number}, to ${formatEndpoint(to)}` });
    }
    try {
      const { socket, tries } = this.#sourceFor(to);
      tries.push({ number, at: performance.now() });
      await socket.send(this.#bytes, to);
      if (this.#reports) socket.report(this.#events, "sent", this.#bytes, to);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Where an earlier try has left, its answer may still come.
      if (
        this.#sources.some(({ to, tries }) => to.hostname === address && tries.some((each) => each.number < number))
      ) {
        return true;
      }
      this.#tries--;
      this.#unreachable.set(address, error);
      return false;
    }
    return true;
  }

  #sourceFor(to: Endpoint): Source {
    const earlier = this.#sources.find((source) => source.to.hostname === to.hostname);
    if (this.#options.samePort === true && earlier !== undefined) return earlier;
    const source: Source = { socket: DatagramSocket.toward(this.#open, to.hostname, this.#nextFlow), to, tries: [] };
    this.#sources.push(source);
    this.#listening.push(this.#listen(source));
    return source;
  }

  /** Waits for a source's answer until its socket is closed; never rejects. */
  async #listen(source: Source): Promise<void> {
    try {
      for (let datagram; (datagram = await source.socket.receive()) !== null;) {
        if (sameEndpoint(datagram.from, source.to)) return this.#take(datagram, source);
        this.#unsolicited.report(datagram);
      }
    } catch (error) {
      // The system passes on that nobody listens there: no use in asking that address again.
      if (error instanceof Failure) this.#unreachable.set(source.to.hostname, error);
      if (this.#addresses.every((address) => this.#unreachable.has(address))) this.#answered.reject(this.#failure());
    }
  }

  /** Takes the first answer; what others say later is of no use. */
  #take({ bytes, from }: Datagram, { socket, tries }: Source): void {
    if (this.#taken) return;
    this.#taken = true;
    if (this.#reports) socket.report(this.#events, "received", bytes, from);
    const [first, second] = tries;
    this.#answered.resolve({
      bytes: bytes.slice(),
      from,
      attempt: second === undefined ? first?.number ?? 0 : 0,
      tries: this.#tries,
      duration: performance.now() - (first?.at ?? this.#started),
      ignored: this.#unsolicited.count,
    });
  }

  async #wait(ms: number): Promise<DatagramAnswer | null> {
    return await within(this.#answered.promise, ms) ? await this.#answered.promise : null;
  }

  /** Says what was tried and what each address said. */
  #failure(): Failure {
    const target = `Cannot reach ${formatEndpoint(this.#endpoint)}`;
    const count = this.#addresses.length;
    const said = this.#addresses.map((address) => {
      const state = this.#unreachable.get(address)?.message.replace(/^Cannot .*?: (?=\w)/, "") ?? "silent";
      return count > 1 ? `${address} ${state}` : state;
    }).join("; ");
    const [refused] = this.#unreachable.values();
    if (refused !== undefined && this.#unreachable.size === count) {
      return new Failure(refused.code, `${target}: ${said}`, { cause: refused });
    }
    const elapsed = milliseconds(performance.now() - this.#started);
    const tries = this.#tries === 1 ? "1 try" : `${this.#tries} tries`;
    const { count: ignored } = this.#unsolicited;
    const others = ignored > 0 ? `, ${plural(ignored, "datagram")} of others ignored` : "";
    const each = count > 1 ? ` (${said})` : "";
    return new TimedOutError(
      `${target}: no answer to ${tries} in ${elapsed}${each}${others}; is a server running there, on that port?`,
    );
  }
}
