/**
 * The arrows that `connect` and `accept` stand for: the kernel exchanged them before the calls returned (RFC 9293 3.5). Pure.
 *
 * @module
 */
import type { Call } from "./call.ts";
import { REFUSED, UNANSWERED } from "./causes.ts";
import type { Arrow, Kind, Moment, Side } from "./model.ts";

/**
 * Draws the handshake as far as its two ends are known.
 *
 * @param connect The client's call; its times are those of the diagram.
 * @param accept The server's.
 * @param client The client's side.
 */
export function handshake(connect: Call | undefined, accept: Call | undefined, client: Side): Arrow[] {
  const server: Side = client === 0 ? 1 : 0;
  if (connect?.error !== undefined) return failed(connect, connect.error, client, server);
  if (connect === undefined) {
    // The kernel may have made the connection long before: only that it was ready by then is known.
    return accept === undefined ? [] : [
      arrow(client, "SYN", null, unknown(accept.at)),
      arrow(server, "SYN, ACK", unknown(accept.at), null),
      arrow(client, "ACK", null, known(accept.at)),
    ];
  }
  if (accept === undefined) {
    return [
      arrow(client, "SYN", known(connect.issued), null),
      arrow(server, "SYN, ACK", null, known(connect.at)),
      arrow(client, "ACK", known(connect.at), null),
    ];
  }
  // A server may be told of its client before the client is: connect returned when the ACK had long left.
  const late = connect.at > accept.at;
  const done = Math.min(connect.at, accept.at);
  const there = (share: number): Moment => unknown(connect.issued + (done - connect.issued) * share);
  const back = late ? unknown(done) : known(connect.at);
  return [
    arrow(client, "SYN", known(connect.issued), there(0.45), late ? { returned: known(connect.at) } : {}),
    arrow(server, "SYN, ACK", there(0.55), back),
    arrow(client, "ACK", back, known(accept.at)),
  ];
}

function failed(connect: Call, error: string, client: Side, server: Side): Arrow[] {
  if (REFUSED.has(error)) {
    return [
      arrow(client, "SYN", known(connect.issued), null),
      arrow(server, "RST", null, known(connect.at), { kind: "reset", remark: "refused" }),
    ];
  }
  if (UNANSWERED.has(error)) {
    const returned = known(connect.at);
    return [
      arrow(client, "SYN", known(connect.issued), null, { lost: true, returned, remark: `no answer: ${error}` }),
    ];
  }
  // It never came to a SYN, as without a route.
  return [];
}

function known(at: number): Moment {
  return { at, known: true };
}

function unknown(at: number): Moment {
  return { at, known: false };
}

type More = Partial<Pick<Arrow, "lost" | "returned" | "remark">> & { readonly kind?: Kind };

function arrow(from: Side, flags: string, leaves: Moment | null, arrives: Moment | null, more: More = {}): Arrow {
  return { type: "arrow", kind: "handshake", from, leaves, arrives, flags, size: null, text: "", ...more };
}
