/**
 * What the chat scripts ask the user: a name, and the port and host that the command line left out.
 *
 * @module
 */
import { parsePort, portError, readHost } from "../lib/addr.ts";
import { UsageError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { type Flag, flagName } from "../lib/script/flags.ts";
import { type Ask, askUntilValid, canAsk } from "../lib/console/prompt.ts";
import { checkName } from "./names.ts";

/** The flag `--name`; it accepts the names that a room accepts. */
export function nameFlag<D extends string | undefined>(help: string, options: { default: D }): Flag<string | D> {
  const text = flag.text(help, { ...options, placeholder: "NAME" });
  return {
    ...text,
    read: (texts) => {
      const wanted = text.read(texts);
      if (wanted === undefined) return wanted;
      const checked = checkName(wanted);
      if ("problem" in checked) throw new UsageError(`Cannot use ${JSON.stringify(wanted)}: ${checked.problem}`);
      return checked.name;
    },
  };
}

/**
 * Refuses flags that do nothing in turns.
 *
 * @throws {UsageError} One of them was given with `--mode turns`.
 */
export function refuseInTurns(
  { options, given }: { options: { readonly mode: string }; given: ReadonlySet<PropertyKey> },
  ...flags: readonly string[]
): void {
  const unused = options.mode === "turns" ? flags.find((flag) => given.has(flag)) : undefined;
  if (unused !== undefined) throw new UsageError(`Cannot use ${flagName(unused)} with --mode turns: it is for a room`);
}

/** Which flags were given, and how to ask for the others; without a terminal nothing is asked. */
export interface PromptContext {
  readonly given: ReadonlySet<string>;
  readonly interactive?: boolean;
  readonly ask?: Ask;
}

/**
 * The port from the command line, or the one that the user enters at the terminal.
 *
 * @param port As given or defaulted.
 * @param asking With `zero`, 0 is a valid answer too.
 */
export function choosePort(port: number, text: string, asking: PromptContext & { zero?: boolean }): number {
  if (asking.given.has("port") || !(asking.interactive ?? canAsk())) return port;
  const read = (answer: string): number => {
    const parsed = parsePort(answer, asking);
    if (parsed === null) throw portError(answer, asking);
    return parsed;
  };
  return askUntilValid({ text, fallback: String(port), read }, asking.ask);
}

/** The host from the command line, or the one that the user enters at the terminal. */
export function chooseHost(host: string, text: string, asking: PromptContext): string {
  if (asking.given.has("host") || !(asking.interactive ?? canAsk())) return host;
  return askUntilValid({ text, fallback: host, read: readHost }, asking.ask);
}
