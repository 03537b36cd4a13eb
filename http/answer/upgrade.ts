/**
 * The handshake that turns an HTTP connection into a WebSocket (RFC 6455 4.2). Pure.
 *
 * @module
 */
import { encodeText } from "../../lib/text.ts";
import type { RequestHead } from "../request/head.ts";
import { type Arrival, foreignOrigin } from "../request/origin.ts";
import { malformed, Refusal } from "../request/refusal.ts";
import { listOf } from "../request/syntax.ts";
import { fieldLine } from "./answer.ts";
import { ascii } from "./bytes.ts";

/** The only version (RFC 6455 4.1). */
const VERSION = "13";
/** What the answer's key is made with: no server that knows nothing of WebSocket would send that (RFC 6455 1.3). */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const UPGRADE_LINES = fieldLine("Upgrade", "websocket") + fieldLine("Connection", "Upgrade");
/** 16 bytes in base64. */
const KEY = /^[A-Za-z\d+/]{22}==$/;

/**
 * Checks a request to open a WebSocket.
 *
 * @returns `null` if it is one that may be answered with {@linkcode upgradeHead}; else why not: 426 (no handshake, or of another
 * version), 400 (a malformed one) or 403 (from a page of another origin).
 */
export function upgradeRefusal(head: RequestHead, arrival: Arrival): Refusal | null {
  // In HTTP/1.0, Upgrade must be ignored (RFC 9110 7.8).
  const asks = head.method === "GET" && head.minor === 1 && listOf(head.field("upgrade") ?? "").includes("websocket") &&
    listOf(head.field("connection") ?? "").includes("upgrade");
  if (!asks) return upgradeRequired();
  if (head.field("sec-websocket-version") !== VERSION) {
    return upgradeRequired("the only supported Sec-WebSocket-Version is 13 (RFC 6455 4.4)");
  }
  if (!KEY.test(head.field("sec-websocket-key") ?? "")) {
    return malformed("a Sec-WebSocket-Key that is not 16 bytes in base64 (RFC 6455 4.2.1)");
  }
  // What follows the head must be frames.
  if (head.framing.length !== 0) return malformed("a WebSocket handshake with a body");
  return foreignOrigin(head, arrival);
}

/** The refusal of a request that is no handshake (RFC 9110 15.5.22). */
export function upgradeRequired(
  reason = "this path speaks WebSocket (RFC 6455): open it by a ws:// or wss:// URL",
): Refusal {
  return new Refusal(426, reason, { upgrade: { protocol: "websocket", version: VERSION } });
}

/** The head of the answer that opens the WebSocket; frames follow it in both directions. */
export async function upgradeHead(head: RequestHead): Promise<Uint8Array> {
  return ascii(`HTTP/1.1 101 Switching Protocols\r\n${await upgradeFields(head)}\r\n`);
}

/** The field lines of that answer. Only the call itself reads the request's head, whose bytes may change after it. */
export async function upgradeFields(head: RequestHead): Promise<string> {
  const accept = await acceptKey(head.field("sec-websocket-key") ?? "");
  return UPGRADE_LINES + fieldLine("Sec-WebSocket-Accept", accept);
}

/**
 * The answer to a `Sec-WebSocket-Key` (RFC 6455 4.2.2). By the Web's own SHA-1: to load `node:crypto` takes a third of the time in which
 * a server starts.
 *
 * @example Usage
 * ```ts
 * import { acceptKey } from "./upgrade.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await acceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); // RFC 6455 1.3
 * ```
 */
export async function acceptKey(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", encodeText(key + GUID));
  return new Uint8Array(digest).toBase64();
}
