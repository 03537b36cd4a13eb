// @ts-check
/// <reference lib="dom" />
/**
 * The line that is being written: sends it, recalls earlier ones, completes names and commands.
 *
 * @module
 */
import { completionsFor } from "./complete.js";
import { byId, element, setText } from "./dom.js";

/** So many lines at once are sent only when that is asked for twice. */
const MANY = 5;
/** How many lines can be recalled. */
const RECALLED = 100;

/**
 * @typedef {object} Use
 * @property {(line: string) => string | null} send Takes a line; returns the problem if it does not.
 * @property {() => Iterable<string>} names
 */

/** The form at the bottom. */
export class Composer {
  #field = /** @type {HTMLTextAreaElement} */ (byId("input"));
  #list = byId("choices");
  #use;
  /** @type {string[]} */
  #sent = [];
  /** What is shown of `#sent`, from its end; 0 is what is being written. */
  #recalled = 0;
  /** @type {{ from: number, texts: string[], at: number } | null} */
  #choices = null;
  /** @type {string | null} The lines that were said to be many. */
  #confirmed = null;

  /** @param {Use} use */
  constructor(use) {
    this.#use = use;
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#field.addEventListener("keydown", (event) => this.#press(event));
    this.#field.addEventListener("input", () => this.#edited());
    this.#field.addEventListener("blur", () => this.#close());
  }

  /**
   * Puts a text into the field, with the cursor at its end.
   *
   * @param {string} text
   */
  write(text) {
    this.#field.value = text;
    this.#field.focus();
    this.#field.setSelectionRange(text.length, text.length);
    this.#fit();
  }

  /** Goes on with what stands in the field. */
  resume() {
    this.write(this.#field.value);
  }

  /** @param {string} problem */
  tell(problem) {
    setText(byId("problem"), problem);
  }

  /** @param {boolean} isDisabled */
  set disabled(isDisabled) {
    this.#field.disabled = isDisabled;
    /** @type {HTMLButtonElement} */ (byId("send")).disabled = isDisabled;
  }

  #send() {
    const text = this.#field.value;
    const lines = text.split(/\r\n|[\r\n\u2028\u2029]/).filter((line) => line.trim() !== "");
    if (lines.length > MANY && this.#confirmed !== text) {
      this.#confirmed = text;
      return this.tell(`These are ${lines.length} lines. Send once more to send them all.`);
    }
    this.#close();
    this.tell("");
    let rest = lines;
    for (; rest.length > 0; rest = rest.slice(1)) {
      const [line = ""] = rest;
      const problem = this.#use.send(line);
      if (problem !== null) {
        this.tell(problem);
        break;
      }
      if (this.#sent.at(-1) !== line) this.#sent.push(line);
      if (this.#sent.length > RECALLED) this.#sent.shift();
    }
    this.#recalled = 0;
    this.#confirmed = null;
    this.write(rest.join("\n"));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    // While a character is being composed, Enter and Tab belong to the input method; Safari tells by the code 229.
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
    const { key, shiftKey } = event;
    const isDone = key === "Enter" && !shiftKey
      ? this.#enter()
      : key === "Tab" && !shiftKey
      ? this.#tab()
      : key === "Escape"
      ? this.#close()
      : (key === "ArrowUp" || key === "ArrowDown") && !shiftKey && this.#arrow(key === "ArrowUp" ? -1 : 1);
    if (isDone) event.preventDefault();
  }

  #enter() {
    if (this.#choices === null || this.#choices.at < 0) this.#send();
    else this.#choose(this.#choices.at);
    return true;
  }

  /** Completes what stands before the cursor; where nothing does, Tab moves on as everywhere. */
  #tab() {
    if (this.#choices !== null) {
      this.#choose(Math.max(0, this.#choices.at));
      return true;
    }
    this.#open(true);
    const { texts } = this.#choices ?? { texts: [] };
    if (texts.length === 1) this.#choose(0);
    return texts.length > 0;
  }

  /** @param {-1 | 1} step */
  #arrow(step) {
    if (this.#choices !== null) {
      const { length } = this.#choices.texts;
      const { at } = this.#choices;
      this.#mark(at < 0 ? (step < 0 ? length - 1 : 0) : (at + step + length) % length);
      return true;
    }
    const { value, selectionStart } = this.#field;
    if (value.includes("\n") || (step < 0 && this.#recalled === 0 && value !== "" && selectionStart !== value.length)) {
      return false;
    }
    const recalled = this.#recalled - step;
    const line = recalled === 0 ? "" : this.#sent.at(-recalled);
    if (recalled < 0 || line === undefined) return false;
    // What was being written is not lost.
    if (this.#recalled === 0 && value.trim() !== "") return false;
    this.#recalled = recalled;
    this.write(line);
    return true;
  }

  #edited() {
    this.tell("");
    this.#recalled = 0;
    this.#fit();
    this.#open(false);
  }

  /** As high as its text, up to the limit of the style sheet. */
  #fit() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight + 2}px`;
  }

  /** @param {boolean} isAsked */
  #open(isAsked) {
    const { value, selectionStart } = this.#field;
    const { from, choices, isWanted } = completionsFor(value.slice(0, selectionStart), this.#use.names());
    if (choices.length === 0 || !(isAsked || isWanted)) return void this.#close();
    const options = choices.slice(0, 50).map(({ text, hint }, at) => {
      const option = element("li", element("bdi", text.trim()), ...hint === "" ? [] : [element("span", hint)]);
      option.id = `choice-${at}`;
      option.setAttribute("role", "option");
      // Before the field loses the focus.
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", () => this.#choose(at));
      return option;
    });
    this.#list.replaceChildren(...options);
    this.#list.hidden = false;
    this.#choices = { from, texts: choices.map(({ text }) => text), at: -1 };
    this.#mark(isAsked ? 0 : -1);
  }

  /** @param {number} at */
  #mark(at) {
    if (this.#choices !== null) this.#choices.at = at;
    for (const [index, option] of [...this.#list.children].entries()) {
      option.setAttribute("aria-selected", String(index === at));
      if (index === at) option.scrollIntoView({ block: "nearest" });
    }
    if (at < 0) this.#field.removeAttribute("aria-activedescendant");
    else this.#field.setAttribute("aria-activedescendant", `choice-${at}`);
  }

  /** @param {number} at */
  #choose(at) {
    const { from = 0, texts = [] } = this.#choices ?? {};
    const { selectionStart } = this.#field;
    this.#close();
    this.#field.setRangeText(texts[at] ?? "", from, selectionStart, "end");
    this.#edited();
  }

  /** @returns {boolean} Whether there was a list to close. */
  #close() {
    const wasOpen = this.#choices !== null;
    this.#choices = null;
    this.#list.hidden = true;
    this.#field.removeAttribute("aria-activedescendant");
    return wasOpen;
  }
}
