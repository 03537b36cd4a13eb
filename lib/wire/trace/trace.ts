/**
 * `--trace`: every call on a socket, and a hex dump of its bytes; one block per read or write, so that boundaries show.
 *
 * @module
 */
import { formatEndpoint } from "../../addr.ts";
import type { Events, ProseLine } from "../../events.ts";
import { decodeText, plural } from "../../text.ts";
import { directionOf, type WireEvent, type WireReader, wireTime } from "../event.ts";
import { FileOutput, type FileOutputOptions } from "../file_output.ts";
import { dump, dumpSpace, splitAfter } from "./hexdump.ts";

/** How far one direction of a stream is: its bytes so far, and how many more its last character needs. */
interface Progress {
  offset: number;
  pending: number;
}

/** The most bytes that one block dumps: a larger write is told by its size, and by its first and last bytes. */
const MOST = 64 * 1024;
/** The longest first line of a block (bytes of UTF-8), and of the line that says what was left out. */
const HEAD = 1024;

/**
 * Writes blocks into buffers.
 *
 * @example Usage
 * ```ts
 * import { TraceWriter } from "./trace.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const writer = new TraceWriter(1000);
 * const [local, peer] = [{ hostname: "::1", port: 12345 }, { hostname: "::1", port: 52884 }];
 * const bytes = new TextEncoder().encode("hi\n");
 * const event = { at: 1002, transport: "tcp", call: "read", flow: 1, local, peer, bytes, duration: 1 } as const;
 * const into = new Uint8Array(writer.spaceFor(event));
 * const block = new TextDecoder().decode(into.subarray(0, writer.write(event, into)));
 * assertStringIncludes(block, "#1 <- [::1]:52884  0.002000 s (+0.002000)  read 3 bytes\n  00000000  68 69 0a ");
 * ```
 */
export class TraceWriter {
  #start: number;
  #last: number;
  #streams = new Map<number, { in: Progress; out: Progress }>();

  /** @param start The time from which the blocks count (ms since the epoch). */
  constructor(start: number = wireTime()) {
    this.#start = start;
    this.#last = start;
  }

  /** The space that the block of an event takes at most; 0 if it has none. */
  spaceFor({ call, bytes }: WireEvent): number {
    // They are told again when they return.
    if (call === "writing" || call === "sending") return 0;
    return 2 * HEAD + dumpSpace(Math.min(bytes?.length ?? 0, MOST));
  }

  /** Writes the block of an event; returns its length. */
  write(event: WireEvent, into: Uint8Array): number {
    let to = this.#head(event, into);
    const { bytes, transport, flow, call } = event;
    if (call === "close" || call === "reset") this.#streams.delete(flow);
    if (bytes === null || bytes.length === 0) return to;
    const at = transport === "tcp" ? this.#progressOf(event) : { offset: 0, pending: 0 };
    const shown = bytes.length > MOST ? bytes.subarray(0, MOST) : bytes;
    to += dump(shown, into.subarray(to), at.offset, at.pending);
    at.offset += bytes.length;
    at.pending = splitAfter(bytes);
    if (shown === bytes) return to;
    const more = `  … ${plural(bytes.length - MOST, "byte")} more of this ${call}\n`;
    return to + encoder.encodeInto(more, into.subarray(to)).written;
  }

