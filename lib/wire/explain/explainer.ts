/**
 * `--explain`: each call on a socket in plain words as it happens, and the classic mistakes by name and number. Pure.
 *
 * @module
 */
import type { Role } from "../../events.ts";
import { BoundedMap } from "../../bounded_map.ts";
import { type Remark, SILENCE_TICK, type WireEvent } from "../event.ts";
import type { DatagramFlow } from "./datagram_flow.ts";
import { Datagrams } from "./datagrams.ts";
import { explainClose, explainEof, explainHalfClose, explainSilence } from "./ends.ts";
import { Narrator } from "./narrator.ts";
import { Opening } from "./opening.ts";
import { StreamFlow } from "./stream_flow.ts";
import { explainRead } from "./reads.ts";
import { isOurClose } from "./words.ts";
import { explainFailure, explainWrite, explainWriting } from "./writes.ts";
import { milliseconds } from "../../text.ts";

/** The most connections that are followed at once; of more, those opened first are forgotten. */
const MOST_FLOWS = 20_000;
/** The most servers whose ends are remembered. */
const MOST_PEERS = 1000;
/** How late the clock of {@linkcode Explainer.silence} may come (ms): less happens on any busy machine. */
const LATE = 1000;

/** Options of an explainer. */
export interface ExplainerOptions {
  /** The kind of script: some things are a mistake of a client only. */
  readonly role: Role;
  /** Whether the events happen now: only then does a late {@linkcode Explainer.silence} show a blocked program. Default: yes. */
  readonly live?: boolean;
  /** Whether a person answers, as in a chat: then it is no sign of a mistake if no answer comes for a while. Default: no. */
  readonly person?: boolean;
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
  #person: boolean;
  #narrator = new Narrator();
  #opening: Opening;
  #streams = new BoundedMap<number, StreamFlow>(MOST_FLOWS, (_, flow) => this.#stirred.delete(flow));
  #datagrams: Datagrams;
  /** Those in which something has happened since silence was last told. */
  #stirred = new Set<StreamFlow | DatagramFlow>();
  /** When the last connection to an endpoint ended: another may have been waiting for that (mistake 14). */
  #ends = new BoundedMap<string, number>(MOST_PEERS);
  #clock: number | null = null;

  constructor({ role, live = true, person = false }: ExplainerOptions) {
    this.#role = role;
    this.#live = live;
    this.#person = person;
    this.#opening = new Opening(role);
    const onStir = (flow: DatagramFlow): void => void this.#stirred.add(flow);
    const onForget = (flow: DatagramFlow): void => void this.#stirred.delete(flow);
    this.#datagrams = new Datagrams({ role, person, onStir, onForget });
  }

  /** What is to be said about an event. Most say a line or two; in a flood most say nothing, and sums follow each second. */
  explain(event: WireEvent): readonly Remark[] {
    this.#narrator.sumUp(event.at);
    const { transport, call } = event;
    if (transport === "udp" && call !== "resolve" && call !== "bind") this.#datagrams.explain(event, this.#narrator);
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

  /** What is left to be said when the run is over. */
  end(now: number): readonly Remark[] {
    for (const flow of this.#stirred) flow.sumUp(this.#narrator, now, true);
    this.#narrator.sumUp(now, true);
    return this.#narrator.take();
  }

  /** A clock that comes late was held up by the program: mistake 16. */
  #checkClock(now: number): void {
    const late = this.#clock === null ? 0 : now - this.#clock - SILENCE_TICK;
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
      if (call === "handshake" && error !== undefined) this.#unsecure(id);
      return;
    }
    const flow = this.#streams.get(id);
    if (call === "close" || call === "reset") {
      if (flow !== undefined) this.#close(flow, at, call);
      // A call that our close has interrupted returns after it.
    } else if (flow !== undefined || error === undefined || !isOurClose(error)) {
      this.#transfer(flow ?? this.#open(event), event);
    }
  }

  #transfer(flow: StreamFlow, event: WireEvent): void {
    const { at, call, bytes, error } = event;
    const narrator = this.#narrator;
    flow.sumUp(narrator, at);
    if (event.tls === true) flow.tls = true;
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

  #unsecure(id: number): void {
    const flow = this.#streams.get(id);
    if (flow !== undefined) flow.unsecured = true;
  }

  #touch(flow: StreamFlow | undefined, at: number): void {
    if (flow === undefined) return;
    flow.last = at;
    this.#stirred.add(flow);
  }

  #open(event: WireEvent): StreamFlow {
    const flow = new StreamFlow(event, this.#role, this.#person);
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
    else {
      this.#narrator.untold.add(at, call, 0);
      flow.untold.moveTo(this.#narrator.untold, at);
    }
    this.#streams.delete(flow.id);
    this.#stirred.delete(flow);
    this.#ended(flow, at);
  }

  #ended(flow: StreamFlow, at: number): void {
    if (this.#role === "client") this.#ends.set(flow.peerName, at);
  }

  /** The first byte of a connection that has waited, just after another to the same server has ended: mistake 14. */
  #firstByte(flow: StreamFlow, at: number): void {
    if (this.#person) return;
    const ended = this.#ends.get(flow.peerName);
    const waited = at - flow.opened;
    if (ended === undefined || waited < 1000 || at - ended > 100 || ended - flow.opened < 500) return;
    const text = `The first byte, ${
      milliseconds(waited)
    } after connect(2), comes just as another connection to ${flow.peerName} ends, as from a server that serves one at a time`;
    flow.mistake(this.#narrator, at, 14, text);
  }
}
