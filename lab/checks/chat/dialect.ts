/**
 * How a chat server speaks its protocol. Pure.
 *
 * @module
 */

/** What the checks need to know about the chat under test. */
export interface ChatDialect {
  /** `room`: everybody sees everybody's lines. `turns`: one client and the operator at the server's terminal write in turn. */
  readonly mode: "room" | "turns";
  /** What a member sends first, `{name}` being its name; empty in a room without names. `\n` in it separates lines. */
  readonly join: string;
  /** What ends a line. */
  readonly terminator: "\n" | "\r\n";
  /** The line that ends a session; `null` if there is none. */
  readonly quit: string | null;
  /** Whether the room greets each new connection; if so, a member waits for the greeting. */
  readonly greets: boolean;
  /** Whether the room answers what a member sends first. */
  readonly answers: boolean;
  /** In turns: whether the checker is the operator, because it has started the server. */
  readonly operated: boolean;
}

/** A room as the contract has it, before a first look. */
export const USUAL: ChatDialect = {
  mode: "room",
  join: "",
  terminator: "\n",
  quit: null,
  greets: false,
  answers: false,
  operated: false,
};

/**
 * The first line or lines of a member.
 *
 * @example Usage
 * ```ts
 * import { joinLines, USUAL } from "./dialect.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(joinLines({ ...USUAL, join: "/nick {name}" }, "anna"), "/nick anna\n");
 * assertEquals(joinLines(USUAL, "anna"), "");
 * ```
 */
export function joinLines({ join, terminator }: ChatDialect, name: string): string {
  if (join === "") return "";
  return join.split("\\n").map((line) => line.replaceAll("{name}", name) + terminator).join("");
}

/** Why a check that needs names does not apply; `null` if it does. */
export function withoutNames({ join }: ChatDialect): string | null {
  return join.includes("{name}")
    ? null
    : "members have no names here (--join 'TEXT with {name}' says how they give one)";
}

/** Why a check that needs a farewell does not apply; `null` if it does. */
export function withoutQuit({ quit }: ChatDialect): string | null {
  return quit === null ? "no line ends a session here (--quit LINE names it)" : null;
}

/** Skips a check of the word that ends a session, where it cannot begin a sentence. */
export function withoutQuitWord(dialect: ChatDialect): string | null {
  return withoutQuit(dialect) ??
    (dialect.quit?.startsWith("/") === true ? "a line with a slash is a command here" : null);
}

/** Why a check in which the operator answers does not apply; `null` if it does. */
export function withoutOperator({ operated }: ChatDialect): string | null {
  return operated ? null : "nobody answers (with --start the checker is the operator)";
}
