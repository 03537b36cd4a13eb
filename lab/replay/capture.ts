/**
 * The conversations of a capture file.
 *
 * @module
 */
import { formatEndpoint } from "../../lib/addr.ts";
import { Exit, Failure, UsageError } from "../../lib/errors.ts";
import type { Events, Role } from "../../lib/events.ts";
import { milliseconds, plural } from "../../lib/text.ts";
import type { WireEvent } from "../../lib/wire/event.ts";
import { stepsOf } from "../capture_file.ts";
import { warningsOf } from "../capture_summary.ts";
import { type Conversation, type ConversationOptions, conversationsOf } from "./conversation.ts";
import { nameOf } from "./verdict.ts";

/** What to read of a capture. */
export interface CaptureOptions extends ConversationOptions {
  readonly events: Events;
}

/**
 * Reads the conversations of a capture, and warns of what it lacks.
 *
 * @throws {Failure} The file cannot be read, is no capture, or has no conversation.
 */
export async function readCapture(
  path: string,
  { events, ...options }: CaptureOptions,
): Promise<readonly [Conversation, ...Conversation[]]> {
  const [first, ...others] = await conversationsOf(eventsOf(path, options.as, events), options);
  if (first === undefined) {
    const where = options.wanted === undefined ? "" : " with these numbers";
    throw new Failure(Exit.failed, `Cannot replay ${path}: it has no TCP connection and no UDP flow${where}`);
  }
  return [first, ...others];
}

/** A capture's events; warns at the end of what is incomplete about it. */
async function* eventsOf(path: string, as: Role, events: Events): AsyncGenerator<WireEvent> {
  const steps = stepsOf(path, { as });
  for (;;) {
    const { done, value } = await steps.next();
    if (done !== true) yield value.event;
    else {
      for (const message of warningsOf(value)) events.emit({ event: "warning", message: `${path}: ${message}` });
      return;
    }
  }
}

/** What is going to be played: `Playing 2 connections as their client, for 2.3 s`. */
export function playingLine(conversations: readonly Conversation[], as: Role, { speed }: { speed: number }): string {
  const start = Math.min(...conversations.map((conversation) => conversation.start));
  const end = Math.max(...conversations.map(({ steps, start }) => steps.at(-1)?.at ?? start));
  const streams = conversations.filter(({ transport }) => transport === "tcp").length;
  const what = [[streams, "connection"], [conversations.length - streams, "flow"]] as const;
  const counts = what.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun)).join(" and ");
  const time = speed === Infinity ? "without pauses" : `over ${milliseconds((end - start) / speed)}`;
  return `Playing the ${as}'s side of ${counts} ${time}`;
}

/** One line for each conversation: between whom, when, and what it sends. */
export function list(conversations: readonly Conversation[], as: Role, events: Events): void {
  for (const conversation of conversations) {
    const { flow, transport, client, server, start, steps, refused } = conversation;
    const sent = steps.flatMap((step) => step.do === "send" ? [step.bytes.length] : []);
    const expected = steps.flatMap((step) => step.do === "expect" ? step.parts : []);
    const [bytesOut, bytesIn] = [sent, expected.map(({ length }) => length)].map((all) =>
      all.reduce((sum, length) => sum + length, 0)
    );
    const [from, to] = [client, server].map((end) => end === null ? "?" : formatEndpoint(end));
    const duration = (steps.at(-1)?.at ?? start) - start;
    const unit = transport === "tcp" ? "chunk" : "datagram";
    const what = refused
      ? "was refused"
      : `${as} sends ${plural(bytesOut ?? 0, "byte")} in ${plural(sent.length, unit)}, gets ${bytesIn} bytes`;
    const text = `${nameOf(conversation)}: ${from} → ${to} at ${milliseconds(start)}: ${what}, in ${
      milliseconds(duration)
    }`;
    events.emit({
      event: "result",
      id: flow,
      transport,
      client: from,
      server: to,
      start,
      duration,
      chunks: sent.length,
      bytesOut,
      bytesIn,
      prose: [{ mark: "data", text }],
    });
  }
}

/**
 * Checks that the conversations can be played with one address.
 *
 * @throws {UsageError} They had several servers.
 */
export function checkOneServer(conversations: readonly Conversation[]): void {
  const servers = new Map<string, string>();
  for (const { transport, server } of conversations) {
    const kind = transport === "udp" ? " (UDP)" : "";
    servers.set(`${transport} ${server?.port}`, `${server === null ? "?" : formatEndpoint(server)}${kind}`);
  }
  if (servers.size < 2) return;
  const names = [...servers.values()].slice(0, 4).join(", ");
  throw new UsageError(
    `Cannot replay to one address what went to ${servers.size} (${names}${servers.size > 4 ? ", …" : ""}): ` +
      "pick some with --flow; without an address, the numbers are listed",
  );
}

/** A TLS record of a handshake (RFC 8446 5.1): what nobody can send again. */
function isTls(bytes: Uint8Array): boolean {
  return bytes[0] === 22 && bytes[1] === 3 && bytes.length > 5;
}

/** Tells what stands against a good replay. */
export function warn(conversations: readonly Conversation[], { tls }: { tls: boolean }, events: Events): void {
  const encrypted = conversations.find(({ steps }) => steps.some((step) => step.do === "send" && isTls(step.bytes)));
  if (encrypted !== undefined) {
    const message = `${nameOf(encrypted)} is encrypted (TLS), which nobody can replay: ` +
      "capture its plain text with --capture, and add --tls here";
    events.emit({ event: "warning", message });
  }
  if (!tls && conversations.some((conversation) => conversation.tls)) {
    events.emit({ event: "notice", message: "It was captured inside TLS; --tls plays it over TLS again" });
  }
}
