/**
 * Short texts and numbers as bytes, written straight into a buffer. Pure.
 *
 * A trace writes them for every call, and strings that are put together first take most of its time.
 *
 * @module
 */

const [ZERO, POINT] = [0x30, 0x2e];

/** Writes a text; what is not ASCII becomes "?". Returns where it ends. */
export function put(text: string, into: Uint8Array, to: number): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    into[to + at] = code < 0x80 ? code : 0x3f;
  }
  return to + text.length;
}

/** Writes bytes; returns where they end. For a few bytes it is quicker than `set`. */
export function putBytes(bytes: Uint8Array, into: Uint8Array, to: number): number {
  for (let at = 0; at < bytes.length; at++) into[to + at] = bytes[at] ?? 0;
  return to + bytes.length;
}

/** Writes a whole number that is not negative; returns where it ends. */
export function putNumber(number: number, into: Uint8Array, to: number): number {
  let length = 1;
  for (let rest = number; rest >= 10; rest = Math.floor(rest / 10)) length++;
  return putDigits(number, length, into, to);
}

/** Writes milliseconds as seconds with six decimals; returns where they end. A clock that was set back counts as 0. */
export function putSeconds(ms: number, into: Uint8Array, to: number): number {
  const micros = Math.max(0, Math.round(ms * 1000));
  const seconds = Math.floor(micros / 1e6);
  to = putNumber(seconds, into, to);
  into[to++] = POINT;
  return putDigits(micros - seconds * 1e6, 6, into, to);
}

function putDigits(number: number, length: number, into: Uint8Array, to: number): number {
  for (let place = to + length - 1; place >= to; place--) {
    const tenth = Math.floor(number / 10);
    into[place] = ZERO + number - 10 * tenth;
    number = tenth;
  }
  return to + length;
}
