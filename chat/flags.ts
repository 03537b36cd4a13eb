/**
 * What the chat scripts want to know of a person: a name, and a port and a host where the command line gave none.
 *
 * @module
 */
import { parseHost, parsePort, portError } from "../lib/addr.ts";
import { UsageError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import type { Flag } from "../lib/script/flags.ts";
import { type Ask, askUntilValid, canAsk } from "../lib/console/prompt.ts";
import { checkName } from "./names.ts";

/** The flag `--name`, which takes nothing but what the room takes for a name. */
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

/** Which flags were given, what they are or default to, and whether there is somebody to ask. */
export interface Asking {
  readonly given: ReadonlySet<string>;
  readonly interactive?: boolean;
  readonly ask?: Ask;
}

/**
 * The port of the command line, or the one that the person at the terminal names.
 *
 * @param port As given or defaulted.
 * @param asking With `zero`, 0 may be answered too.
 */
export function choosePort(port: number, text: string, asking: Asking & { zero?: boolean }): number {
  if (asking.given.has("port") || !(asking.interactive ?? canAsk())) return port;
  const read = (answer: string): number => {
    const parsed = parsePort(answer, asking);
    if (parsed === null) throw portError(answer, asking);
    return parsed;
  };
  return askUntilValid({ text, fallback: String(port), read }, asking.ask);
}

/** The host of the command line, or the one that the person at the terminal names. */
export function chooseHost(host: string, text: string, asking: Asking): string {
  if (asking.given.has("host") || !(asking.interactive ?? canAsk())) return host;
  const read = (answer: string): string => {
    const parsed = parseHost(answer);
    if (parsed === null) {
      throw new UsageError(
        `Cannot use host ${JSON.stringify(answer)}: it must be a name or an address, without a port`,
      );
    }
    return parsed;
  };
  return askUntilValid({ text, fallback: host, read }, asking.ask);
}
