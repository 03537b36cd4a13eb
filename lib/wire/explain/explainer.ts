/**
 * `--explain`: each call on a socket in plain words as it happens, and the classic mistakes by name and number. Pure.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../addr.ts";
import type { Remark, WireEvent } from "../event.ts";
import { DatagramFlow, type PeerRecord } from "./datagram_flow.ts";
import { explainClose, explainEof, explainHalfClose, explainSilence } from "./ends.ts";
import { Narrator } from "./narrator.ts";
import { Opening } from "./opening.ts";
import { type Role, StreamFlow } from "./stream_flow.ts";
import { explainFailure, explainRead, explainWrite, explainWriting } from "./transfers.ts";
import { milliseconds } from "../../text.ts";

/** The most connections and flows that are followed at once; of more, the ones opened first are forgotten. */
const MOST_FLOWS = 20_000;
const MOST_DATAGRAM_FLOWS = 2000;
const MOST_PEERS = 1000;
/** How late the clock of {@linkcode Explainer.silence} may come (ms). */
const LATE = 500;
/** How often it is expected to come (ms). */
const EVERY = 250;

/** Options of an explainer. */
export interface ExplainerOptions {
  /** The kind of script: some things are a mistake of a client only. */
  readonly role: Role;
  /** Whether the events happen now: only then does a late {@linkcode Explainer.silence} show a blocked program. Default: yes. */
  readonly live?: boolean;
}

/**
 * Says what happens on a process's sockets. Time comes only from its arguments, so that a capture is explained as a run is.
 *
 * @example Usage
 * ```ts
 * import { Explainer } from "./explainer.ts";
 * import { encodeText } from "../../text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const explainer = new Explainer({ role: "server" });
 * const peer = { hostname: "127.0.0.1", port: 52884 };
 * const event = { transport: "tcp", flow: 1, local: null, peer, bytes: null, duration: 0 } as const;
 * explainer.explain({ ...event, at: 0, call: "accept" });
 * const [remark] = explainer.explain({ ...event, at: 3, call: "read", bytes: encodeText("Hello\n") });
 * assertEquals(remark?.text, "read(2): 6 bytes, 3.00 ms later: “Hello⏎”");
 * ```
 */
export class Explainer {
  #role: Role;
  #live: boolean;
  #narrator = new Narrator();
  #opening: Opening;
  #streams = new Map<number, StreamFlow>();
  #datagrams = new Map<number, DatagramFlow>();
  #peers = new Map<string, PeerRecord>();
  /** To whom each of our sockets has sent. */
  #asked = new Map<string, Set<string>>();
  /** Those in which something has happened since silence was last told. */
  #stirred = new Set<StreamFlow | DatagramFlow>();
  /** When the last connection to an endpoint ended: another may have been waiting for that (mistake 14). */
  #ends = new Map<string, number>();
  #clock: number | null = null;

  constructor({ role, live = true }: ExplainerOptions) {
    this.#role = role;
    this.#live = live;
    this.#opening = new Opening(role);
  }

  /** What is to be said about an event. Most say a line or two; in a flood most say nothing, and sums follow each second. */
  explain(event: WireEvent): readonly Remark[] {
    this.#narrator.sumUp(event.at);
    if (event.transport === "udp" && event.call !== "resolve" && event.call !== "bind") this.#datagram(event);
    else this.#stream(event);
    return this.#narrator.take();
  }

  /** What is to be said because nothing has happened. Call it about four times a second. */
  silence(now: number): readonly Remark[] {
    const narrator = this.#narrator;
    if (this.#live) this.#checkClock(now);
    this.#clock = now;
    for (const flow of this.#stirred) {
      const told = flow instanceof StreamFlow ? explainSilence(flow, now, narrator) : flow.silence(now, narrator);
      if (told) this.#stirred.delete(flow);
    }
    narrator.sumUp(now);
    return narrator.take();
  }

  /** A clock that comes late was held up by the program: mistake 16. */
  #checkClock(now: number): void {
    const late = this.#clock === null ? 0 : now - this.#clock - EVERY;
    if (late <= LATE || this.#streams.size + this.#datagrams.size === 0) return;
    const text = `For ${milliseconds(late)} this program did nothing else: whatever came meanwhile had to wait`;
    this.#narrator.mistake(now, 0, 16, text);
  }

  #stream(event: WireEvent): void {
    const { call, flow: id, at, error } = event;
    const narrator = this.#narrator;
    if (id === 0 || call === "resolve" || call === "connect" || call === "accept" || call === "handshake") {
      this.#opening.explain(event, narrator);
      const opened = (call === "connect" || call === "accept") && error === undefined;
      if (opened) this.#open(event);
      else this.#touch(this.#streams.get(id), at);
      return;
    }
    const flow = this.#streams.get(id);
    if (call === "close" || call === "reset") {
      if (flow !== undefined) this.#close(flow, at, call);
    } else this.#transfer(flow ?? this.#open(event), event);
  }

