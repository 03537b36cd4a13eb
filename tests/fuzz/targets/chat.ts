/**
 * The lines of the chat: `chat/protocol.ts`, `chat/session_lines.ts`, `chat/transport/lines.ts`, `chat/transport/web/first_line.ts`.
 *
 * @module
 */
import {
  actionLine,
  chatLine,
  fitsLine,
  isFarewell,
  isNaming,
  isNotice,
  learnFrom,
  MAX_LINE,
  noticeLine,
  parseLine,
  privateLine,
  refusalLine,
  splitWord,
} from "../../../chat/protocol.ts";
import { checkName } from "../../../chat/names.ts";
import {
  formatCursor,
  LINE_OVERHEAD,
  lineCommand,
  numbered,
  parseCursor,
  parseSessionCommand,
  parseSessionLine,
  receiptLine,
  rejectionLine,
  sessionCommand,
  startLine,
} from "../../../chat/session_lines.ts";
import { LineFramer } from "../../../chat/transport/lines.ts";
import { FirstLine } from "../../../chat/transport/web/first_line.ts";
import { TooLongError } from "../../../lib/errors.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { fromLatin1, utf8 } from "../engine/bytes.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, overwrite, same, sameForAllSplits, type Target } from "../engine/target.ts";

/** What must not reach another member's terminal; a tab may. */
const CONTROL = /[^\P{Cc}\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;
const MAX = 100;

interface Framed {
  readonly lines: readonly string[];
  readonly tooLong: boolean;
}

function framed(pieces: readonly Uint8Array[], measures: boolean): Framed {
  const framer = new LineFramer(MAX, { measures });
  const lines: string[] = [];
  let measured = 0;
  try {
    for (const piece of pieces) {
      for (const line of framer.push(piece)) {
        lines.push(line);
        measured += framer.length;
      }
      overwrite(piece);
    }
    const begun = framer.begun;
    const rest = framer.rest();
    same(rest === null, begun === 0, "what was begun is the rest");
    if (rest !== null) lines.push(rest);
    if (measures) {
      const size = pieces.reduce((length, piece) => length + piece.length, 0);
      same(measured + begun, size, "the lengths of the lines are that of the stream");
    }
    return { lines, tooLong: false };
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error;
    return { lines, tooLong: true };
  }
}

/** What a framer must make of a stream, seen as a whole. */
function expected(text: string): Framed {
  const lines: string[] = [];
  const all = text.split("\n");
  for (const [index, line] of all.entries()) {
    const command = parseSessionCommand(line);
    if (encodeText(command?.kind === "line" ? command.text : line).length > MAX) return { lines, tooLong: true };
    const last = index === all.length - 1;
    if (!last) lines.push(line.endsWith("\r") ? line.slice(0, -1) : line);
    else if (line !== "") lines.push(line);
  }
  return { lines, tooLong: false };
}

/** A line of a user, and what the room makes of it for the others. */
function checkTyped(line: string): void {
  const meaning = parseLine(line);
  if (meaning.kind === "command") {
    holds(!/\s/.test(meaning.name), "a command's name is one word", () => meaning.name);
    const { word, text } = splitWord(meaning.rest);
    holds(!/\s/.test(word) && meaning.rest.startsWith(word) && meaning.rest.endsWith(text), "a word and the rest");
  }
  if (isFarewell(line)) same(meaning, { kind: "command", name: "quit", rest: "" }, "a farewell is a command");
  if (isNaming(line)) holds(meaning.kind === "command" && meaning.name === "nick", "a naming is a command");
  same(fitsLine(line), encodeText(line).length < MAX_LINE, "a line fits by its bytes");
  const text = meaning.kind === "say" ? meaning.text : line;
  const made = [
    chatLine("alice", text),
    actionLine("alice", text),
    privateLine("alice", text),
    noticeLine(text),
    refusalLine(text),
  ];
  for (const each of made) holds(!CONTROL.test(each), "no control reaches another member", () => JSON.stringify(each));
  holds(!isNotice(made[0] ?? "") && !isNotice(made[1] ?? "") && !isNotice(made[2] ?? ""), "nobody forges a notice");
  same(parseSessionLine(made[0] ?? "").kind, "plain", "nobody forges a session's line");
  same(learnFrom(made[0] ?? "").here, ["alice"], "who speaks is here");
  same(learnFrom(made[1] ?? "").here, ["alice"], "who acts is here");
  same(learnFrom(made[2] ?? "").own, null, "nobody learns its own name from another");
}

/** A line as a client gets it. */
function checkReceived(line: string): void {
  const { own, here, gone } = learnFrom(line);
  for (const name of [...(own === null ? [] : [own]), ...here, ...gone]) {
    same(checkName(name), { name }, "what is learned is a name");
  }
  const parsed = parseSessionLine(line);
  switch (parsed.kind) {
    case "start":
      return same(startLine(parsed), line, "a start that is written again is the same");
    case "numbered":
      holds(parsed.n > 0 && Number.isSafeInteger(parsed.n), "a line has a number");
      return same(
        parseSessionLine(numbered(parsed.n, parsed.line)),
        parsed,
        "a numbered line that is written again is the same",
      );
    case "receipt":
      return same(receiptLine(parsed.id, parsed.n), line, "a receipt that is written again is the same");
    case "rejection": {
      const again = parseSessionLine(rejectionLine(parsed.id, parsed.reason));
      return holds(again.kind === "rejection" && again.id === parsed.id, "a rejection that is written again is one");
    }
    case "plain":
      return same(parsed.line, line, "a plain line is the line");
  }
}

function checkSessionCommand(line: string): void {
  const command = parseSessionCommand(line);
  if (command?.kind === "line") {
    same(parseSessionCommand(lineCommand(command.id, command.text)), command, "a line that is sent again is the same");
    holds(lineCommand(command.id, "").length <= LINE_OVERHEAD, "an id adds no more than it may");
  } else if (command?.kind === "session") {
    same(
      parseSessionCommand(sessionCommand(command.key, command.cursor)),
      command,
      "a session that is taken up again is the same",
    );
  }
  const cursor = parseCursor(line);
  if (cursor !== null) same(formatCursor(cursor), line, "a place that is written again is the same");
}

const PIECES = [
  "hello",
  "alice: hi",
  "* alice joined",
  "~ alice waves",
  "= q5T0 6",
  "#7 alice: x",
  "#0 x",
  "+a1 7",
  "-a2 muted",
  "exit",
  "/quit",
  "/nick bob",
  "/msg bob x",
  "//x",
  "/line a1 hi",
  `/session ${"k".repeat(22)} e-7`,
  "* 2 here: a, b",
  "* you are bob; x",
  "* a is now b",
  "\u202e",
  "\x1b[2J",
  "é",
  "a".repeat(99),
  "b".repeat(101),
  "GET / HTTP/1.1",
];

function make(draw: Draw): Uint8Array {
  return utf8(draw.some(1, 8, () => {
    const space = draw.pick(["", "", "", " ", "\t"]);
    return `${space}${draw.pick(PIECES)}${draw.happens(0.2) ? draw.pick(PIECES) : ""}${
      draw.pick(["\n", "\n", "\r\n", ""])
    }`;
  }));
}

/** Whether a client speaks HTTP depends on its first line alone. */
function checkFirstLine(input: Uint8Array): void {
  const told = sameForAllSplits(input, (pieces) => {
    const first = new FirstLine();
    for (const piece of pieces) {
      const spoken = first.push(piece);
      if (spoken !== null) return spoken;
    }
    return null;
  });
  const line = fromLatin1(input);
  // deno-lint-ignore no-control-regex -- a target has none of them
  const isRequest = /^[!#$%&'*+\-.^_`|~\dA-Za-z]{1,32} [^\x00-\x20\x7f]+ HTTP\/1\.[01]\r?\n/.test(line);
  same(told === "http", isRequest, "what begins as a request is one, and nothing else");
}

export const chat: Target = {
  name: "chat",
  what: "the lines of a room: what members send, what they get, sessions, framing, browsers",
  max: 9000,
  seeds: [...PIECES, "one\ntwo\r\nthree", "\n\n\r\n", `${"é".repeat(50)}\n`].map(utf8),
  words: [
    "\n",
    "\r\n",
    " ",
    "  ",
    ": ",
    "* ",
    "~ ",
    "#",
    "+",
    "-",
    "= ",
    "/",
    "//",
    "/line ",
    "/session ",
    " joined",
    " (to you): ",
    "9007199254740991",
    "9007199254740992",
    "007",
    " HTTP/1.1\r\n",
    "\xe2\x80\xae",
    "\xc3",
    "\x1b",
    "\x00",
  ],
  make,
  check(input) {
    const text = decodeText(input);
    const lines = sameForAllSplits(input, (pieces) => framed(pieces, pieces.length % 2 === 0));
    const whole = expected(text);
    same(lines.tooLong, whole.tooLong, "a line is too long, or is not");
    if (!whole.tooLong) same(lines.lines, whole.lines, "the lines are those of the whole");
    for (const line of text.split("\n").slice(0, 40)) {
      checkTyped(line);
      checkReceived(line);
      checkSessionCommand(line);
    }
    checkFirstLine(input);
  },
};
