// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Making and finding elements. Text only ever enters the page as text, so nothing from the wire can become markup.
 *
 * @module
 */

/**
 * The element of the document with an id.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`Cannot show the page: it has no #${id}`);
  return found;
}

/**
 * An input or a select of the document.
 *
 * @param {string} id
 * @returns {HTMLInputElement}
 */
export function inputById(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/**
 * Makes an element.
 *
 * @param {string} name Its tag, and its class after a dot.
 * @param {...(string | Node)} children
 * @returns {HTMLElement}
 */
export function element(name, ...children) {
  const [tag = "", className = ""] = name.split(".");
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/** The control characters of an excerpt for which few fonts have a sign, and their names. */
const CONTROL_NAMES = new Map([["␀", "NUL"], ["␍", "CR"], ["␛", "ESC"]]);

/**
 * A remark's words, with the names of control characters in place of signs that a reader's font may lack.
 *
 * @param {string} text
 * @returns {(string | Node)[]}
 */
export function quoted(text) {
  return text.split(/([␀␍␛])/).map((part) => {
    const name = CONTROL_NAMES.get(part);
    return name === undefined ? part : element("span.control", name);
  });
}

/**
 * Sets a text if it differs: writing the same text again would lose the user's selection.
 *
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Makes an element of an SVG picture.
 *
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @returns {SVGElement}
 */
export function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
