/**
 * The user's side of every chat script: an input line that output never breaks, and a way to stop.
 *
 * @module
 */
import type { Stop } from "../lib/console/stop.ts";
import { StopRequested } from "../lib/console/stop.ts";
import type { Sink } from "../lib/console/output.ts";
import { type InputOptions, type LineInput, PlainInput } from "../lib/console/line_input.ts";

/** How a script reads its user's input, and stops when the user wants to. */
export interface User {
  /** Opens the input line; from then on everything printed at the terminal goes above it. */
  readonly open: (options: InputOptions) => LineInput;
  /** Ends the run, as Ctrl-C does. */
  readonly stop: () => void;
}

/** The input of a run, at its own stdin and stdout. */
export async function userOf(
  run: { readonly stop: Stop; readonly redirectTerminal: (sink: Sink) => void },
): Promise<User> {
  // Loading node:readline takes a third of a script's start.
  const atTerminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  const terminal = atTerminal ? await import("../lib/console/terminal.ts") : null;
  return {
    open: (options) => {
      if (terminal === null) return new PlainInput(Deno.stdin, Deno.stdout, options);
      const input = terminal.openInput(options);
      if (input.interactive) run.redirectTerminal(input);
      return input;
    },
    stop: () => run.stop.request(new StopRequested("SIGINT")),
  };
}
