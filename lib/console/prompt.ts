/**
 * Asking the user questions on a terminal.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { StopRequested } from "./stop.ts";

/** Asks a question and returns the answer; the platform's `prompt`, or a test double. */
export type Ask = (question: string) => string | null;

/** A question. */
export interface Question<T> {
  readonly text: string;
  /** The default for an empty answer, shown in brackets. Without it an empty answer is passed to `read`. */
  readonly fallback?: string;
  /** Parses the answer; throws {@linkcode UsageError} to ask again. */
  readonly read: (answer: string) => T;
}

/**
 * Asks until the answer is valid. Blocks the whole process, so ask before opening anything.
 *
 * @throws {StopRequested} The user pressed Ctrl-C or Ctrl-D.
 *
 * @example Usage
 * ```ts
 * import { askUntilValid } from "./prompt.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const answers = ["", "7"];
 * const number = askUntilValid({ text: "A number", fallback: "3", read: Number }, () => answers.shift() ?? null);
 * assertEquals(number, 3);
 * ```
 */
export function askUntilValid<T>(question: Question<T>, ask: Ask = prompt): T {
  const hint = question.fallback === undefined ? "" : ` [${question.fallback}]`;
  for (let problem = "";;) {
    const answer = askSafely(ask, `${problem}${question.text}${hint}:`);
    if (answer === null) throw new StopRequested("SIGINT");
    try {
      return question.read(answer.trim() || (question.fallback ?? ""));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problem = `${error.message}\n`;
    }
  }
}

/**
 * Asks for a decision that only the user can make: `y` or `yes`, `n` or `no` (the default), in any case.
 *
 * @throws {StopRequested} The user pressed Ctrl-C or Ctrl-D.
 */
export function askYesOrNo(text: string, ask?: Ask): boolean {
  return askUntilValid({
    text: `${text} Type y for yes, n for no`,
    fallback: "n",
    read: (answer) => {
      if (/^(y|yes|n|no)$/i.test(answer)) return /^y/i.test(answer);
      throw new UsageError(`Cannot accept ${JSON.stringify(answer)} as an answer: type y or n`);
    },
  }, ask);
}

/** The answer; `null`, the end of input, also if the terminal is closed during the question. */
function askSafely(ask: Ask, question: string): string | null {
  try {
    return ask(question);
  } catch {
    return null;
  }
}

/** Whether the user can be asked: both the question and the answer need a terminal. */
export function canAsk(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}
