/**
 * A request and its answer over UDP.
 *
 * @module
 */
import { counter } from "../counter.ts";
import { type Endpoint, formatEndpoint, unmapped } from "../addr.ts";
import { resolveWithin } from "../net/resolve.ts";
import type { PacketOpener } from "../net/packet_socket.ts";
import { refusalOf } from "./refusal.ts";
import { checkLength, type Datagram, DatagramSocket, sameEndpoint, UnsolicitedDatagrams } from "./socket.ts";
import { Failure, TimedOutError } from "../errors.ts";
import { type Events, NO_EVENTS } from "../events.ts";
import { withProgress } from "../progress.ts";
import { encodeText, milliseconds, plural } from "../text.ts";
import { within } from "../within.ts";

/** Options of a request. Times are in milliseconds. */
export interface RequestOptions {
  /** The number of retries; each address of a name is tried at least once. */
  readonly retries: number;
  /** How long to wait for an answer to the first try of an address (500); doubles with each further one, up to a minute. */
  readonly firstWait?: number;
  /** The total time limit; 0 = limited only by the retries (default). */
  readonly timeout?: number;
  /** Send every try from the same port, for servers that recognize a repeated request by its source and content. */
  readonly samePort?: boolean;
  readonly events?: Events;
  /** Whether sent and received datagrams become events. */
  readonly report?: boolean;
  /** Resolves a name (`resolveHost`). */
  readonly resolve?: (hostname: string) => Promise<string[]>;
  /** Aborts the request, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The answer to a request. */
export interface DatagramAnswer {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  /** The number of the flow that it belongs to: the `id` of its events. */
  readonly id: number;
  /** The number of the try that this answers, from 1; 0 if unknown, because several tries left from one port. */
  readonly attempt: number;
  /** How many tries had been sent. */
  readonly tries: number;
  /** Milliseconds since the try that this answers, or since the first if unknown. */
  readonly duration: number;
  /** How many unsolicited datagrams were ignored. */
  readonly ignored: number;
}

/** The longest wait for an answer to one try (ms). */
const LONGEST_WAIT = 60_000;

/**
 * Sends a request and waits for the answer, retrying with exponential backoff (RFC 8085 3.1). Accepts an answer only from the address
 * and port it sent to.
 *
 * Each try has its own socket, open until the end: the port at which an answer arrives identifies the try (the idea of RFC 5452 9). An
 * attacker has to guess the port and forge the source, which is not hard on a LAN: UDP proves nothing about who answers. A late answer
 * to an earlier try is accepted, and timed from that try.
 *
 * @param open The platform's own call: `(at) => Deno.listenDatagram(at)`.
 * @param endpoint The server; the tries rotate through the addresses of a name.
 * @param data The request, at most {@linkcode MAX_DATAGRAM} bytes.
 * @throws {RefusedError} The server turned us away.
 * @throws {Failure} 2 too long, 3 no such name, 4 unreachable, 5 no answer; the signal's reason after an abort.
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

/** One source port, its destination, and the tries sent from it. */
interface Source {
  readonly socket: DatagramSocket;
  readonly to: Endpoint;
  readonly tries: { readonly number: number; readonly at: number }[];
}

/** A pending request. */
class DatagramRequest {
  #open: PacketOpener;
  #endpoint: Endpoint;
  #addresses: readonly string[];
  #bytes: Uint8Array;
  #options: RequestOptions;
  #events: Events;
  #started: number;
  #sources: Source[] = [];
  #listeners: Promise<void>[] = [];
  #answered = Promise.withResolvers<DatagramAnswer>();
  #tries = 0;
  #nextFlow = counter();
  #taken = false;
  #unsolicited: UnsolicitedDatagrams;
  /** Addresses that the system reports as unreachable, and why. */
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
    // The signal may reject it while a send is awaited; the next wait rethrows it.
    this.#answered.promise.catch(() => {});
  }

  async run(): Promise<DatagramAnswer> {
    const { signal } = this.#options;
    const abort = (): void => this.#answered.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      return await withProgress(this.#tryAddresses(), this.#events, (ms) => this.#progress(ms));
    } finally {
      signal?.removeEventListener("abort", abort);
      for (const { socket } of this.#sources) socket.close();
      await Promise.all(this.#listeners);
      this.#unsolicited[Symbol.dispose]();
    }
  }

  get #reports(): boolean {
    return this.#events.detailed && this.#options.report !== false;
  }