  #transfer(flow: StreamFlow, event: WireEvent): void {
    const { at, call, bytes, error } = event;
    const narrator = this.#narrator;
    flow.sumUp(narrator, at);
    if (error !== undefined) explainFailure(flow, event, error, narrator);
    else if (call === "closeWrite") explainHalfClose(flow, at, narrator);
    else if (call === "read" && bytes === null) this.#eof(flow, at);
    else if (call === "read" && bytes !== null) {
      if (flow.in.total === 0) this.#firstByte(flow, at);
      explainRead(flow, event, bytes, narrator);
    } else if (call === "writing" && bytes !== null) explainWriting(flow, event, bytes, narrator);
    else if (call === "write") explainWrite(flow, event, narrator);
    this.#touch(flow, at);
  }

  #touch(flow: StreamFlow | undefined, at: number): void {
    if (flow === undefined) return;
    flow.last = at;
    flow.silent = false;
    this.#stirred.add(flow);
  }

  #open(event: WireEvent): StreamFlow {
    const flow = new StreamFlow(event, this.#role);
    forgetOldest(this.#streams, MOST_FLOWS, (oldest) => this.#stirred.delete(oldest));
    this.#streams.set(event.flow, flow);
    this.#stirred.add(flow);
    return flow;
  }

  #eof(flow: StreamFlow, at: number): void {
    explainEof(flow, at, this.#narrator);
    this.#ended(flow, at);
  }

  #close(flow: StreamFlow, at: number, call: "close" | "reset"): void {
    if (this.#narrator.hears(at)) explainClose(flow, at, this.#narrator, call);
    else this.#narrator.untold.add(at, call, 0);
    this.#streams.delete(flow.id);
    this.#stirred.delete(flow);
    this.#ended(flow, at);
  }

  #ended(flow: StreamFlow, at: number): void {
    if (this.#role !== "client") return;
    forgetOldest(this.#ends, MOST_PEERS);
    this.#ends.set(flow.peerName, at);
  }

  /** The first byte of a connection that has waited, just after another to the same server has ended: mistake 14. */
  #firstByte(flow: StreamFlow, at: number): void {
    const ended = this.#ends.get(flow.peerName);
    const waited = at - flow.opened;
    if (ended === undefined || waited < 1000 || at - ended > 100 || ended - flow.opened < 500) return;
    const text = `The first byte, ${
      milliseconds(waited)
    } after connect(2), comes just as another connection to ${flow.peerName} ends: it serves one at a time`;
    flow.mistake(this.#narrator, at, 14, text);
  }

  #datagram(event: WireEvent): void {
    const { at, call, bytes, error, peer, flow: id } = event;
    const narrator = this.#narrator;
    if (call === "close") return this.#closeDatagrams(event);
    if (peer === null) {
      if (error !== undefined) this.#opening.explain(event, narrator);
      return;
    }
    const flow = this.#datagrams.get(id) ?? this.#openDatagrams(event, peer);
    flow.sumUp(narrator, at);
    if (error !== undefined) flow.failed(event, narrator);
    else if (bytes !== null && call === "receive") {
      this.#checkSender(flow, at);
      flow.receive(event, bytes, narrator);
    } else if (bytes !== null && call === "sending") {
      flow.pending++;
      this.#send(flow, event, bytes);
    } else if (call === "send" && flow.pending > 0) flow.pending--;
    // A capture file has no call that was only issued.
    else if (bytes !== null && call === "send") this.#send(flow, event, bytes);
    this.#stirred.add(flow);
  }

  #send(flow: DatagramFlow, event: WireEvent, bytes: Uint8Array): void {
    let asked = this.#asked.get(flow.local);
    if (asked === undefined) {
      forgetOldest(this.#asked, MOST_PEERS);
      this.#asked.set(flow.local, asked = new Set());
    }
    if (asked.size < MOST_PEERS) asked.add(formatEndpoint(flow.peer));
    flow.sending(event, bytes, this.#narrator);
  }

  /** A client's datagram from an endpoint that was not asked: mistake 10. */
  #checkSender(flow: DatagramFlow, at: number): void {
    const asked = this.#asked.get(flow.local);
    if (this.#role === "server" || flow.local === "" || asked === undefined) return;
    const sender = formatEndpoint(flow.peer);
    if (asked.has(sender) || asked.size === MOST_PEERS) return;
    const whom = asked.size === 1 ? [...asked].join() : `any of the ${asked.size} that we asked`;
    flow.mistake(this.#narrator, at, 10, `This comes from ${sender}, not from ${whom}`);
  }

  #openDatagrams(event: WireEvent, peer: Endpoint): DatagramFlow {
    const name = formatEndpoint(peer);
    let record = this.#peers.get(name);
    if (record === undefined) {
      forgetOldest(this.#peers, MOST_PEERS);
      this.#peers.set(name, record = { sent: 0, answered: 0, lastAnswered: -Infinity });
    }
    const flow = new DatagramFlow(event, peer, this.#role, record);
    forgetOldest(this.#datagrams, MOST_DATAGRAM_FLOWS, (oldest) => this.#stirred.delete(oldest));
    this.#datagrams.set(event.flow, flow);
    return flow;
  }

  /** A socket closes, and with it all its flows. */
  #closeDatagrams({ at, flow: id, local }: WireEvent): void {
    const name = local === null ? "" : formatEndpoint(local);
    const one = this.#datagrams.get(id);
    const flows = one !== undefined ? [one] : [...this.#datagrams.values()].filter((flow) => flow.local === name);
    for (const flow of flows) {
      flow.close(at, this.#narrator);
      this.#datagrams.delete(flow.id);
      this.#stirred.delete(flow);
    }
    this.#asked.delete(name);
  }
}

/** Makes room in a map for one more. */
function forgetOldest<K, V>(map: Map<K, V>, most: number, forget: (value: V) => void = () => {}): void {
  for (const [key, value] of map) {
    if (map.size < most) return;
    map.delete(key);
    forget(value);
  }
}
