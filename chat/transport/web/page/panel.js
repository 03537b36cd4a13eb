// @ts-check
/// <reference lib="dom" />
/**
 * Who is here, and what else there is to know of the room: at the side, or in a drawer where there is no room for it.
 *
 * @module
 */
import { button, byId, element, nameElement, setText } from "./dom.js";

/** Where the panel is a drawer; the style sheet has the same width. */
const DRAWER = matchMedia("(max-width: 799px)");
/** In the order of people: pupil-9 before pupil-10. */
const BY_NAME = new Intl.Collator(undefined, { numeric: true });

/** The panel with the members. */
export class Panel {
  #panel = byId("panel");
  #opener = byId("open-panel");
  #write;

  /** @param {(name: string) => void} write Begins a private line to a member. */
  constructor(write) {
    this.#write = write;
    this.#opener.addEventListener("click", () => this.open());
    byId("close-panel").addEventListener("click", () => this.close());
    byId("shade").addEventListener("click", () => this.close());
    this.#panel.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.close();
    });
    DRAWER.addEventListener("change", () => this.#set(false));
    this.#set(false);
    const isSecure = location.protocol === "https:";
    const port = location.port || (isSecure ? "443" : "80");
    const host = location.hostname.replace(/^\[|\]$/g, "");
    // Elsewhere, the address of this page would be another machine.
    const isOnlyHere = /^(?:localhost|127\..*|::1)$/.test(host);
    if (isOnlyHere) setText(byId("reach"), "Others on this computer can join this room with");
    setText(byId("command"), `${isSecure ? "ncat --ssl" : "nc"} ${host} ${port}`);
  }

  /** Opens the drawer, where the panel is one. */
  open() {
    if (!DRAWER.matches) return;
    this.#set(true);
    byId("close-panel").focus();
  }

  /** Closes it, and goes back to where it was opened. */
  close() {
    if (!DRAWER.matches || byId("room").inert === false) return;
    this.#set(false);
    this.#opener.focus();
  }

  /**
   * Shows who is here.
   *
   * @param {Set<string>} members
   * @param {string} own
   */
  show(members, own) {
    const names = [...members].sort((one, other) =>
      Number(other === own) - Number(one === own) || BY_NAME.compare(one, other)
    );
    byId("members").replaceChildren(
      ...names.map((name) => element("li", name === own ? ownElement(name) : this.#member(name))),
    );
    const count = `${members.size} here`;
    setText(byId("here"), members.size === 0 ? "Here" : count);
    setText(this.#opener, members.size === 0 ? "Members" : count);
  }

  /** @param {string} name */
  #member(name) {
    const made = button("", () => {
      this.close();
      this.#write(name);
    });
    made.append(nameElement(name), element("span.hint", "write privately"));
    return made;
  }

  /** @param {boolean} isOpen */
  #set(isOpen) {
    this.#panel.classList.toggle("open", isOpen);
    byId("shade").hidden = !isOpen;
    // What is behind the drawer is out of reach, and so is a drawer that is closed.
    for (const id of ["top", "room"]) byId(id).inert = isOpen;
    this.#panel.inert = DRAWER.matches && !isOpen;
    this.#opener.setAttribute("aria-expanded", String(isOpen));
  }
}

/** @param {string} name */
function ownElement(name) {
  return element("p.you", nameElement(name), element("span.hint", "you"));
}
