/**
 * Where a relay's commands come from.
 *
 * @module
 */
import { type LineInput, PlainInput } from "../../lib/console/line_input.ts";
import { canAsk } from "../../lib/console/prompt.ts";
import { type Stop, StopRequested } from "../../lib/console/stop.ts";
import type { Sink } from "../../lib/console/output.ts";
import type { Events } from "../../lib/events.ts";
import type { FaultTransport } from "../../lib/faults/plan.ts";
import { completions } from "./command.ts";

/** The longest command from a file or a pipe (bytes): more than any needs. */
const MAX_COMMAND = 4096;

/** What a console needs of a run. */
export interface ConsoleRun {
  readonly stop: Stop;
  readonly redirectTerminal: (sink: Sink) => void;
  readonly flush: () => Promise<unknown>;
  readonly events: Events;
}

/** Opens the input line of a terminal, above which everything else is printed from then on; without a terminal, reads standard input. */
export async function openConsole(run: ConsoleRun, transport: FaultTransport): Promise<LineInput> {
  const tooLong = `Cannot read a command: it is longer than ${MAX_COMMAND} bytes`;
  const onTooLong = (): void => run.events.emit({ event: "warning", message: tooLong });
  if (!canAsk()) return new PlainInput(Deno.stdin, Deno.stdout, { maxLine: MAX_COMMAND, onTooLong });
  await run.flush();
  // Loading node:readline takes a third of a script's start.
  const { openInput } = await import("../../lib/console/terminal.ts");
  const input = openInput({
    prompt: "> ",
    complete: (typed) => completions(typed, transport),
    onInterrupt: () => run.stop.request(new StopRequested("SIGINT")),
  });
  run.redirectTerminal(input);
  return input;
}