  #progressOf(event: WireEvent): Progress {
    let stream = this.#streams.get(event.flow);
    if (stream === undefined) {
      stream = { in: { offset: 0, pending: 0 }, out: { offset: 0, pending: 0 } };
      this.#streams.set(event.flow, stream);
    }
    return stream[directionOf(event) ?? "in"];
  }

  /** Writes the first line of a block. */
  #head(event: WireEvent, into: Uint8Array): number {
    const { at, flow, local, peer } = event;
    const direction = directionOf(event);
    const arrow = direction === "in" ? "<- " : direction === "out" ? "-> " : "";
    const who = peer ?? local;
    let to = put(`${flow === 0 ? "" : `#${flow} `}${arrow}${who === null ? "" : `${formatEndpoint(who)}  `}`, into, 0);
    to = putSeconds(at - this.#start, into, to);
    to = put(" s (+", into, to);
    to = putSeconds(at - this.#last, into, to);
    this.#last = at;
    return put(`)  ${what(event)}\n`, into, to);
  }
}

const encoder = new TextEncoder();

/** Writes a text, as much of it as a first line may hold; returns where it ends. */
function put(text: string, into: Uint8Array, to: number): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f || to + at >= HEAD) {
      return to + at + encoder.encodeInto(text.slice(at), into.subarray(to + at, HEAD)).written;
    }
    into[to + at] = code;
  }
  return to + text.length;
}

/** Writes milliseconds as seconds with six decimals; a clock that was set back counts as 0. `toFixed` takes three times as long. */
function putSeconds(ms: number, into: Uint8Array, to: number): number {
  const micros = Math.max(0, Math.round(ms * 1000));
  const seconds = Math.floor(micros / 1e6);
  to = seconds < 10 ? to : put(String(Math.floor(seconds / 10)), into, to);
  into[to++] = ZERO + seconds % 10;
  into[to++] = POINT;
  let rest = micros % 1e6;
  for (let place = 5; place >= 0; place--) {
    into[to + place] = ZERO + rest % 10;
    rest = Math.floor(rest / 10);
  }
  return to + 6;
}

const [ZERO, POINT] = [0x30, 0x2e];

/** What happened, in a few words. */
function what({ call, bytes, error, offered, session, name, addresses }: WireEvent): string {
  if (error !== undefined) return `${call} failed: ${error}`;
  if (bytes !== null) return `${call} ${plural(bytes.length, "byte")}${offered === undefined ? "" : ` of ${offered}`}`;
  if (call === "read") return "read: end of stream (FIN)";
  if (call === "closeWrite") return "half-close (FIN)";
  if (call === "handshake" && session !== undefined) return `handshake ${session.version} ${session.cipher}`;
  if (call === "resolve") return `resolve ${name}: ${addresses?.join(", ")}`;
  return call;
}

/**
 * A trace in a file.
 *
 * @throws {Failure} The file cannot be opened.
 */
export function fileTrace(path: string, options: FileOutputOptions): WireReader {
  const output = new FileOutput(path, options);
  const writer = new TraceWriter();
  return {
    event(event) {
      const space = writer.spaceFor(event);
      if (space > 0) output.commit(writer.write(event, output.reserve(space)));
    },
    end: () => Promise.resolve(output.end()),
  };
}

/**
 * A trace beside the log.
 *
 * @param options With `json`, the bytes are told as one hex string, or else as rows. `start` is the time from which they count: now.
 */
export function logTrace(events: Events, { json, start }: { json: boolean; start?: number }): WireReader {
  const writer = new TraceWriter(start);
  return {
    event(event) {
      const space = writer.spaceFor(event);
      if (space === 0) return;
      const { at, flow: id, call, local, peer, bytes } = event;
      const direction = directionOf(event);
      events.emit({
        event: "trace",
        at,
        id,
        call,
        detail: what(event),
        direction,
        local: local && formatEndpoint(local),
        peer: peer && formatEndpoint(peer),
        bytes: bytes?.length ?? 0,
        hex: json ? bytes?.toHex() ?? "" : "",
        prose: json ? "" : linesOf(writer, event, space),
      });
    },
  };
}

function linesOf(writer: TraceWriter, event: WireEvent, space: number): ProseLine[] {
  const into = new Uint8Array(space);
  const block = decodeText(into.subarray(0, writer.write(event, into)));
  const [head = "", ...rows] = block.trimEnd().split("\n");
  const direction = directionOf(event);
  const tone = direction ?? "dim" as const;
  return [{ mark: direction === null ? "state" : "data", text: head }, ...rows.map((text) => ({ text, tone }))];
}
