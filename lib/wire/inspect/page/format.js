// @ts-check
/**
 * Sizes, times and bytes as text.
 *
 * @module
 */

/**
 * A number of bytes, rounded for reading: `512 B`, `12.3 kB`.
 *
 * @param {number} bytes
 * @returns {string}
 */
export function size(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(value < 100 ? 1 : 0)} ${units[unit]}`;
}

const COUNT = new Intl.NumberFormat("en");

/**
 * A count with thousands separators.
 *
 * @param {number} value
 * @returns {string}
 */
export function count(value) {
  return COUNT.format(value);
}

/**
 * A count with its noun.
 *
 * @param {number} value
 * @param {string} noun
 * @returns {string}
 */
export function plural(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/**
 * A span of time: `420 µs`, `17 ms`, `3.2 s`, `4 min`.
 *
 * @param {number} ms
 * @returns {string}
 */
export function span(ms) {
  if (ms < 0.9995) return `${Math.max(0, ms * 1000).toFixed(0)} \u00b5s`;
  if (ms < 99.5) return `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 99_500) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 5_970_000 ? `${(ms / 60_000).toFixed(0)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

/**
 * A time since the start of the run: `0.0123`, `12:03.456`.
 *
 * @param {number} ms
 * @returns {string}
 */
export function sinceStart(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return seconds.toFixed(4);
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - minutes * 60).toFixed(3).padStart(6, "0");
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest.slice(0, 2)}`;
}

/** @param {number} value */
function two(value) {
  return String(value).padStart(2, "0");
}

const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
/** @type {Record<string, string>} */
const NAMES = { "\0": "\u2400", "\x1b": "\u241b", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/**
 * Makes controls visible, bidirectional ones included, as the scripts do on a terminal.
 *
 * @param {string} text
 * @returns {string}
 */
export function escapeControls(text) {
  return text.replace(UNSAFE, (control) => {
    const code = control.charCodeAt(0);
    return NAMES[control] ??
      (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`);
  });
}

/**
 * Bytes as two hexadecimal digits each, with a wider gap after every eighth.
 *
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function hex(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    text += (at === 0 ? "" : at % 8 === 0 ? "  " : " ") + (byte < 16 ? "0" : "") + byte.toString(16);
  }
  return text;
}

/**
 * Bytes as ASCII, a dot for what cannot be printed.
 *
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function ascii(bytes) {
  let text = "";
  for (const byte of bytes) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
  return text;
}
