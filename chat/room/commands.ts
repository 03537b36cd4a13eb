/**
 * What the people in a room can type, and what it does. Pure.
 *
 * @module
 */
import { everybodyHere, type Member } from "./member.ts";
import { parseLine, splitWord } from "../protocol.ts";
import type { Room } from "./room.ts";

/** One command. */
export interface Command {
  /** How it is written, without the slash. */
  readonly usage: string;
  /** What it does, in a few words. */
  readonly help: string;
  /**
   * Does it.
   *
   * @returns "leave" when the member wants to go.
   */
  readonly run: (room: Room, member: Member, rest: string) => "leave" | void;
}

/** Commands by their name. */
export type CommandTable = Readonly<Record<string, Command>>;

/** The commands of everybody. */
export const COMMANDS: CommandTable = {
  who: {
    usage: "who",
    help: "who is here",
    run: (room, member) => {
      for (const line of everybodyHere(room.members)) room.notify(member, line);
    },
  },
  nick: {
    usage: "nick NAME",
    help: "call yourself NAME",
    run: (room, member, rest) => {
      if (hushed(room, member)) return;
      const problem = room.rename(member, rest);
      if (problem !== null) room.notify(member, `you are still ${member.name}: ${problem}`);
    },
  },
  me: {
    usage: "me TEXT",
    help: "show what you do: /me waves",
    run: (room, member, rest) => {
      if (rest === "") room.notify(member, "say what you do: /me waves");
      else if (!hushed(room, member)) room.act(member, rest);
    },
  },
  msg: {
    usage: "msg NAME TEXT",
    help: "say TEXT to NAME alone",
    run: (room, member, rest) => {
      const { word, text } = splitWord(rest);
      const to = text === "" ? null : room.find(word);
      if (text === "") return room.notify(member, "name somebody and say something: /msg NAME TEXT");
      if (to === null) return room.notify(member, `nobody here is called ${word}`);
      if (hushed(room, member)) return;
      room.tell(member, to, text);
      room.notify(member, `told ${to.name} alone`);
    },
  },
  help: {
    usage: "help",
    help: "this list",
    run: (room, member) => explain(room, member, COMMANDS),
  },
  quit: {
    usage: "quit",
    help: "leave; so does exit",
    run: () => "leave",
  },
};

/**
 * Takes a line that a member wrote.
 *
 * @param commands What the member may do.
 * @returns "leave" when the member wants to go.
 */
export function hear(room: Room, member: Member, line: string, commands: CommandTable = COMMANDS): "leave" | void {
  const meaning = parseLine(line);
  if (meaning.kind === "nothing") return;
  if (meaning.kind === "say") {
    if (!hushed(room, member)) room.say(member, meaning.text);
    return;
  }
  const command = Object.hasOwn(commands, meaning.name) ? commands[meaning.name] : undefined;
  if (command !== undefined) return command.run(room, member, meaning.rest);
  room.notify(member, `no such command: /${meaning.name}; /help lists them, and // begins a line with a slash`);
}

/** Sends a member the list of commands. */
export function explain(room: Room, member: Member, commands: CommandTable): void {
  const width = Math.max(14, ...Object.values(commands).map(({ usage }) => usage.length));
  for (const { usage, help } of Object.values(commands)) room.notify(member, `/${usage.padEnd(width)} ${help}`);
  room.notify(member, "anything else is said to everybody");
}

/** Whether a member may not speak, which is said then. */
function hushed(room: Room, member: Member): boolean {
  if (member.muted) room.notify(member, "you are muted: nobody got that");
  return member.muted;
}
