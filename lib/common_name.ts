/**
 * The common name of a certificate's subject, out of its bytes: the runtime writes a subject as lines of text, and a newline within one
 * part of it would be a part of its own. Pure.
 *
 * @module
 */

/** One element of DER (X.690 8.1): its tag, and where its content starts and ends. */
interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** `commonName`, 2.5.4.3 (RFC 5280 A.1). */
const COMMON_NAME = "550403";
const SUBJECT = 5;
const EXPLICIT_VERSION = 0xa0;
/** UTF8String, PrintableString, TeletexString, IA5String: all read as UTF-8. */
const TEXTS: readonly number[] = [0x0c, 0x13, 0x14, 0x16];

/**
 * Reads the common name.
 *
 * @param der A certificate that the runtime has parsed.
 * @returns `null` when there is none, or more than one, or one that is not valid text.
 */
export function commonNameIn(der: Uint8Array): string | null {
  const [tbs] = elementsIn(der, elementAt(der, 0));
  if (tbs === undefined) return null;
  const fields = elementsIn(der, tbs);
  // In a certificate of version 1 the first field is left out (RFC 5280 4.1).
  const subject = fields[fields[0]?.tag === EXPLICIT_VERSION ? SUBJECT : SUBJECT - 1];
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

function elementsIn(der: Uint8Array, { start, end }: Element): Element[] {
  const elements: Element[] = [];
  for (let at = start; at < end;) {
    const element = elementAt(der, at);
    elements.push(element);
    at = element.end;
  }
  return elements;
}

function elementAt(der: Uint8Array, at: number): Element {
  const tag = der[at] ?? 0;
  const short = der[at + 1] ?? 0;
  if (short < 0x80) return { tag, start: at + 2, end: at + 2 + short };
  const start = at + 2 + (short & 0x7f);
  const length = der.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  return { tag, start, end: start + length };
}
