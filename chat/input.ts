/**
 * What every chat script gives its person: an input line that nothing breaks, and a way to stop.
 *
 * @module
 */
import type { Stop } from "../lib/console/stop.ts";
import { StopRequested } from "../lib/console/stop.ts";
import type { Sink } from "../lib/console/output.ts";
import type { InputOptions, LineInput } from "../lib/console/line_input.ts";
import { openInput } from "../lib/console/terminal.ts";

/** Where a person sits. */
export interface Desk {
  /** Opens the input line; from then on all that is printed at the terminal goes around it. */
  readonly open: (options: InputOptions) => LineInput;
  /** Ends the run, as Ctrl-C does. */
  readonly stop: () => void;
}

/** The desk of a run at its own standard input and output. */
export function deskOf(run: { readonly stop: Stop; readonly redirectTerminal: (sink: Sink) => void }): Desk {
  return {
    open: (options) => {
      const input = openInput(options);
      if (input.interactive) run.redirectTerminal(input);
      return input;
    },
    stop: () => run.stop.request(new StopRequested("SIGINT")),
  };
}
