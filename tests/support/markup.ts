/**
 * Checks of SVG and HTML as these scripts write it.
 *
 * @module
 */

/** Whether markup as simple as ours is well-formed: tags nest, attributes are quoted, and text has no bare `<` or `&`. */
export function isWellFormed(xml: string): boolean {
  const open: string[] = [];
  const rest = xml.replace(/<(\/?)([\w-]+)((?: [\w:-]+="[^"<&]*")*)(\/?)>/g, (_, end, name, _attributes, empty) => {
    if (end === "/") return open.pop() === name ? "" : "<";
    if (empty === "") open.push(name);
    return "";
  });
  return open.length === 0 && !/[<>]|&(?!(?:lt|gt|amp|quot|#39);)/.test(rest);
}

/** Finds what no picture may contain: characters that act, and numbers that are none. */
export function oddIn(svg: string): string | undefined {
  // deno-lint-ignore no-control-regex
  const acting = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/;
  return acting.exec(svg)?.[0] ?? /NaN|Infinity|undefined/.exec(svg)?.[0];
}
