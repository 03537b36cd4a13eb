// @ts-check
/// <reference lib="dom" />
/**
 * Making and finding elements. Text only ever enters the page as text, so nothing that a member writes can become markup; the policy
 * of the page (`require-trusted-types-for`) rules out a mistake here.
 *
 * @module
 */
import { linksIn } from "./lines.js";

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
 * A field of the document.
 *
 * @param {string} id
 * @returns {HTMLInputElement}
 */
export function fieldById(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/**
 * A dialog of the document.
 *
 * @param {string} id
 * @returns {HTMLDialogElement}
 */
export function dialogById(id) {
  return /** @type {HTMLDialogElement} */ (byId(id));
}

/**
 * Makes an element.
 *
 * @param {string} name Its tag, and its classes after dots.
 * @param {...(string | Node)} children
 * @returns {HTMLElement}
 */
export function element(name, ...children) {
  const [tag = "", ...classes] = name.split(".");
  const made = document.createElement(tag);
  made.classList.add(...classes);
  made.append(...children);
  return made;
}

/**
 * A button that does something.
 *
 * @param {string} text
 * @param {() => void} press
 * @returns {HTMLElement}
 */
export function button(text, press) {
  const made = element("button", text);
  made.setAttribute("type", "button");
  made.addEventListener("click", press);
  return made;
}

/**
 * A name. Its direction is its own, so that it cannot turn the text around it.
 *
 * @param {string} name
 * @returns {HTMLElement}
 */
export function nameElement(name) {
  return element("bdi.name", name);
}

/**
 * A text of a member, in the direction of its first letter, with its links.
 *
 * @param {string} text
 * @returns {HTMLElement}
 */
export function textElement(text) {
  const parts = linksIn(text).map((part) => part.isLink ? linkTo(part.text) : part.text);
  const made = element("bdi.text", ...parts);
  made.dir = "auto";
  return made;
}

/** @param {string} url */
function linkTo(url) {
  const link = element("a", url);
  link.setAttribute("href", url);
  link.setAttribute("target", "_blank");
  // The other side learns nothing of the room, not even its address.
  link.setAttribute("rel", "noopener noreferrer");
  return link;
}

/**
 * Sets a text if it differs: writing the same one again would lose the user's selection, and be read out again.
 *
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
