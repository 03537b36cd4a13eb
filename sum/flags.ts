/**
 * The flags of the number exchange, and the one question to a person.
 *
 * @module
 */
import { UsageError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import type { Flag } from "../lib/script/flags.ts";
import { type Ask, askUntilValid, canAsk } from "../lib/console/prompt.ts";
import { type Form, HIGHEST, inRange, LOWEST, parseInteger, quote, readName } from "./protocol.ts";

/** What a client sends where nobody is asked. */
const DEFAULT_NUMBER = 42n;

/** `--name`: what a side calls itself. */
function nameFlag(fallback: string): Flag<string> {
  return {
    help: "what this side calls itself",
    placeholder: "NAME",
    shown: fallback,
    repeatable: false,
    read: ([text = fallback]) => {
      // A line must stay a line, and must not be taken for JSON.
      if (/\p{Cc}/u.test(text)) throw new UsageError(`Cannot use ${quote(text)}: it must have no control characters`);
      if (/^\s*[{[]/.test(text)) throw new UsageError(`Cannot use ${quote(text)}: it must not begin like JSON`);
      try {
        return readName(text);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        throw new UsageError(`Cannot use ${quote(text)}: ${error.message}`);
      }
    },
  };
}

/** `--number`, `--name` and `--keep-running` of a server. */
export const serverFlags = {
  number: flag.integer<number | undefined>("answer with this number, 1 to 100", {
    default: undefined,
    min: Number(LOWEST),
    max: Number(HIGHEST),
    shown: "one drawn for each exchange",
  }),
  name: nameFlag("Plainwire server"),
  keepRunning: flag.on("refuse a number outside 1-100 instead of stopping"),
};

/** `--number`, `--name` and `--format` of a client. */
export const clientFlags = {
  number: numberFlag(),
  name: nameFlag("Plainwire client"),
  format: flag.choice<Form>("form of the question: NAME: INTEGER, or a JSON object", ["line", "json"], {
    default: "line",
  }),
};

function numberFlag(): Flag<bigint | undefined> {
  return {
    help: "integer to send; one outside 1-100 asks the server to stop",
    placeholder: "INTEGER",
    shown: `${DEFAULT_NUMBER}; on a terminal it is asked for`,
    repeatable: false,
    read: ([text]) => {
      if (text === undefined) return undefined;
      const number = parseInteger(text);
      if (number === null) throw new UsageError(`Cannot use ${quote(text)}: it must be an integer such as 42`);
      return number;
    },
  };
}

/**
 * Asks the person at the terminal for the number, again until it is one from 1 to 100.
 *
 * @throws {StopRequested} The person pressed Ctrl-C or Ctrl-D.
 *
 * @example Usage
 * ```ts
 * import { askForNumber } from "./flags.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const answers = ["500", "7"];
 * assertEquals(askForNumber(() => answers.shift() ?? null), 7n);
 * ```
 */
export function askForNumber(ask?: Ask): bigint {
  return askUntilValid({
    text: `Enter an integer between ${LOWEST} and ${HIGHEST}`,
    fallback: String(DEFAULT_NUMBER),
    read: (answer) => {
      const number = parseInteger(answer);
      if (number !== null && inRange(number)) return number;
      throw new UsageError(`Cannot use ${quote(answer)}: it must be an integer from ${LOWEST} to ${HIGHEST}`);
    },
  }, ask);
}

/** A client's number: as given, as the person says, or the default. A program that reads `--json` is asked nothing. */
export function chooseNumber(options: { readonly number: bigint | undefined; readonly json: boolean }): bigint {
  return options.number ?? (!options.json && canAsk() ? askForNumber() : DEFAULT_NUMBER);
}