  /** Milliseconds left until the total time limit. */
  get #left(): number {
    const { timeout = 0 } = this.#options;
    return timeout === 0 ? Infinity : this.#started + timeout - performance.now();
  }

  /** How often to try, at most. */
  get #planned(): number {
    return Math.max(this.#options.retries + 1, this.#addresses.length);
  }

  #progress(ms: number): string {
    return `No answer yet, sent ${this.#tries} of ${this.#planned} … ${Math.floor(ms / 1000)} s`;
  }

  async #tryAddresses(): Promise<DatagramAnswer> {
    const { firstWait = 500 } = this.#options;
    const count = this.#addresses.length;
    for (let turn = 0; turn < this.#planned && this.#left >= 1; turn++) {
      const address = this.#addresses[turn % count] ?? "";
      if (this.#unreachable.has(address) || !await this.#attempt(address)) continue;
      const wait = Math.min(firstWait * 2 ** Math.floor(turn / count), LONGEST_WAIT);
      const answer = await this.#wait(Math.min(wait, this.#left));
      if (answer !== null) return answer;
    }
    throw this.#failure();
  }

  /** Sends one try; returns whether the address is reachable. */
  async #attempt(address: string): Promise<boolean> {
    const to = { hostname: address, port: this.#endpoint.port };
    const number = ++this.#tries;
    if (number > 1 && this.#events.detailed) {
      this.#events.emit({ event: "notice", message: `No answer yet: sending try ${number} to ${formatEndpoint(to)}` });
    }
    try {
      const { socket, tries } = this.#sourceFor(to);
      tries.push({ number, at: performance.now() });
      await socket.send(this.#bytes, to);
      if (this.#reports) socket.report(this.#events, "sent", this.#bytes, to);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // An earlier try to this address was sent, so its answer may still arrive.
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
    const source: Source = { socket: DatagramSocket.openFor(this.#open, to.hostname, this.#nextFlow), to, tries: [] };
    this.#sources.push(source);
    this.#listeners.push(this.#listen(source));
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
      // The system reported "port unreachable": do not try that address again.
      if (error instanceof Failure) this.#unreachable.set(source.to.hostname, error);
      if (this.#addresses.every((address) => this.#unreachable.has(address))) this.#answered.reject(this.#failure());
    }
  }

  /** Takes the first answer and ignores later ones. */
  #take(datagram: Datagram, { socket, tries }: Source): void {
    if (this.#taken) return;
    this.#taken = true;
    const { bytes, from } = datagram;
    const refused = refusalOf(datagram, socket, this.#events);
    if (refused !== null) return this.#answered.reject(refused);
    if (this.#reports) socket.report(this.#events, "received", bytes, from);
    const [first, second] = tries;
    this.#answered.resolve({
      bytes: bytes.slice(),
      from,
      id: socket.flowOf(from),
      attempt: second === undefined ? first?.number ?? 0 : 0,
      tries: this.#tries,
      duration: performance.now() - (first?.at ?? this.#started),
      ignored: this.#unsolicited.count,
    });
  }

  async #wait(ms: number): Promise<DatagramAnswer | null> {
    return await within(this.#answered.promise, ms) ? await this.#answered.promise : null;
  }

  /** The error: what was tried, and the state of each address. */
  #failure(): Failure {
    const target = `Cannot reach ${formatEndpoint(this.#endpoint)}`;
    const count = this.#addresses.length;
    const states = this.#addresses.map((address) => {
      const state = this.#unreachable.get(address)?.message.replace(/^Cannot .*?: (?=\w)/, "") ?? "silent";
      return count > 1 ? `${address} ${state}` : state;
    }).join("; ");
    const [refused] = this.#unreachable.values();
    if (refused !== undefined && this.#unreachable.size === count) {
      return new Failure(refused.code, `${target}: ${states}`, { cause: refused });
    }
    const elapsed = milliseconds(performance.now() - this.#started);
    const tries = this.#tries === 1 ? "1 try" : `${this.#tries} tries`;
    const { count: ignored } = this.#unsolicited;
    const others = ignored > 0 ? `, ${plural(ignored, "unsolicited datagram")} ignored` : "";
    const each = count > 1 ? ` (${states})` : "";
    return new TimedOutError(
      `${target}: no answer to ${tries} in ${elapsed}${each}${others}; is a server running there, on that port?`,
    );
  }
}
