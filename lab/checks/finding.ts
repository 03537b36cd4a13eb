/**
 * The findings of a failed check, as every kind of report shows them.
 *
 * @module
 */
import { formatEndpoint } from "../../lib/addr.ts";
import { commandFor } from "../../lib/script/command.ts";
import { counted, escapeControls, shellWord } from "../../lib/text.ts";
import { MISTAKES } from "../../lib/wire/explain/mistakes.ts";
import { byHandOf } from "./by_hand.ts";
import type { Remedy } from "./check.ts";
import { excerptOf } from "./excerpt.ts";
import type { Result } from "./runner.ts";
import type { Step } from "./steps.ts";

/** The findings of a failed check, in the order in which they are printed; `null` is left out. */
export interface Finding {
  readonly expected: string;
  readonly instead: string;
  /** The source and its level. */
  readonly why: string;
  /** The classic mistake, with its number. */
  readonly mistake: string | null;
  /** What was sent and received, one step per line. */
  readonly steps: readonly string[];
  /** The last lines that the server printed, if it has exited, and otherwise the errors that it printed in this check. */
  readonly server_output: string | null;
  readonly remedy: string | null;
  /** The line with the remedy. */
  readonly see: string | null;
  readonly by_hand: string;
}

/** The run that a check was part of. */
export interface Context {
  readonly protocol: string;
  readonly transport: "tcp" | "udp";
  /** The command of `--start`, if the server was started here. */
  readonly start?: string | undefined;
  /** The other flags that matter to the checks, as typed: ` --mode turns`; none by default. */
  readonly given?: string;
}

/** The project's root folder. */
const ROOT = import.meta.dirname?.replace(/[/\\]lab[/\\]checks$/, "");

/** Makes the findings out of a result. Reads the file with the remedy, if permitted. */
export async function findingOf(result: Result, context: Context): Promise<Finding> {
  const { check, reason, blame, lastWords } = result;
  const { expects, source, level } = check;
  const { mistake, remedy } = blame ?? check;
  const name = mistake === undefined ? undefined : MISTAKES[mistake - 1]?.name;
  return {
    expected: `the server ${expects}`,
    instead: reason,
    why: source === level ? level : `${source} (${level})`,
    mistake: name === undefined ? null : `${mistake}, ${name}`,
    steps: stepLines(result.steps, result.left),
    server_output: lastWords === "" ? null : lastWords,
    remedy: remedy?.why ?? null,
    see: remedy === undefined ? null : await placeOf(remedy),
    by_hand: commandOf(result, context),
  };
}

/** The command that repeats the check, and that starts the server first if it was started here. */
function commandOf(
  { check, steps, left, server }: Result,
  { protocol, transport, start, given = "" }: Context,
): string {
  const { hostname, port } = server;
  const known = check.byHand?.replaceAll("$HOST", hostname).replaceAll("$PORT", String(port));
  const command = known ?? byHandOf({ steps, left, transport, server });
  if (command === null) {
    const where = start === undefined ? formatEndpoint(server) : `--start ${shellWord(start, Deno.build.os)}`;
    return `${commandFor("lab:check")} ${protocol} ${where}${given} --only ${check.name}`;
  }
  if (start === undefined) return command;
  return `export PORT=${port} HOST=${hostname}; ${start} & server=$!; sleep 1\n${command}\nkill $server`;
}

/**
 * Where a remedy is: `tcp/server.ts, line 71: …`. If the file cannot be read, as in a compiled binary, its name alone.
 */
export async function placeOf({ file, line }: Remedy): Promise<string> {
  try {
    const lines = (await Deno.readTextFile(`${ROOT}/${file}`)).split("\n");
    const index = lines.findIndex((text) => text.includes(line));
    return index < 0 ? file : `${file}, line ${index + 1}: ${(lines[index] ?? "").trim()}`;
  } catch {
    return file;
  }
}

/** How many of the first and of the last steps are shown. */
const TOLD = 6;

/** The steps, one per line. */
export function stepLines(steps: readonly Step[], left: number): string[] {
  const many = new Set(steps.map(({ connection }) => connection)).size > 1;
  // When a check ends, it closes what is open: that is none of its steps.
  const last = steps.findLastIndex(({ kind }) => kind !== "close");
  const lines = steps.slice(0, last + 1).map((step) => stepLine(step, many));
  const between = lines.length - 2 * TOLD;
  if (between <= 1) return lines;
  return [...lines.slice(0, TOLD), `… ${counted(between + left, "step")} …`, ...lines.slice(-TOLD)];
}

const WORDS: Readonly<Record<Step["kind"], string>> = {
  type: "the operator types",
  connect: "the client connects",
  refused: "the client does not get through",
  send: "the client sends",
  receive: "the server sends",
  "half-close": "the client half-closes (FIN)",
  end: "the server closes (FIN)",
  reset: "the client resets (RST)",
  "was reset": "the connection is reset (RST)",
  close: "the client closes",
  silence: "nothing comes for",
};

function stepLine({ at, connection, kind, bytes, length = 0, note }: Step, many: boolean): string {
  const who = many && connection > 0 ? `#${connection} ` : "";
  const words = [`${at.toFixed(at < 10 ? 1 : 0)} ms: ${who}${WORDS[kind]}`];
  if (bytes !== undefined) words.push(`${counted(length, "byte")}: ${excerptOf(bytes, length)}`);
  if (note !== undefined) words.push(kind === "silence" ? escapeControls(note) : `(${escapeControls(note)})`);
  return words.join(" ");
}
