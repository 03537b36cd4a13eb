/**
 * Draws a sequence diagram of what passed on the wire. Pure.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import type { Role } from "../../events.ts";
import type { WireEvent } from "../event.ts";
import { diagramOf, diagramOfCalls } from "./build.ts";
import { htmlOf } from "./html.ts";
import type { Diagram } from "./model.ts";
import type { Recorder } from "./recorder.ts";
import { svgOf } from "./svg.ts";

/** What kind of file a diagram is. */
export type DiagramFormat = "svg" | "html";

/** What a diagram is called, and how it is drawn. */
export interface DiagramOptions {
  readonly title: string;
  /** What the process is; only for the events of one process in which nothing else shows it. */
  readonly role?: Role;
  /** `svg` by default. */
  readonly format?: DiagramFormat;
}

/**
 * Finds the format by the file's name.
 *
 * @throws {UsageError} It ends neither in `.svg` nor in `.html`.
 */
export function diagramFormat(path: string): DiagramFormat {
  const [, format] = /\.(svg|html)$/i.exec(path) ?? [];
  if (format === undefined) throw new UsageError(`Cannot draw ${path}: its name must end in .svg or .html`);
  return format.toLowerCase() === "svg" ? "svg" : "html";
}

/**
 * Draws what passed between processes. With the events of both ends of a flow, its arrows go from one clock to the other; with those of one
 * end they are level, and the other end's time is marked as unknown.
 *
 * @param sides The events of each process.
 * @returns An SVG image, or an HTML page without scripts; both well-formed whatever the events contain.
 *
 * @example Usage
 * ```ts
 * import { drawDiagram } from "./draw.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const svg = drawDiagram([[{
 *   at: 1_700_000_000_000,
 *   transport: "udp",
 *   call: "send",
 *   flow: 1,
 *   local: { hostname: "127.0.0.1", port: 40001 },
 *   peer: { hostname: "127.0.0.1", port: 12345 },
 *   bytes: new TextEncoder().encode("Hello"),
 *   duration: 0,
 * }]], { title: "One datagram" });
 * assertStringIncludes(svg, "Hello");
 * ```
 */
export function drawDiagram(sides: readonly (readonly WireEvent[])[], options: DiagramOptions): string {
  const { format = "svg", ...told } = options;
  return written(diagramOf(sides, told), format);
}

/**
 * Draws what recorders have kept, one for each process: as {@linkcode drawDiagram}, for events that come one by one and are too many to be
 * held.
 */
export function drawRecorded(recorders: readonly Recorder[], options: DiagramOptions): string {
  const { format = "svg", ...told } = options;
  const unkept = recorders.reduce((sum, { unkept: { arrows, bytes, flows } }) => ({
    arrows: sum.arrows + arrows,
    bytes: sum.bytes + bytes,
    flows: sum.flows + flows,
  }), { arrows: 0, bytes: 0, flows: 0 });
  return written(diagramOfCalls(recorders.map(({ calls }) => calls), { ...told, unkept }), format);
}

function written(diagram: Diagram, format: DiagramFormat): string {
  return format === "svg" ? svgOf(diagram) : htmlOf(diagram);
}
