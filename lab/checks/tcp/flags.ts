/**
 * The flags that describe a server of plain TCP.
 *
 * @module
 */
import { UsageError } from "../../../lib/errors.ts";
import { flag } from "../../../lib/script/flag_kinds.ts";
import type { Flag } from "../../../lib/script/flags.ts";

/** What ends a message, by its name. */
const ENDS: Readonly<Record<string, string>> = { lf: "\n", crlf: "\r\n", none: "" };

const terminator: Flag<string | undefined> = {
  help:
    "what ends a message: lf, crlf, none (a pause or the half-close), or a text of your own, with \\n, \\r, \\t, \\0",
  placeholder: "END",
  repeatable: false,
  shown: "lf",
  read: ([text]) => {
    if (text === "") throw new UsageError('Cannot use "": to end a message by a pause or the half-close, use none');
    return text === undefined ? undefined : ENDS[text] ?? unescaped(text);
  },
};

function unescaped(text: string): string {
  const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0", "\\": "\\" };
  return text.replace(/\\([nrt0\\])/g, (_, letter) => escapes[letter] ?? "");
}

/** What they do not say, a first exchange finds out. */
export const tcpFlags = {
  expectReply: flag.text("text that is in the answer to each message", { default: undefined }),
  echo: flag.on("the server sends back every byte"),
  discard: flag.on("the server answers nothing"),
  terminator,
  message: flag.text("a message that the server takes", { default: "hello" }),
  maxMessage: flag.integer("the longest message that the server takes", {
    default: undefined,
    min: 1,
    max: 64 * 1024 * 1024,
    placeholder: "BYTES",
  }),
};
