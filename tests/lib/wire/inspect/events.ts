/**
 * Wire events for the tests of the inspector.
 *
 * @module
 */
import { encodeText } from "../../../../lib/text.ts";
import type { WireCall, WireEvent } from "../../../../lib/wire/event.ts";

/** An event on a TCP connection of a server. */
export function event(call: WireCall, flow?: number, text?: string, more?: Partial<WireEvent>): WireEvent {
  const number = flow ?? 1;
  const local = { hostname: "127.0.0.1", port: 7000 };
  const peer = number === 0 ? null : { hostname: "192.0.2.1", port: 10_000 + number };
  const bytes = text === undefined ? null : encodeText(text);
  return { at: 1000, transport: "tcp", call, flow: number, local, peer, bytes, duration: 0, ...more };
}
