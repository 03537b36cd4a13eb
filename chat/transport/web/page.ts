/**
 * The page of a room. Pure.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { escape } from "@std/html/entities";

/** What the page tells about its server. */
export interface RoomPageOptions {
  /** What the room is called. */
  readonly room: string;
  /** The maximum length of a line in bytes. */
  readonly maxLine: number;
  /** What the server shows as its TLS certificate, and the fingerprint of its key; `null` without TLS. */
  readonly tls: { readonly certificate: string; readonly pin: string } | null;
}

/** The page, ready to be sent any number of times. */
export interface RoomPage {
  readonly html: string;
  /** The value of `Content-Security-Policy`. */
  readonly policy: string;
}

const STYLE = "body { font: 1rem/1.4 system-ui, sans-serif; margin: 1rem } #lines { white-space: pre-wrap }";
const SCRIPT = `
const lines = document.querySelector("#lines");
const input = document.querySelector("input");
const show = (line) => lines.append(line + "\\n");
const socket = new WebSocket(location.origin.replace("http", "ws") + "/room");
socket.onmessage = ({ data }) => show(data);
socket.onclose = () => show("* the connection is closed");
document.querySelector("form").onsubmit = (event) => {
  event.preventDefault();
  socket.send(input.value);
  input.value = "";
};
`;

/** Makes the page. */
export function roomPage({ room, tls }: RoomPageOptions): RoomPage {
  const trust = tls === null ? "" : `<p>The key of this server: ${escape(tls.pin)}</p>\n`;
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(room)}</title>
<style>${STYLE}</style>
<h1>${escape(room)}</h1>
${trust}<div id="lines" role="log"></div>
<form><label>Your line <input autocomplete="off"></label> <button>Send</button></form>
<script>${SCRIPT}</script>
</html>
`;
  const policy = `default-src 'none'; script-src ${sourceOf(SCRIPT)}; style-src ${sourceOf(STYLE)}; connect-src 'self'`;
  return { html, policy };
}

function sourceOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
