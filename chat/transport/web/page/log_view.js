// @ts-check
/// <reference lib="dom" />
/**
 * The lines of the room, and below them those of one's own that have no receipt yet.
 *
 * @module
 */
import { button, byId, element, nameElement, setText, textElement } from "./dom.js";
import { MAX_LINES } from "./session.js";

/** @typedef {import("./lines.js").Shown} Shown */
/** @typedef {import("./session.js").Waiting} Waiting */

/** Lines of one speaker stand together if no more time (ms) than this is between them. */
const TOGETHER = 180_000;
/** Within so many pixels of the bottom, a reader wants to stay there. */
const NEAR = 48;
/** How many colours names have; the style sheet has the same. */
const COLOURS = 8;

/** Shows lines, and keeps the newest in sight for a reader who is there. */
export class LogView {
  #log = byId("log");
  #scroller = byId("scroller");
  #newest = byId("newest");
  #isAtEnd = true;
  #isDue = false;
  #unseen = 0;
  /** The place and the size when they were last looked at. */
  #seen = { top: 0, width: 0, height: 0 };
  #hasPruned = false;
  /** @type {Shown | null} */
  #previous = null;

  constructor() {
    this.#scroller.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight, clientWidth } = this.#scroller;
      const { top, width, height } = this.#seen;
      // Lines may have come since the scrolling: only who moves up leaves the end, and that may be the doing of the layout, too.
      const isByLayout = this.#hasPruned || clientWidth !== width || clientHeight !== height;
      if (scrollHeight - scrollTop - clientHeight < NEAR) this.#isAtEnd = true;
      else if (scrollTop < top && !isByLayout) this.#isAtEnd = false;
      this.#look();
      if (this.#isAtEnd) this.#unseen = 0;
      this.#update();
    }, { passive: true });
    // The keyboard of a phone takes half of the height.
    new ResizeObserver(() => this.#isAtEnd && this.toEnd()).observe(this.#scroller);
    this.#newest.addEventListener("click", () => this.toEnd());
  }

  /**
   * Adds a line.
   *
   * @param {Shown} line
   */
  add(line) {
    const isGrouped = this.#goesWith(line);
    const isOfMinute = isGrouped && minuteOf(line) === minuteOf(/** @type {Shown} */ (this.#previous));
    this.#log.append(lineElement(line, { isGrouped, isOfMinute }));
    if (this.#log.childElementCount > MAX_LINES) {
      this.#hasPruned = true;
      this.#log.firstElementChild?.remove();
    }
    this.#previous = line;
    if (this.#isAtEnd) return this.#schedule();
    this.#unseen++;
    this.#update();
  }

  /**
   * Whether lines are read out as they come: those of before are not.
   *
   * @param {boolean} isLive
   */
  set live(isLive) {
    this.#log.setAttribute("aria-live", isLive ? "polite" : "off");
  }

  /**
   * Shows the lines that have no receipt.
   *
   * @param {readonly Waiting[]} lines
   * @param {{ isConnected: boolean, again(id: string): void, discard(id: string): void }} how
   */
  showWaiting(lines, how) {
    byId("waiting").replaceChildren(...lines.map((line) => waitingElement(line, how)));
    if (this.#isAtEnd) this.#schedule();
  }

  /** Shows the newest line, now and when more come. */
  toEnd() {
    this.#isAtEnd = true;
    this.#unseen = 0;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#hasPruned = false;
    this.#look();
    this.#update();
  }

  #look() {
    const { scrollTop: top, clientWidth: width, clientHeight: height } = this.#scroller;
    this.#seen = { top, width, height };
  }

  /** Scrolls once before the next frame, however many lines came. */
  #schedule() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (this.#isAtEnd) this.toEnd();
    });
  }

  #update() {
    this.#newest.hidden = this.#isAtEnd;
    setText(
      this.#newest,
      this.#unseen === 0 ? "Newest ↓" : `${this.#unseen} new ${this.#unseen === 1 ? "line" : "lines"} ↓`,
    );
  }

  /** @param {Shown} line */
  #goesWith({ kind, name, own, time }) {
    const before = this.#previous;
    return before !== null && (kind === "said" || kind === "told" || kind === "sent") && before.kind === kind &&
      before.name === name && before.own === own && (time ?? 0) - (before.time ?? 0) < TOGETHER;
  }
}

/**
 * @param {Shown} line
 * @param {{ isGrouped: boolean, isOfMinute: boolean }} how Whether it stands with the one before, and whether that tells its time.
 */
function lineElement(line, { isGrouped, isOfMinute }) {
  const { kind, name, text, own } = line;
  const isPlain = kind !== "said" && kind !== "told" && kind !== "sent";
  const made = element(`div.line.${kind}`);
  if (own) made.classList.add("own");
  if (isGrouped) made.classList.add("grouped");
  if (isPlain) {
    if (kind === "did") made.append(nameOf(name), " ");
    // A line of /help.
    const [, usage, help = ""] = /^(\/\w+(?: [A-Z]+)*) {2,}(.+)$/.exec(text) ?? [];
    if (usage === undefined) made.append(textElement(text), ...timeOf(line));
    else made.append(element("div.help", element("code", usage), element("span", help)));
    return made;
  }
  const by = element("p.by", ...byOf(line));
  if (isGrouped || (own && kind === "said")) by.classList.add("hidden");
  made.append(by, element("p.bubble", textElement(text), ...timeOf(line, isOfMinute)));
  return made;
}

/** @param {Shown} line */
function byOf({ kind, name, own }) {
  if (kind === "sent") return ["to ", nameOf(name), " only"];
  if (kind === "told") return [nameOf(name), " to you only"];
  return [own ? "You" : nameOf(name)];
}

/** @param {string} name */
function nameOf(name) {
  const made = nameElement(name);
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 4093;
  made.classList.add(`c${sum % COLOURS}`);
  return made;
}

/** @param {Shown} line */
function minuteOf({ time }) {
  return time === null ? null : Math.floor(time / 60_000);
}

/**
 * @param {Shown} line
 * @param {boolean} [isKnown]
 */
function timeOf({ time, own, kind }, isKnown = false) {
  const parts = [];
  if (time !== null && !isKnown) {
    const at = new Date(time);
    const made = element("time", at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" }));
    made.setAttribute("datetime", at.toISOString());
    parts.push(made);
  }
  if (own && (kind === "said" || kind === "sent")) {
    parts.push(element("span.mark", " ✓", element("span.hidden", " sent")));
  }
  return parts.length === 0 ? [] : [element("span.meta", ...parts)];
}

/**
 * @param {Waiting} line
 * @param {{ isConnected: boolean, again(id: string): void, discard(id: string): void }} how
 */
function waitingElement({ id, text, reason }, { isConnected, again, discard }) {
  const made = element("li.line.said.own.waiting", element("p.bubble", textElement(text)));
  const state = reason !== null ? `Not sent: ${reason}` : isConnected ? "sending…" : "waits for the connection";
  const note = element("p.note", element("bdi", state));
  made.append(note);
  if (reason === null) return made;
  made.classList.add("failed");
  note.append(button("Send again", () => again(id)), button("Discard", () => discard(id)));
  return made;
}

/** The height that the keyboard of a phone leaves, where the layout does not follow it by itself. Zoom is no keyboard. */
export function fitHeight() {
  const { scale = 2, height = 0 } = visualViewport ?? {};
  if (scale === 1) document.body.style.setProperty("--seen", `${height}px`);
  else document.body.style.removeProperty("--seen");
}
