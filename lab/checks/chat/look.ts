/**
 * A first look at a chat server: how to join, and how to leave.
 *
 * @module
 */
import { UsageError } from "../../../lib/errors.ts";
import type { Probe, ProtocolFlagValues } from "../protocol.ts";
import type { Talk } from "../talk.ts";
import type { Trial } from "../trial.ts";
import { type ChatDialect, joinLines, USUAL } from "./dialect.ts";
import { quote } from "./guest.ts";

/** How long to wait for a greeting, and for the answer to a name or a farewell (ms). */
const SILENCE = 500;
const SETTLED = 100;
const ANSWER = 400;
/** What ends a session in common chat programs; the contract's comes first. */
const FAREWELLS = ["exit", "/quit", "quit", "/exit"];

/** Finds out how the server speaks: from the flags or, where they say nothing, from a first look. */
export async function dialectOf(flags: ProtocolFlagValues, { trial, say }: Probe): Promise<ChatDialect> {
  const { mode, quit, terminator = "\n" } = flags;
  if (terminator !== "\n" && terminator !== "\r\n") {
    throw new UsageError("Cannot use --terminator: the lines of a chat end in lf or crlf");
  }
  const given = { ...USUAL, mode, terminator } as const;
  // One that serves a single client must not spend it on a look.
  if (mode === "turns") return { ...given, quit: quit === "" ? null : quit ?? "exit", operated: trial.input !== null };
  const { greeting, join } = await lookAtJoin(trial, flags.join);
  say(greeting === "" ? "it says nothing to a client that connects" : `it greets with ${quote(greeting)}`);
  say(
    join === ""
      ? "members give no name; if this server reads one first, say so: --join '{name}'"
      : `a member sends ${quote(join)} first`,
  );
  const joined: ChatDialect = { ...given, join, greets: greeting !== "" };
  const answers = join !== "" && await isAnswered(trial, joined);
  const farewell = quit === undefined ? await findFarewell(trial, { ...joined, answers }) : quit || null;
  say(farewell === null ? "no line ends a session" : `${quote(farewell)} ends a session`);
  return { ...joined, answers, quit: farewell };
}

/** What the room says unasked, and how to join it. */
async function lookAtJoin(
  trial: Trial<null>,
  given: string | undefined,
): Promise<{ readonly greeting: string; readonly join: string }> {
  // The client that has just found out that the server accepts must be gone, so that the greeting does not mention it.
  await trial.pause(SETTLED);
  using talk = await trial.connect();
  await trial.pause(SILENCE);
  const greeting = talk.text;
  if (given !== undefined) return { greeting, join: given };
  const known = joinOf(greeting);
  if (known !== null || !/\/help\b/.test(greeting)) return { greeting, join: known ?? "" };
  await talk.send("/help\n");
  await trial.pause(ANSWER);
  return { greeting, join: joinOf(talk.text.slice(greeting.length)) ?? "" };
}

/**
 * How to join a room, according to what it says; `null` if that does not tell.
 *
 * @example Usage
 * ```ts
 * import { joinOf } from "./look.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(joinOf("Welcome! Use /nick <name> to set your name.\n"), "/nick {name}");
 * assertEquals(joinOf("Your name? "), "{name}");
 * ```
 */
export function joinOf(said: string): string | null {
  const [command] = /\/(?:nick|name|login)\b/i.exec(said) ?? /\bNICK\b/.exec(said) ?? [];
  if (command !== undefined) return `${command} {name}`;
  const lastLine = said.trimEnd().split("\n").at(-1) ?? "";
  const asks = /\b(?:nick|name|nickname|username|handle|call(?:ed)? you|who are you)\b/i.test(lastLine);
  return asks && (/[:?>]$/.test(lastLine) || /\b(?:enter|type|choose|pick|tell|what)\b/i.test(lastLine))
    ? "{name}"
    : null;
}

async function comeIn(trial: Trial<null>, dialect: ChatDialect, name: string): Promise<{ talk: Talk; before: number }> {
  const talk = await trial.connect();
  if (dialect.greets) await talk.until((text) => text !== "", trial.patience);
  // Whatever else it says by itself is not the answer.
  await trial.pause(ANSWER / 2);
  const before = talk.count;
  await talk.send(joinLines(dialect, name));
  return { talk, before };
}

/** Whether the room says something once it knows a member's name. */
async function isAnswered(trial: Trial<null>, dialect: ChatDialect): Promise<boolean> {
  const { talk, before } = await comeIn(trial, dialect, "look1");
  using _ = talk;
  return await talk.until(() => talk.count > before, ANSWER);
}

/** The line that makes the room close a connection. */
async function findFarewell(trial: Trial<null>, dialect: ChatDialect): Promise<string | null> {
  const { talk, before } = await comeIn(trial, dialect, "look2");
  using _ = talk;
  if (dialect.answers) await talk.until(() => talk.count > before, ANSWER);
  else await trial.pause(ANSWER / 4);
  for (const farewell of FAREWELLS) {
    await talk.send(farewell + dialect.terminator);
    if (await talk.untilEnd(ANSWER) !== null) return farewell;
  }
  return null;
}
