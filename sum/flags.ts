/**
 * The flags of the number exchange, and the prompt for the number.
 *
 * @module
 */
import { UsageError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import type { Flag } from "../lib/script/flags.ts";
import { type Ask, askUntilValid, canAsk } from "../lib/console/prompt.ts";
import { type Form, HIGHEST, inRange, LOWEST, parseInteger, quote, readName } from "./protocol.ts";

/** What a client sends when there is no prompt. */
const DEFAULT_NUMBER = 42n;

/** `--name`: the name that a side sends. */
function nameFlag(fallback: string): Flag<string> {
  return {
    help: "name to send",
    placeholder: "NAME",
    shown: fallback,
    repeatable: false,
    read: ([text = fallback]) => {
      // The message must stay one line, and must not look like JSON.
      if (/\p{Cc}/u.test(text)) throw new UsageError(`Cannot use ${quote(text)}: it must have no control characters`);
      if (/^\s*[{[]/.test(text)) throw new UsageError(`Cannot use ${quote(text)}: it must not start like JSON`);
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
    shown: "a random one for each exchange",
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
    help: "integer to send; one outside 1-100 stops the server",
    placeholder: "INTEGER",
    shown: `${DEFAULT_NUMBER}; on a terminal you are asked for it`,
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
 * Asks the user for the number, until the answer is an integer from 1 to 100.
 *
 * @throws {StopRequested} The user pressed Ctrl-C or Ctrl-D.
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

/** A client's number: from the command line, from the user, or the default. With `--json` there is no prompt. */
export function chooseNumber(options: { readonly number: bigint | undefined; readonly json: boolean }): bigint {
  return options.number ?? (!options.json && canAsk() ? askForNumber() : DEFAULT_NUMBER);
}
