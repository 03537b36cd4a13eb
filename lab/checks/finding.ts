/**
 * What is said of a check that failed.
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

/** What is said of a check that failed, in the order in which it is printed; `null` is left out. */
export interface Finding {
  readonly expected: string;
  readonly instead: string;
  /** The source and its level. */
  readonly why: string;
  /** The classic mistake, with its number. */
  readonly mistake: string | null;
  /** What was done and what came, a step a line. */
  readonly steps: readonly string[];
  /** What the server printed at last, if it has ended. */
  readonly server_output: string | null;
  readonly remedy: string | null;
  /** Where the remedy stands. */
  readonly see: string | null;
  readonly by_hand: string;
}

/** The protocol in which a check was run. */
export interface Context {
  readonly protocol: string;
  readonly transport: "tcp" | "udp";
  /** The command of `--start`, if the server was started here. */
  readonly start?: string | undefined;
  /** The other flags of the run that matter to a check, as they are typed: ` --mode turns` (none). */
  readonly given?: string;
}

/** The project's folder. */
const ROOT = import.meta.dirname?.replace(/[/\\]lab[/\\]checks$/, "");

/** Makes it out of a result. It reads the file of the remedy, if it may. */
export async function findingOf(result: Result, context: Context): Promise<Finding> {
  const { check: { expects, source, level, mistake, remedy }, reason, lastWords } = result;
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

/** The command that repeats it: with the server, if that was started here and has ended since. */
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
  return start === undefined ? command : `export PORT=${port} HOST=${hostname}; ${start} & sleep 1\n${command}`;
}

/**
 * Where a remedy stands: `tcp/server.ts, line 71: …`. Without permission to read it, or in a single binary, the file alone.
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

/** How many steps are told from the beginning, and from the end. */
const TOLD = 12;

/** The steps, each as a line. */
export function stepLines(steps: readonly Step[], left: number): string[] {
  const many = new Set(steps.map(({ connection }) => connection)).size > 1;
  const lines = steps.map((step) => stepLine(step, many));
  const between = lines.length - 2 * TOLD;
  if (between <= 1) return lines;
  return [...lines.slice(0, TOLD), `… ${counted(between + left, "step")} …`, ...lines.slice(-TOLD)];
}

const WORDS: Readonly<Record<Step["kind"], string>> = {
  type: "the operator types",
  connect: "the client connects",
  refused: "the client cannot connect",
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
