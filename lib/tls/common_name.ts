/**
 * The common name of a certificate's subject, out of its bytes: the runtime writes a subject as lines of text, and a newline within one
 * part of it would be a part of its own. Pure.
 *
 * @module
 */
import { elementsIn, fieldsOf } from "./der.ts";

/** `commonName`, 2.5.4.3 (RFC 5280 A.1). */
const COMMON_NAME = "550403";
/** Where the subject is among the fields. */
const SUBJECT = 4;
/** UTF8String, PrintableString, TeletexString, IA5String: all read as UTF-8. */
const TEXTS: readonly number[] = [0x0c, 0x13, 0x14, 0x16];

/**
 * Reads the common name.
 *
 * @param der A certificate that the runtime has parsed.
 * @returns `null` when there is none, or more than one, or one that is not valid text.
 */
export function commonNameIn(der: Uint8Array): string | null {
  const subject = fieldsOf(der)[SUBJECT];
  if (subject === undefined) return null;
  const attributes = elementsIn(der, subject).flatMap((set) => elementsIn(der, set));
  const found = attributes.map((each) => elementsIn(der, each)).filter(([type]) =>
    type !== undefined && der.subarray(type.start, type.end).toHex() === COMMON_NAME
  );
  const [, value] = found[0] ?? [];
  if (found.length !== 1 || value === undefined || !TEXTS.includes(value.tag)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(der.subarray(value.start, value.end));
  } catch {
    return null;
  }
}
