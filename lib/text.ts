/**
 * Makes untrusted bytes safe to print. Pure.
 *
 * @module
 */

/**
 * Characters that could drive a terminal or forge a log line: C0 and C1 controls and DEL, bidirectional controls (Unicode TR 36 2.1,
 * CVE-2021-42574), line and paragraph separators, and the byte order mark.
 */
const unsafe = (): RegExp => /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
const unsafeButTabs = (): RegExp => /[^\P{Cc}\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
const unsafeInText = (): RegExp => /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Text without any of them, as most is. Told apart first: to make and compile the expressions above takes milliseconds of a start. */
const PLAIN = /^[ -~]*$/;

const NAMES: Readonly<Record<string, string>> = {
  "\0": "␀",
  "\x1b": "␛",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

/**
 * Makes a peer's text safe for a terminal or a log line.
 *
 * @param text Any text.
 * @param options With `tabs`, the tab is kept: it stays within its line. With `lines`, newline and tab are kept, for text that may
 * span lines.
 * @returns The text with each control escaped: `␛`, `␀`, `\x07`, `\u202e`.
 *
 * @example Usage
 * ```ts
 * import { escapeControls } from "./text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(escapeControls("\x1b[31mred\x07"), "␛[31mred\\x07");
 * ```
 */
export function escapeControls(text: string, { tabs = false, lines = false } = {}): string {
  if (PLAIN.test(text)) return text;
  return text.replace(lines ? unsafeInText() : tabs ? unsafeButTabs() : unsafe(), (control) => {
    const code = control.charCodeAt(0);
    return NAMES[control] ??
      (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`);
  });
}

/**
 * Makes JSON safe for a terminal: characters that JSON does not escape (DEL, C1 and bidirectional controls) become `\uXXXX`, which
 * any JSON parser decodes.
 */
export function escapeJson(json: string): string {
  if (PLAIN.test(json)) return json;
  return json.replace(unsafe(), (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Decodes a whole message: one U+FFFD per maximal invalid sequence (WHATWG Encoding); a byte order mark is kept. */
export function decodeText(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}

/** A message as text, without its trailing line end (LF or CR LF). */
export function lineText(bytes: Uint8Array): string {
  return withoutLineEnd(decodeText(bytes));
}

/** A text without its trailing line end (LF or CR LF). */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const ENCODER = new TextEncoder();

/** Encodes text as UTF-8 (RFC 3629). */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/** A decoder for chunked input: a character split over two chunks comes out whole with the second. */
export function streamDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}

/** Bytes in hexadecimal: `68 69 0a`. */
export function hexPairs(bytes: Uint8Array): string {
  return bytes.toHex().replace(/..(?!$)/g, "$& ");
}

/**
 * Text for XML 1.0 (2.2) and YAML 1.2 (5.1), which cannot hold most control characters, lone surrogates and noncharacters even as
 * escapes of their own.
 */
export function printableText(text: string, options: { lines?: boolean } = {}): string {
  return escapeControls(text.toWellFormed(), options).replace(/[\ufffe\uffff]/g, "\ufffd");
}

/** A whole number with its thousands apart: `65,507`. Not by `Intl`: to load that takes longer than the rest of a script's start. */
export function thousands(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count with its noun, for large numbers: `1 byte`, `1,024 bytes`. */
export function counted(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * A path as a word that can be pasted into a shell: quoted if the shell would take it apart.
 *
 * @param os The system whose shell it is: `Deno.build.os`. That of Windows quotes by `"` only.
 *
 * @example Usage
 * ```ts
 * import { shellWord } from "./text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(shellWord("/tmp/a.pcapng", "linux"), "/tmp/a.pcapng");
 * assertEquals(shellWord("it's a.pcapng", "linux"), "'it'\\''s a.pcapng'");
 * ```
 */
export function shellWord(text: string, os: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return os === "windows" ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A count with its noun: `1 message`, `2 messages`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Words as a list in a sentence: `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[], last: "and" | "or" = "and"): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** A duration in milliseconds, rounded for reading: `0.42 ms`, `17 ms`, `3.2 s`. */
export function milliseconds(duration: number): string {
  if (duration >= 1000) return `${(duration / 1000).toFixed(1)} s`;
  return `${duration.toFixed(duration < 10 ? 2 : 0)} ms`;
}

/** The day of a date, in UTC: `2026-11-21`. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
