/**
 * The operator: a member at the server's terminal, with commands that the others do not have.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import { stateOf } from "../../lib/errors.ts";
import type { Events } from "../../lib/events.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import { table } from "../../lib/console/table.ts";
import type { Bans } from "../room/bans.ts";
import { COMMANDS, type CommandTable, explain, handleLine } from "../room/commands.ts";
import { completions } from "../room/complete.ts";
import type { User } from "../input.ts";
import { noticeLine, youAre } from "../protocol.ts";
import type { Elsewhere } from "../room/elsewhere.ts";
import type { Link, Member, RemoteMember } from "../room/member.ts";
import { Moderator } from "../room/moderator.ts";
import type { Room } from "../room/room.ts";

/** Options of {@linkcode Console}. */
export interface ConsoleOptions extends User {
  /** The operator's name in the room. */
  readonly name: string;
  readonly events: Events;
  readonly bans: Bans;
  /** The time in milliseconds; it never runs backwards. */
  readonly clock: () => number;
  /** Writes the transcript to a new file. */
  readonly save: (path: string, text: string) => Promise<void>;
  /** Tells again how to join. */
  readonly invite?: (() => void) | undefined;
}

const LINK: Link = { id: 0, peer: "operator", drop: () => {}, traffic: () => ({ bytesIn: 0, bytesOut: 0, idle: 0 }) };

/** The operator's console in a room. */
export class Console {
  readonly member: Member;
  readonly moderator: Moderator;
  #input: LineInput;
  #room: Room;
  #options: ConsoleOptions;
  #commands: CommandTable;
  /** The writes of `/save`, one after the other. */
  #saving: Promise<void> = Promise.resolve();

  constructor(room: Room, options: ConsoleOptions) {
    this.#room = room;
    this.#options = options;
    this.member = room.join(LINK, { name: options.name, follows: true, silent: true });
    this.moderator = new Moderator(room, { bans: options.bans, clock: options.clock, self: this.member });
    this.#commands = { ...COMMANDS, ...this.#ownCommands() };
    const commands = Object.keys(this.#commands);
    this.#input = options.open({
      prompt: `${options.name}: `,
      complete: (typed) => completions(typed, room.everyone.map(({ name }) => name), commands),
      onInterrupt: options.stop,
    });
  }

  /** Whether the input is a terminal. */
  get interactive(): boolean {
    return this.#input.interactive;
  }

  /** Handles input lines until they end; then the operator leaves, and the room stays open. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#input.interactive) this.#greet();
    try {
      for (let line; (line = await this.#input.read(signal)) !== null;) {
        if (await handleLine(this.#room, this.member, line, this.#commands) === "leave") this.#options.stop();
        this.#input.prompt(`${this.member.name}: `);
      }
      // Ctrl-D at a terminal stops the server; the end of a file or a pipe does not.
      if (this.#input.interactive) this.#options.stop();
    } catch (error) {
      if (!signal.aborted) this.#options.events.emit({ event: "warning", message: stateOf(error).state });
    } finally {
      this.#input.close();
      await this.#saving;
      this.#room.leave(this.member, "quit");
    }
  }

  #greet(): void {
    const text = youAre(this.member.name);
    this.#options.events.emit({ event: "message", kind: "notice", text, prose: noticeLine(text) });
  }

  #ownCommands(): CommandTable {
    const { stop, invite } = this.#options;
    return {
      help: { usage: "help", help: "this list", run: (room, self) => explain(room, self, this.#commands) },
      say: { usage: "say TEXT", help: "say TEXT to everyone", run: (room, self, rest) => room.say(self, rest) },
      ...(this.#room.elsewhere === null ? {} : this.#shared(this.#room.elsewhere)),
      ...(invite === undefined
        ? {}
        : { invite: { usage: "invite", help: "how to join, as at the start", run: () => invite() } }),
      list: { usage: "list", help: "addresses, traffic, queues, idle times", run: () => this.#list() },
      ...this.moderator.commands(),
      save: {
        usage: "save FILE",
        help: "write the transcript to a new file in this server's folder",
        run: (_room, _self, path) => this.#save(path),
      },
      stop: { usage: "stop", help: "close the room and stop the server", run: () => stop() },
      quit: { usage: "quit", help: "stop the server, as /stop and the word exit do", run: () => "leave" },
    };
  }

  #shared(elsewhere: Elsewhere): CommandTable {
    return {
      who: {
        usage: "who",
        help: "who is here, and on which server",
        run: () => elsewhere.who().then((others) => this.#listServers(elsewhere.self, others)),
      },
    };
  }

  #say(text: string): void {
    this.#room.notify(this.member, text);
  }

  #listServers(self: string, others: readonly RemoteMember[]): void {
    const own = this.#room.members.map(({ name, away }) => ({ name, server: self, here: true, silent: false, away }));
    const members = [
      ...own,
      ...others.map(({ name, server, silent = false }) => ({ name, server, here: false, silent, away: false })),
    ];
    const rows = members.map(({ name, server, here, silent, away }) => [
      away ? `${name} (away)` : name,
      `${server}${here ? " (this server)" : silent ? " (does not answer)" : ""}`,
    ]);
    this.#options.events.emit({ event: "result", prose: table([["NAME", "SERVER"], ...rows]), members });
  }

  #list(): void {
    const members = this.#room.members.filter((member) => member !== this.member).map((member) => ({
      name: member.name,
      peer: member.link.peer,
      via: member.link.via ?? "TCP",
      ...member.link.traffic(),
      queued: member.outbox?.queued ?? 0,
      muted: member.muted,
      away: member.away,
    }));
    const rows = members.map(({ name, peer, via, bytesIn, bytesOut, queued, idle, muted, away }) => [
      `${name}${muted ? " (muted)" : ""}${away ? " (away)" : ""}`,
      via === "TCP" ? peer : `${peer} (${via})`,
      formatBytes(bytesIn),
      formatBytes(bytesOut),
      formatBytes(queued),
      `${Math.round(idle / 1000)} s`,
    ]);
    const prose = table([["NAME", "ADDRESS", "IN", "OUT", "QUEUE", "IDLE"], ...rows]);
    this.#options.events.emit({ event: "result", prose, members });
  }

  #save(path: string): void {
    if (path === "") return this.#say("no file given: /save FILE");
    const text = this.#room.transcript;
    this.#saving = this.#saving.then(() => this.#options.save(path, text)).then(
      () => this.#say(`saved to ${path}`),
      (error) => this.#say(`Cannot save to ${path}: ${whyNotSaved(error)}`),
    );
  }
}

function whyNotSaved(error: unknown): string {
  return error instanceof Deno.errors.AlreadyExists ? "the file exists; choose another name" : stateOf(error).state;
}
