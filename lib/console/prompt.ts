/**
 * Questions to a person at a terminal.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { StopRequested } from "./stop.ts";

/** How a question is put and an answer read; the platform's `prompt` unless a test says otherwise. */
export type Ask = (question: string) => string | null;

/** One question. */
export interface Question<T> {
  readonly text: string;
  /** What an empty answer means; shown in brackets. Without it an empty answer is no answer. */
  readonly fallback?: string;
  /** Makes a value of the answer, or throws {@linkcode UsageError} to have it asked again. */
  readonly read: (answer: string) => T;
}

/**
 * Asks until the answer is right. Blocks everything else in the process, so ask before anything is opened.
 *
 * @throws {StopRequested} The person pressed Ctrl-C or Ctrl-D.
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
    const answer = asked(ask, `${problem}${question.text}${hint}:`);
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
 * Asks whether to do something that only a person can decide; nothing but `yes` typed out is a yes, nothing but `no` (or no answer) a no.
 *
 * @throws {StopRequested} The person pressed Ctrl-C or Ctrl-D.
 */
export function askYesOrNo(text: string, ask?: Ask): boolean {
  return askUntilValid({
    text: `${text} (yes or no)`,
    fallback: "no",
    read: (answer) => {
      if (answer === "yes" || answer === "no") return answer === "yes";
      throw new UsageError(`Cannot take ${JSON.stringify(answer)} for an answer: type yes or no in full`);
    },
  }, ask);
}

/** An answer; a terminal that goes away during the question is an end of input (`null`). */
function asked(ask: Ask, question: string): string | null {
  try {
    return ask(question);
  } catch {
    return null;
  }
}

/** Whether there is a person to ask: both the question and the answer need a terminal. */
export function canAsk(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}
