/**
 * The commands of a room's members. Pure.
 *
 * @module
 */
import type { Elsewhere } from "./elsewhere.ts";
import { everybodyHere, type Member, type RemoteMember } from "./member.ts";
import { parseLine, splitWord } from "../protocol.ts";
import { parseSessionCommand } from "../session_lines.ts";
import type { Room } from "./room.ts";

/** What came of a line: "leave" if the member wants to leave. A promise only if other servers have to be asked. */
export type Outcome = "leave" | void | Promise<"leave" | void>;

/** One command. */
export interface Command {
  /** Its syntax, without the slash. */
  readonly usage: string;
  /** What it does. */
  readonly help: string;
  /**
   * Runs it.
   *
   * @returns "leave" if the member wants to leave; a promise only if other servers have to be asked.
   */
  readonly run: (room: Room, member: Member, rest: string) => Outcome;
}

/** Commands by their name. */
export type CommandTable = Readonly<Record<string, Command>>;

/** The commands that every member has. */
export const COMMANDS: CommandTable = {
  who: {
    usage: "who",
    help: "who is here",
    run: (room, member) => {
      const list = (elsewhere: readonly RemoteMember[]): void => {
        for (const line of everybodyHere([...room.members, ...elsewhere])) room.notify(member, line);
      };
      return room.elsewhere === null ? list([]) : room.elsewhere.who().then(list);
    },
  },
  nick: {
    usage: "nick NAME",
    help: "change your name to NAME",
    run: (room, member, rest) => {
      if (rejectMuted(room, member)) return;
      const tell = (problem: string | null): void => {
        if (problem !== null) room.notify(member, `you are still ${member.name}: ${problem}`);
      };
      const problem = room.rename(member, rest);
      return problem instanceof Promise ? problem.then(tell) : tell(problem);
    },
  },
  me: {
    usage: "me TEXT",
    help: "show what you do: /me waves",
    run: (room, member, rest) => {
      if (rest === "") room.notify(member, "nothing to show: /me TEXT, as in /me waves");
      else if (!rejectMuted(room, member)) room.act(member, rest);
    },
  },
  msg: {
    usage: "msg NAME TEXT",
    help: "send TEXT to NAME only",
    run: (room, member, rest) => {
      const { word, text } = splitWord(rest);
      if (text === "") return room.notify(member, "nothing to send: /msg NAME TEXT");
      const to = room.find(word);
      if (to === null) return tellElsewhere(room, member, { word, text });
      if (to.away) return room.comebacks.reject(member, `${to.name} has lost its connection: that was not sent`);
      if (rejectMuted(room, member)) return;
      room.tell(member, to, text);
      room.notify(member, `sent to ${to.name} only`);
    },
  },
  help: {
    usage: "help",
    help: "this list",
    run: (room, member) => explain(room, member, COMMANDS),
  },
  quit: {
    usage: "quit",
    help: "leave, as exit does",
    run: () => "leave",
  },
};

/**
 * Handles a line that a member sent; it may be one of a session.
 *
 * @param commands The commands that the member may use.
 * @returns "leave" if the member wants to leave; a promise only if other servers have to be asked.
 */
export function handleLine(
  room: Room,
  member: Member,
  line: string,
  commands: CommandTable = COMMANDS,
): Outcome {
  const command = parseSessionCommand(line);
  if (command === null) return handlePlain(room, member, line, commands);
  if (command.kind === "invalid") return room.notify(member, command.problem);
  if (command.kind === "session") return room.comebacks.resume(member, command.key, command.cursor);
  return room.comebacks.once(member, command.id, () => handlePlain(room, member, command.text, commands));
}

/** Handles a line that a member wrote. */
function handlePlain(room: Room, member: Member, line: string, commands: CommandTable): Outcome {
  const meaning = parseLine(line);
  if (meaning.kind === "nothing") return;
  if (meaning.kind === "say") {
    if (!rejectMuted(room, member)) room.say(member, meaning.text);
    return;
  }
  const command = Object.hasOwn(commands, meaning.name) ? commands[meaning.name] : undefined;
  if (command !== undefined) return command.run(room, member, meaning.rest);
  room.notify(member, `no such command: /${meaning.name}; /help lists them; // sends a line that starts with a slash`);
}

/** Sends a private message to a member who is not here. */
function tellElsewhere(room: Room, member: Member, message: { word: string; text: string }): void | Promise<void> {
  if (room.elsewhere === null) return room.notify(member, `no such member: ${message.word}`);
  if (!rejectMuted(room, member)) return searchAndTell(room, room.elsewhere, member, message);
}

async function searchAndTell(
  room: Room,
  elsewhere: Elsewhere,
  member: Member,
  { word, text }: { word: string; text: string },
): Promise<void> {
  const to = await elsewhere.search(word);
  if (to === null) return room.notify(member, `no such member: ${word}`);
  const problem = await elsewhere.tell(to, member, text);
  if (problem === null) room.notify(member, `sent to ${to.name} only`);
  else room.comebacks.reject(member, problem);
}

/** Sends a member the list of commands. */
export function explain(room: Room, member: Member, commands: CommandTable): void {
  const width = Math.max(14, ...Object.values(commands).map(({ usage }) => usage.length));
  for (const { usage, help } of Object.values(commands)) room.notify(member, `/${usage.padEnd(width)} ${help}`);
  room.notify(member, "anything else is sent to everyone");
}

/** Whether a member is muted; if so, tells it that its line was not sent. */
function rejectMuted(room: Room, member: Member): boolean {
  if (member.muted) room.comebacks.reject(member, "you are muted: that was not sent");
  return member.muted;
}
