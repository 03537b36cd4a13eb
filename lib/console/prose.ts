/**
 * The prose of events, for people. Pure.
 *
 * @module
 */
import { cyan, dim, green, red, yellow } from "@std/fmt/colors";
import { format as formatBytes } from "@std/fmt/bytes";
import { formatEndpoint, isWildcard } from "../addr.ts";
import type { Explained, Mark, NetEvent, Prose, ProseLine, Refused, Role, Secured, Transferred } from "../events.ts";
import type { Listening } from "../listening.ts";
import { escapeControls, milliseconds, plural } from "../text.ts";

/**
 * An event as one or more lines of prose, safe to print; "" if it has none.
 *
 * @param event The event.
 * @param view The kind of script, and whether to print only the essential lines. A server logs what it received, a client what it sent:
 * what it received is its output.
 */
export function proseOf(event: NetEvent, view: { role: Role; quiet: boolean }): string {
  const prose = toProse(event, view);
  // In a chat, a tab is part of what people write.
  if (event.event === "message" && typeof prose === "string") return escapeControls(prose, { tabs: true });
  return typeof prose === "string" ? print(prose) : prose.map(print).join("\n");
}

const MARKS: Readonly<Record<Mark, () => string>> = {
  state: () => green("[+]"),
  data: () => cyan("[*]"),
  trouble: () => red("[!]"),
};

const TONES: Readonly<Record<NonNullable<Exclude<ProseLine, string>["tone"]>, (text: string) => string>> = {
  in: cyan,
  out: yellow,
  dim,
};

/** A line as it is printed: its mark, and its text with every control character escaped. */
export function print(line: ProseLine): string {
  if (typeof line === "string") return escapeControls(line);
  const mark = line.mark === undefined ? "" : `${MARKS[line.mark]()} `;
  const text = escapeControls(line.text);
  return `${mark}${line.tone === undefined ? text : TONES[line.tone](text)}`;
}

/** The prose of an event, not yet escaped. */
function toProse(event: NetEvent, view: { role: Role; quiet: boolean }): Prose {
  switch (event.event) {
    case "listening": {
      const kind = `${event.transport === "udp" ? " (UDP)" : ""}${event.tls ? " (TLS)" : ""}`;
      const ready = `Listening on ${formatEndpoint(event)}${kind}`;
      return (view.quiet ? [ready] : [ready, ...joinLines(event)]).flatMap(state);
    }
    case "connected":
      return state(`Connected to ${event.peer} from ${event.local} in ${milliseconds(event.duration)}`);
    case "accepted":
      return state(`Accepted connection from ${event.peer}`);
    case "secured":
      return state(`Secured ${event.peer}: ${partsOf(event).join(", ")}`);
    case "received":
      return view.role === "server" ? data(`Received from ${event.peer}: ${shown(event)}`) : "";
    case "sent":
      return view.role === "client" ? data(`Sent: ${shown(event)}`) : "";
    case "eof":
    case "status":
      return "";
    case "closed":
      return state(`Closed ${event.peer}: ${trafficOf(event)}, ${milliseconds(event.duration)}`);
    case "refused":
      return view.role === "server" ? trouble(`Refused ${event.peer}${answerTo(event)}: ${event.reason}`) : "";
    case "error": {
      const { peer, message } = event;
      return trouble(peer === undefined || message.includes(peer) ? message : `${peer}: ${message}`);
    }
    case "notice":
      return state(event.message);
    case "reset":
    case "warning":
      return trouble(event.message);
    case "stopping":
      return trouble("Exiting...");
    case "inspecting":
      return state(`Inspect the wire at ${event.url}`);
    case "explain":
      return explanation(event);
    case "ended":
      return view.quiet ? "" : state(event.reason);
    default:
      return event.prose;
  }
}

/** `#1 [mistake 6] …`, and why it matters. */
function explanation({ id, mark, mistake, text, why }: Explained): ProseLine[] {
  const what = `${id === 0 ? "" : `#${id} `}${mistake === undefined ? "" : `[mistake ${mistake}] `}${text}`;
  return [
    { mark, text: what },
    ...(why === undefined ? [] : [{ text: `    Why it matters: ${why}`, tone: "dim" } as const]),
  ];
}

function state(text: string): readonly ProseLine[] {
  return [{ mark: "state", text }];
}

function data(text: string): readonly ProseLine[] {
  return [{ mark: "data", text }];
}

function trouble(text: string): readonly ProseLine[] {
  return [{ mark: "trouble", text }];
}

/** The most of a message that one line of prose shows (UTF-16 units). */
const SHOWN = 4096;

function shown({ text, bytes }: Transferred): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN).toWellFormed()}… (${plural(bytes, "byte")})`;
}

/** What a handshake agreed on, and who the peer is. */
function partsOf({ version, cipher, alpn, subject, fingerprint }: Secured): string[] {
  return [version, cipher, alpn, subject, fingerprint].filter((part) => part !== null);
}

/** `8 B in, 19 B out` */
function trafficOf({ bytesIn, bytesOut }: { bytesIn: number; bytesOut: number }): string {
  return `${formatBytes(bytesIn)} in, ${formatBytes(bytesOut)} out`;
}

/** ` -> 503, 91 B` */
function answerTo({ status, sent }: Refused): string {
  return status === undefined || sent === undefined ? "" : ` -> ${status}, ${formatBytes(sent)}`;
}

function joinLines(event: Listening): string[] {
  const { hostname, join, here, verb, everywhere = "--bind 0.0.0.0", urls = [] } = event;
  if (join.length > 0) {
    return [
      `Reachable from the network; to ${verb}, type on another machine:`,
      ...join.map((command) => `  ${command}`),
      ...urls.map((url, index) => index === 0 ? `or open in its browser: ${url}` : `  ${url}`),
      ...warningLines(event),
    ];
  }
  const why = isWildcard(hostname) ? "it has no address on a network" : `${everywhere} opens it`;
  return [`Reachable from this machine only (${why}); to ${verb}, type:`, `  ${here}`, ...warningLines(event)];
}

/** That browsers warn of a certificate unless they trust its issuer, and how a visitor checks that it is the right one. */
function warningLines({ certificate }: Listening): string[] {
  if (certificate === undefined) return [];
  return [
    "A browser will warn unless it knows the certificate's issuer; the SHA-256 fingerprint to compare:",
    `  ${certificate}`,
  ];
}
