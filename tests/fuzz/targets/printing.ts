/**
 * Where strangers' text ends up: the log as prose and JSON, a client's terminal, traces, excerpts, drawings, pages, reports.
 *
 * @module
 */
import { toJson } from "../../../lib/console/log.ts";
import { DataOutput } from "../../../lib/console/output.ts";
import { proseOf } from "../../../lib/console/prose.ts";
import { textWidth, wrapLine } from "../../../lib/console/width.ts";
import type { NetEvent } from "../../../lib/events.ts";
import { decodeText, escapeControls, hexPairs, printableText, shellWord } from "../../../lib/text.ts";
import { columnsOf, excerpt, markup, shortened } from "../../../lib/wire/diagram/excerpt.ts";
import type { WireEvent } from "../../../lib/wire/event.ts";
import { excerptOf } from "../../../lib/wire/explain/excerpt.ts";
import { TraceWriter } from "../../../lib/wire/trace/trace.ts";
import { commonLine } from "../../../http/serve/request_log.ts";
import { safe } from "../../../http/site/markup.ts";
import { printfWord } from "../../../lab/checks/excerpt.ts";
import { yamlBlock } from "../../../lab/checks/yaml.ts";
import { setColorEnabled } from "@std/fmt/colors";
import { parse } from "@std/yaml";
import { concat, fromLatin1, utf8 } from "../engine/bytes.ts";
import { holds, overwrite, same, splits, type Target } from "../engine/target.ts";

setColorEnabled(false);
const CONTROL = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** Asserts that an output has one line, and nothing that could act on a terminal. */
function checkLine(text: string, what: string): void {
  holds(
    !CONTROL.test(text),
    `nothing raw is printed (${what})`,
    () => JSON.stringify(text.slice(Math.max(0, text.search(CONTROL) - 20)).slice(0, 60)),
  );
}

function checkLines(text: string, lines: number, what: string): void {
  const found = text.split("\n");
  same(found.length, lines, `a text makes no line of its own (${what})`);
  for (const line of found) checkLine(line, what);
}

function eventsOf(text: string, bytes: number): NetEvent[] {
  const [id, peer] = [1, "192.0.2.7:50000"];
  return [
    { event: "received", id, peer, bytes, text },
    { event: "sent", id, peer, bytes, text },
    { event: "error", code: 1, message: text },
    { event: "refused", id, peer, reason: text },
    { event: "reset", id, peer, message: text },
    { event: "notice", message: text },
    { event: "explain", id, mark: "data", text, why: text },
    {
      event: "secured",
      id,
      peer,
      version: text,
      cipher: "c",
      alpn: text,
      serverName: text,
      subject: text,
      fingerprint: null,
    },
  ];
}

function checkLog(text: string, bytes: number): void {
  for (const event of eventsOf(text, bytes)) {
    for (const role of ["client", "server"] as const) {
      const prose = proseOf(event, { role, quiet: false });
      if (prose !== "") checkLines(prose, event.event === "explain" ? 2 : 1, event.event);
      for (const row of wrapLine(prose.split("\n")[0] ?? "", 40).slice(1)) {
        holds(row === "" || row.startsWith("  "), "a continued line is indented", () => JSON.stringify(row));
        holds(textWidth(row) <= 40, "a row fits the terminal", () => JSON.stringify(row));
      }
    }
    const json = toJson(event);
    checkLine(json, "JSON");
    const read = JSON.parse(json) as Record<string, unknown>;
    same(read.text ?? read.message ?? read.reason ?? read.alpn, text, "JSON says what the event says");
  }
}

/** A client's terminal shows the same, however the bytes arrive; a pipe gets them as they are. */
async function checkTerminal(input: Uint8Array): Promise<void> {
  let first: string | null = null;
  for (const pieces of splits(input)) {
    const [shown, piped]: [Uint8Array[], Uint8Array[]] = [[], []];
    const sink = (into: Uint8Array[]) => ({
      write: (bytes: Uint8Array): Promise<number> => {
        into.push(bytes.slice());
        return Promise.resolve(bytes.length);
      },
    });
    const [terminal, pipe] = [
      new DataOutput(sink(shown), { terminal: true }),
      new DataOutput(sink(piped), { terminal: false }),
    ];
    for (const piece of pieces) {
      await terminal.write(piece);
      await pipe.write(piece);
      overwrite(piece);
    }
    await terminal.end();
    await pipe.end();
    const text = decodeText(concat(shown));
    first ??= text;
    same(text, first, "a terminal shows the same however the bytes are split");
    for (const line of text.split("\n")) checkLine(line.replaceAll("\t", ""), "terminal");
    holds(text === "" || text.endsWith("\n"), "a terminal's last line ends");
    same(concat(piped), input, "a pipe gets the bytes");
  }
}

