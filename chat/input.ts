/**
 * The user's side of every chat script: an input line that output never breaks, and a way to stop.
 *
 * @module
 */
import type { Stop } from "../lib/console/stop.ts";
import { StopRequested } from "../lib/console/stop.ts";
import type { Sink } from "../lib/console/output.ts";
import type { InputOptions, LineInput } from "../lib/console/line_input.ts";
import { openInput } from "../lib/console/terminal.ts";

/** How a script reads its user's input, and stops when the user wants to. */
export interface User {
  /** Opens the input line; from then on everything printed at the terminal goes above it. */
  readonly open: (options: InputOptions) => LineInput;
  /** Ends the run, as Ctrl-C does. */
  readonly stop: () => void;
}

/** The input of a run, at its own stdin and stdout. */
export function userOf(run: { readonly stop: Stop; readonly redirectTerminal: (sink: Sink) => void }): User {
  return {
    open: (options) => {
      const input = openInput(options);
      if (input.interactive) run.redirectTerminal(input);
      return input;
    },
    stop: () => run.stop.request(new StopRequested("SIGINT")),
  };
}
