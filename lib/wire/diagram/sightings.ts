/**
 * What one process saw of a flow: things that left it and things that arrived. Pure.
 *
 * @module
 */
import { thousands } from "../../text.ts";
import type { Direction } from "../event.ts";
import { excerpt } from "./excerpt.ts";
import type { Call, Flow } from "./call.ts";
import { REFUSED, RESET, UNANSWERED } from "./causes.ts";
import type { Kind, Moment, Note, Side } from "./model.ts";
import { sizeText, spanText } from "./words.ts";

/** A segment or datagram at one end. */
export interface Sighting {
  readonly way: Direction;
  readonly kind: Kind;
  readonly flags: string;
  readonly when: Moment;
  readonly size: number | null;
  readonly text: string;
  /** For datagrams: equal if their bytes are. */
  readonly digest: number;
  /** When the last of several reads returned that are drawn as one. */
  readonly last?: Moment;
  /** How many calls it stands for. */
  readonly count: number;
  /** The FIN of a `close`, which the system turns into a RST if data was not read. */
  readonly closing?: boolean;
  /** When a write that had to wait returned. */
  readonly returned?: Moment;
  readonly remark?: string;
}

/** A write that took longer than this (ms) had to wait: the peer did not read as fast. */
const WAITED = 20;

/** Lists what passed after the handshake. Times stay the process's own: milliseconds since the epoch. */
export function sightingsOf(flow: Flow): Sighting[] {
  return flow.transport === "udp" ? flow.calls.flatMap(datagram) : new StreamSightings().of(flow.calls);
}

/** Lists what the process reports that did not pass between the two: TLS, errors. */
export function notesOf(flow: Flow, side: Side): Note[] {
  return flow.calls.flatMap((call): Note[] => {
    const when = { at: call.at, known: true };
    if (call.call === "handshake") return [{ type: "note", side: null, when, text: tlsText(call) }];
    if (call.error === undefined || isPassage(call)) return [];
    return [{ type: "note", side, when, text: `${call.call}: ${call.error}` }];
  });
}

/** Whether a call's error is drawn as an arrow: as part of the handshake, a RST, an ICMP message. */
function isPassage({ call, error = "", transport }: Call): boolean {
  if (call === "connect") return REFUSED.has(error) || UNANSWERED.has(error);
  return (transport === "tcp" ? RESET : REFUSED).has(error);
}

function tlsText({ session, error, duration }: Call): string {
  if (error === "PlaintextError") return "TLS handshake failed: the peer speaks plain text";
  // "Failure" is our own verdict: the certificate is not trusted.
  if (error !== undefined) return `TLS handshake failed${error === "Failure" ? "" : `: ${error}`}`;
  if (session === undefined) return "TLS handshake";
  const { version, cipher, alpn, verified, subject } = session;
  // A server seldom asks for a certificate; without one there is nothing to verify.
  const trust = subject === null ? "" : verified ? ", peer verified" : ", peer NOT VERIFIED";
  const facts = [version, cipher, ...(alpn === null ? [] : [alpn]), spanText(duration)];
  return `TLS handshake${trust}: ${facts.join(", ")}`;
}

function datagram(call: Call): Sighting[] {
  const icmp = REFUSED.has(call.error ?? "");
  if (icmp) return [sighting("in", "reset", call.at, { flags: "ICMP, port unreachable" })];
  if (call.size === null || (call.call !== "send" && call.call !== "receive")) return [];
  const out = call.call === "send";
  return [sighting(out ? "out" : "in", "datagram", out ? call.issued : call.at, bytesOf(call))];
}

type Content = Partial<Omit<Sighting, "way" | "kind" | "when">>;

function sighting(way: Sighting["way"], kind: Kind, at: number, content: Content): Sighting {
  return { way, kind, flags: "", size: null, text: "", digest: 0, count: 1, ...content, when: { at, known: true } };
}

function bytesOf({ size, head, digest }: Call): Content {
  return { size, text: excerpt(head, size ?? 0), digest };
}

/** Reads or writes without a pause, drawn as one arrow. */
function several(call: Call): Content {
  const { call: name, count = 1, first = call.at, issued, at } = call;
  const out = name === "write";
  const remark = `${thousands(count)} more ${name}s in ${spanText(at - (out ? issued : first))}`;
  return { ...bytesOf(call), count, remark, ...(out ? {} : { last: { at, known: true } }) };
}

/** Follows a byte stream: a FIN and a RST pass at most once each way. */
class StreamSightings {
  #finished = { in: false, out: false };
  #reset = false;

  of(calls: readonly Call[]): Sighting[] {
    return calls.flatMap((call) => this.#of(call));
  }

  #of(call: Call): Sighting[] {
    switch (call.call) {
      case "read":
      case "write":
        return this.#transfer(call, call.call === "write");
      case "closeWrite":
        return call.error === undefined ? this.#fin("out", call.at) : this.#refused(call);
      case "close":
        return this.#fin("out", call.at, { closing: true });
      case "reset":
        return this.#rst("out", call.at);
      default:
        return [];
    }
  }

  #transfer(call: Call, out: boolean): Sighting[] {
    if (call.size === null) return call.error === undefined && !out ? this.#fin("in", call.at) : this.#refused(call);
    if (call.size === 0) return this.#refused(call);
    const way = out ? "out" : "in";
    if (call.count !== undefined) {
      return [sighting(way, "data", out ? call.issued : call.first ?? call.at, several(call))];
    }
    const waited = out && call.duration >= WAITED;
    const short = call.offered === undefined ? [] : [`of ${sizeText(call.offered)}`];
    const remark = [...short, ...(waited ? [`waited ${spanText(call.duration)}`] : [])].join(" · ");
    const content = {
      ...bytesOf(call),
      ...(remark === "" ? {} : { remark }),
      ...(waited ? { returned: { at: call.at, known: true } } : {}),
    };
    return [sighting(way, "data", out ? call.issued : call.at, content), ...this.#refused(call)];
  }

  #fin(way: Direction, at: number, more: Content = {}): Sighting[] {
    if (this.#finished[way] || this.#reset) return [];
    this.#finished[way] = true;
    return [sighting(way, "fin", at, { flags: "FIN", ...more })];
  }

  #rst(way: Direction, at: number): Sighting[] {
    if (this.#reset) return [];
    this.#reset = true;
    return [sighting(way, "reset", at, { flags: "RST" })];
  }

  #refused({ error, at }: Call): Sighting[] {
    return error !== undefined && RESET.has(error) ? this.#rst("in", at) : [];
  }
}
