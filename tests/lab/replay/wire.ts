/**
 * Captures and conversations, written down in a test.
 *
 * @module
 */
import { type Conversation, conversationsOf } from "../../../lab/replay/conversation.ts";
import type { Role } from "../../../lib/events.ts";
import { encodeText } from "../../../lib/text.ts";
import type { WireCall, WireEvent } from "../../../lib/wire/event.ts";

const CLIENT = { hostname: "127.0.0.1", port: 50_000 };
const SERVER = { hostname: "127.0.0.1", port: 12_345 };

/** A call: when (ms), which, and its bytes as text; a read or receive without any is the end, or fails. */
export type Call = readonly [at: number, call: WireCall, text?: string | Uint8Array | null, more?: Partial<WireEvent>];

/** The events of one flow. */
export function flow(
  calls: readonly Call[],
  { number = 1, transport = "tcp", as = "client" }: { number?: number; transport?: "tcp" | "udp"; as?: Role } = {},
): WireEvent[] {
  const [local, peer] = as === "client" ? [CLIENT, SERVER] : [SERVER, CLIENT];
  return calls.map(([at, call, text, more]) => ({
    at: 1_700_000_000_000 + at,
    transport,
    call,
    flow: number,
    local,
    peer,
    bytes: text === undefined || text === null ? null : typeof text === "string" ? encodeText(text) : text,
    duration: 0,
    ...more,
  }));
}

/** The one conversation of some calls. */
export async function conversation(
  calls: readonly Call[],
  options: Parameters<typeof flow>[1] = {},
): Promise<Conversation> {
  const [first] = await conversationsOf(flow(calls, options), { as: options.as ?? "client" });
  if (first === undefined) throw new Error("no conversation");
  return first;
}
