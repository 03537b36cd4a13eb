/**
 * As much of DER (X.690 8.1) as it takes to find a part of a certificate that the runtime has parsed. Pure.
 *
 * @module
 */

/** One element: its tag, and where its content starts and ends. */
export interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** The tag of a certificate's version, which one of version 1 leaves out (RFC 5280 4.1). */
const EXPLICIT_VERSION = 0xa0;

/** The elements within another one. */
export function elementsIn(der: Uint8Array, { start, end }: Element): Element[] {
  const elements: Element[] = [];
  for (let at = start; at < end;) {
    const element = elementAt(der, at);
    elements.push(element);
    at = element.end;
  }
  return elements;
}

/**
 * The fields of a certificate (its TBSCertificate, RFC 5280 4.1) from the serial number on: the signature's algorithm, the issuer, the
 * validity, the subject, the public key.
 */
export function fieldsOf(certificate: Uint8Array): Element[] {
  const [tbs] = elementsIn(certificate, elementAt(certificate, 0));
  const fields = tbs === undefined ? [] : elementsIn(certificate, tbs);
  return fields[0]?.tag === EXPLICIT_VERSION ? fields.slice(1) : fields;
}

function elementAt(der: Uint8Array, at: number): Element {
  const tag = der[at] ?? 0;
  const short = der[at + 1] ?? 0;
  if (short < 0x80) return { tag, start: at + 2, end: at + 2 + short };
  const start = at + 2 + (short & 0x7f);
  const length = der.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  return { tag, start, end: start + length };
}