function checkWire(input: Uint8Array): void {
  const writer = new TraceWriter(0);
  const [local, peer] = [{ hostname: "::1", port: 1 }, { hostname: "::1", port: 2 }];
  for (const bytes of [input.subarray(0, input.length >> 1), input.subarray(input.length >> 1)]) {
    const event: WireEvent = { at: 1, transport: "tcp", call: "read", flow: 1, local, peer, bytes, duration: 0 };
    const into = new Uint8Array(writer.spaceFor(event));
    const block = decodeText(into.subarray(0, writer.write(event, into)));
    for (const line of block.split("\n")) checkLine(line, "trace");
    const rows = block.split("\n").filter((line) => /^ {2}[\da-f]{8} /.test(line));
    const hex = rows.map((row) => row.slice(12, 61).replaceAll(" ", "")).join("");
    if (bytes.length <= 4096) same(hex, hexPairs(bytes).replaceAll(" ", ""), "a trace has every byte");
  }
  for (const rest of [0, 1]) if (input.length >= rest) checkLine(excerptOf(input, rest), "explain");
  checkLine(excerpt(input.subarray(0, 200), input.length), "diagram");
}

const CODES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function checkMarkup(text: string): void {
  for (const [made, what] of [[safe(text), "page"], [markup(text), "drawing"]] as const) {
    checkLine(made, what);
    holds(
      !/[<>"']|&(?!(?:amp|lt|gt|quot|#\d+);)/.test(made),
      `text makes no markup (${what})`,
      () => made.slice(0, 200),
    );
  }
  holds(/^[\x20-\x7e]*$/.test(safe(text)), "a page is ASCII");
  const read = safe(text).replace(
    /&([^;]+);/g,
    (_, code: string) => CODES[code] ?? String.fromCodePoint(Number(code.slice(1))),
  );
  const escaped = escapeControls(text);
  // Half a surrogate pair cannot be written in a page.
  if (escaped.isWellFormed()) same(read, escaped, "a page says what the text says");
  const short = columnsOf(shortened(escaped, 20));
  holds(short <= 20, "what is shortened is short", () => String(short));
}

function checkReports(text: string, input: Uint8Array): void {
  const yaml = yamlBlock({ sent: text, list: [text], after: "x" });
  for (const line of yaml.flatMap((line) => line.split("\n"))) checkLine(line.replaceAll("\t", ""), "TAP");
  const read = parse(yaml.join("\n")) as Record<string, unknown> | null;
  same(read?.after, "x", "text in a report does not end its block");
  same(Object.keys(read ?? {}).sort(), ["after", "list", "sent"], "text in a report makes no key of its own");
  checkLine(printfWord(input.subarray(0, 2000)), "printf");
  const line = commonLine({ connection: { hostname: "h" }, head: null, raw: input, status: 400, sent: 5 }, "t");
  checkLine(line, "Common Log Format");
  holds(
    /^h - - \[t\] "(?:[^"\\]|\\.)*" 400 5$/.test(line),
    "a request cannot forge the rest of its log line",
    () => line,
  );
  if (!text.includes("\0")) {
    holds(/^(?:[\w@%+=:,./-]+|'(?:[^']|'\\'')*')$/.test(shellWord(text, "linux")), "a path is one word of a shell");
  }
  checkLine(printableText(text), "text");
}

export const printing: Target = {
  name: "printing",
  what: "strangers' text in the log, on terminals, in traces, drawings, pages and reports",
  max: 3000,
  seeds: [
    ...[
      "",
      "hello\n",
      "\x1b]0;x\x07\x1b[2J\u009b31m\r\u202e\u2066\u2028\x7f",
      "[+] Accepted connection\n[!] x",
      "a\r\nb\r",
      "é漢字😀\u0301\u200b",
    ],
    ...[
      "<script>alert(1)</script>&amp;\"'",
      "key: value\n  - x\n...\n---",
      "'it''s'",
      "%s%n\\n\\033",
      "\ufeff\uffff\ufffe",
      'GET / HTTP/1.1" 200 5\r\n',
    ],
  ].map(utf8),
  words: [
    "\x1b",
    "\x07",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\x7f",
    "\xc2\x9b",
    "\xe2\x80\xae",
    "\xe2\x80\xa8",
    "\xef\xbb\xbf",
    "\xc3",
    "\xf0\x9f",
    "<",
    "&",
    '"',
    "'",
    "\\",
    ": ",
    "- ",
    "#",
    "[+] ",
    "\xed\xa0\x80",
    "\xcc\x81",
    "\xe6\xbc\xa2",
  ],
  make: (draw) =>
    utf8(
      draw.some(1, 12, () =>
        draw.pick([
          "a",
          "[+] x",
          "漢",
          "😀",
          "\u0301",
          "\u009b",
          "\u202e",
          "\x1b[31m",
          "\n",
          "\r",
          "\t",
          " ",
          "  ",
          ":",
          "'",
          "<b>",
          "&#1;",
          String.fromCodePoint(draw.below(0xd800)),
          String.fromCodePoint(draw.between(0xe000, 0x10ffff)),
        ])
          .repeat(draw.happens(0.1) ? draw.size(200) : draw.between(1, 3))),
    ),
  async check(input) {
    const text = decodeText(input);
    checkLog(text, input.length);
    await checkTerminal(input);
    checkWire(input);
    checkMarkup(text);
    checkReports(text, input);
    // JSON can bring half a surrogate pair.
    const half = fromLatin1(input.subarray(0, 40)).replace(
      /[\xd8-\xdf]/g,
      (character) => String.fromCharCode(character.charCodeAt(0) << 8),
    );
    checkMarkup(half);
    checkLog(half, half.length);
  },
};
