/**
 * Wire events as a tap makes them, for tests of what reads them.
 *
 * @module
 */
import type { Remark, WireCall, WireEvent } from "../../lib/wire/event.ts";

/** Bytes, or a text in UTF-8. */
export type Data = Uint8Array | string;

/** 2026-11-29T12:00:00Z. */
export const START = Date.UTC(2026, 10, 29, 12);

export const bytesOf = (data: Data): Uint8Array => typeof data === "string" ? new TextEncoder().encode(data) : data;

/** Makes the events of a run in the order in which they are asked for, a quarter of a millisecond apart. */
export class Wire {
  /** What happened so far. */
  readonly events: { event: WireEvent; remarks: readonly Remark[] }[] = [];
  /** The time of the last event. */
  now = START;
  /** What `--explain` says about the next event. */
  says: readonly string[] = [];
  #common: Partial<WireEvent>;

  /** @param common What the events have in common, besides their time and call. */
  constructor(common: Partial<WireEvent> = {}) {
    this.#common = common;
  }

  /** Adds a call. */
  call(flow: number, call: WireCall, data: Data | null = null, more: Partial<WireEvent> = {}): this {
    this.now += 0.25;
    const event: WireEvent = {
      at: this.now,
      transport: "tcp",
      call,
      flow,
      local: { hostname: "127.0.0.1", port: 40_000 + flow },
      peer: { hostname: "127.0.0.1", port: 12_345 },
      bytes: data === null ? null : bytesOf(data),
      duration: 0,
      ...this.#common,
      ...more,
    };
    const remarks = this.says.map((text) => ({ at: this.now, flow, mark: "data" as const, text }));
    this.says = [];
    this.events.push({ event, remarks });
    return this;
  }

  /** Adds a write that is accepted whole, as it is issued and as it returns. */
  write(flow: number, data: Data, more: Partial<WireEvent> = {}): this {
    return this.call(flow, "writing", data, more).call(flow, "write", data, { duration: 0.25, ...more });
  }

  /** Adds a datagram that is sent, likewise. */
  send(flow: number, data: Data, more: Partial<WireEvent> = {}): this {
    const udp = { ...more, transport: "udp" } as const;
    return this.call(flow, "sending", data, udp).call(flow, "send", data, udp);
  }

  /** Adds a datagram that is received. */
  receive(flow: number, data: Data, more: Partial<WireEvent> = {}): this {
    return this.call(flow, "receive", data, { ...more, transport: "udp" });
  }

  /** Adds a connection's end: our FIN, the peer's, and the close. */
  finish(flow: number, more: Partial<WireEvent> = {}): this {
    return this.call(flow, "closeWrite", null, more).call(flow, "read", null, more).call(flow, "close", null, more);
  }
}
