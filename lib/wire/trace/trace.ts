/**
 * `--trace`: every call on a socket, and a hex dump of its bytes; one block per read or write, so that boundaries show.
 *
 * @module
 */
import { formatEndpoint } from "../../addr.ts";
import type { Events, ProseLine } from "../../events.ts";
import { decodeText, plural } from "../../text.ts";
import { BoundedMap } from "../../bounded_map.ts";
import { directionOf, type WireEvent, type WireReader, wireTime } from "../event.ts";
import { FileOutput, type FileOutputOptions } from "../file_output.ts";
import { put, putBytes, putNumber, putSeconds } from "./ascii.ts";
import { dump, dumpSpace, splitAfter } from "./hexdump.ts";
import { Strangers } from "./strangers.ts";

/** One direction of a flow. */
interface Direction {
  /** How each of its blocks begins: `#1 <- 127.0.0.1:52884  `. */
  readonly start: Uint8Array;
  /** The bytes of the stream so far. */
  offset: number;
  /** How many more bytes the last character needs. */
  pending: number;
}

/** How many datagram flows are remembered: only their first words, which can be made again. */
const DATAGRAM_FLOWS = 4096;

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
  #streams = new Map<number, { in: Direction; out: Direction }>();
  #datagrams = new BoundedMap<number, { in: Direction; out: Direction }>(DATAGRAM_FLOWS);

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
    const { bytes, transport, flow, call, offered } = event;
    const way = directionOf(event);
    if (way === null || bytes === null || offered !== undefined) {
      if (call === "close" || call === "reset") this.#streams.delete(flow);
      const to = this.#line(event, into);
      return way === null || bytes === null ? to : this.#dump(bytes, call, this.#flowOf(event)[way], into, to);
    }
    const direction = this.#flowOf(event)[way];
    let to = this.#times(event.at, into, putBytes(direction.start, into, 0));
    to = putNumber(bytes.length, into, put(" ", into, put(call, into, to)));
    to = put(bytes.length === 1 ? " byte\n" : " bytes\n", into, to);
    if (transport === "udp") direction.offset = direction.pending = 0;
    return this.#dump(bytes, call, direction, into, to);
  }

  /** Writes the rows of a block. */
  #dump(bytes: Uint8Array, call: string, direction: Direction, into: Uint8Array, to: number): number {
    if (bytes.length === 0) return to;
    const shown = bytes.length > MOST ? bytes.subarray(0, MOST) : bytes;
    to = dump(shown, into, { to, offset: direction.offset, pending: direction.pending });
    direction.offset += bytes.length;
    direction.pending = splitAfter(bytes);
    if (shown === bytes) return to;
    const more = `  … ${plural(bytes.length - MOST, "byte")} more of this ${call}\n`;
    return to + encoder.encodeInto(more, into.subarray(to)).written;
  }

  #flowOf(event: WireEvent): { in: Direction; out: Direction } {
    const flows = event.transport === "udp" ? this.#datagrams : this.#streams;
    const known = flows.get(event.flow);
    if (known !== undefined) return known;
    const of = (arrow: string): Direction => ({ start: encoder.encode(startOf(event, arrow)), offset: 0, pending: 0 });
    const flow = { in: of("<- "), out: of("-> ") };
    flows.set(event.flow, flow);
    return flow;
  }

  /** Writes a first line that tells more than how many bytes passed. */
  #line(event: WireEvent, into: Uint8Array): number {
    const way = directionOf(event);
    const start = startOf(event, way === "in" ? "<- " : way === "out" ? "-> " : "");
    const to = this.#times(event.at, into, encoder.encodeInto(start, into.subarray(0, HEAD / 2)).written);
    return to + encoder.encodeInto(`${what(event)}\n`, into.subarray(to, HEAD)).written;
  }

  /** Writes the time since the start, and since the last block. */
  #times(at: number, into: Uint8Array, to: number): number {
    to = putSeconds(at - this.#start, into, to);
    to = putSeconds(at - this.#last, into, put(" s (+", into, to));
    this.#last = at;
    return put(")  ", into, to);
  }
}

/** How a block begins: the flow, the direction and the peer. */
function startOf({ flow, local, peer }: WireEvent, arrow: string): string {
  const who = peer ?? local;
  return `${flow === 0 ? "" : `#${flow} `}${arrow}${who === null ? "" : `${formatEndpoint(who)}  `}`;
}

const encoder = new TextEncoder();

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
 * A trace beside the log. Datagrams of strangers are told up to a rate ({@linkcode Strangers}), everything else is told in full.
 *
 * @param options With `json`, the bytes are told as one hex string, or else as rows. `start` is the time from which they count: now.
 */
export function logTrace(events: Events, { json, start }: { json: boolean; start?: number }): WireReader {
  const writer = new TraceWriter(start);
  const strangers = new Strangers(events);
  return {
    event(event) {
      const space = writer.spaceFor(event);
      if (space === 0) return;
      const { at, flow: id, call, transport, local, peer, bytes } = event;
      const direction = directionOf(event);
      (transport === "udp" ? strangers : events).emit({
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
    end: () => Promise.resolve(strangers[Symbol.dispose]()),
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
