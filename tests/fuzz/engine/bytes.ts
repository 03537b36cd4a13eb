/**
 * Bytes and texts, for targets.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";

export { concat };

/** Text as bytes, a character a byte: `\xff` is 255. Characters beyond that lose their upper bits. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** The other way. */
export function fromLatin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Text as UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A number that depends on every byte (FNV-1a): what a check decides by chance, it decides by its input alone. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The first bytes and the length, for messages. */
export function excerpt(bytes: Uint8Array, most = 120): string {
  const text = JSON.stringify(fromLatin1(bytes.subarray(0, most))).replace(
    /[\x7f-\xff]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16)}`,
  );
  return bytes.length > most ? `${text}… (${bytes.length} bytes)` : text;
}
