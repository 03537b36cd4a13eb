/**
 * Made-up calls on sockets, and what is said about them.
 *
 * @module
 */
import type { Remark, WireCall, WireEvent } from "../../../../lib/wire/event.ts";
import { Explainer, type ExplainerOptions } from "../../../../lib/wire/explain/explainer.ts";
import { encodeText } from "../../../../lib/text.ts";

/** Our end and the peer's. */
export const LOCAL = { hostname: "127.0.0.1", port: 12345 };
export const PEER = { hostname: "192.0.2.7", port: 52884 };

/** Bytes, or text to be encoded. */
export type Data = string | Uint8Array | null;

/** A run: each call is made some milliseconds after the one before, and its remarks are collected. */
export class Run {
  /** The time of the last call (ms). */
  at = 1_000_000;
  readonly remarks: Remark[] = [];
  readonly explainer: Explainer;
  #transport: "tcp" | "udp";

  constructor(role: "client" | "server", transport: "tcp" | "udp" = "tcp", options: Partial<ExplainerOptions> = {}) {
    this.explainer = new Explainer({ role, ...options });
    this.#transport = transport;
  }

  /** Makes a call; returns what is said about it. */
  call(call: WireCall, data: Data = null, more: Partial<WireEvent> & { after?: number } = {}): readonly Remark[] {
    const { after = 1, ...fields } = more;
    this.at += after;
    const bytes = typeof data === "string" ? encodeText(data) : data;
    const remarks = this.explainer.explain({
      at: this.at,
      transport: this.#transport,
      call,
      flow: 1,
      local: LOCAL,
      peer: PEER,
      bytes,
      duration: 0,
      ...fields,
    });
    this.remarks.push(...remarks);
    return remarks;
  }

  /** Reads from the peer, or receives a datagram. */
  read(data: Data, more: Partial<WireEvent> & { after?: number } = {}): readonly Remark[] {
    return this.call(this.#transport === "tcp" ? "read" : "receive", data, more);
  }

  /** Writes, or sends a datagram, and the call returns. */
  write(data: string | Uint8Array, more: Partial<WireEvent> & { after?: number } = {}): readonly Remark[] {
    const [issued, returned] = this.#transport === "tcp" ? ["writing", "write"] as const : ["sending", "send"] as const;
    const { duration = 0, ...rest } = more;
    return [...this.call(issued, data, rest), ...this.call(returned, data, { ...rest, after: duration, duration })];
  }

  /** Lets time pass, with the clock of silence four times a second. */
  wait(ms: number): readonly Remark[] {
    const remarks: Remark[] = [];
    for (const end = this.at + ms; this.at < end;) {
      this.at = Math.min(end, this.at + 250);
      remarks.push(...this.explainer.silence(this.at));
    }
    this.remarks.push(...remarks);
    return remarks;
  }

  /** The mistakes that were named, in order. */
  get mistakes(): number[] {
    return mistakesIn(this.remarks);
  }

  /** What was said, a line for each remark, with the mistakes' numbers. */
  get text(): string {
    return textOf(this.remarks);
  }
}

/** The numbers of the mistakes in remarks. */
export function mistakesIn(remarks: readonly Remark[]): number[] {
  return remarks.flatMap(({ mistake }) => mistake === undefined ? [] : [mistake]);
}

/** Remarks as the log prints them, without marks and reasons. */
export function textOf(remarks: readonly Remark[]): string {
  return remarks.map(({ mistake, text }) => `${mistake === undefined ? "" : `[mistake ${mistake}] `}${text}`).join(
    "\n",
  );
}
