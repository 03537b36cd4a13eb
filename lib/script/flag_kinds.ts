/**
 * The kinds of flags. Each parses its value strictly: anything invalid is misuse.
 *
 * @module
 */
import { type AddressRange, parsePort, parseRange, portRule, readHost } from "../addr.ts";
import { UsageError } from "../errors.ts";
import { callersPath } from "./callers_path.ts";
import type { Flag } from "./flags.ts";

/** Options of every flag with a value. */
interface ValueOptions<D> {
  readonly default: D;
  readonly short?: string;
  readonly placeholder?: string;
  /** How the help text shows the default, if not as the value itself. */
  readonly shown?: string;
}

/** Makes a flag with one value from a parser. */
function valueFlag<T, D>(
  placeholder: string,
  help: string,
  options: ValueOptions<D>,
  parse: (text: string) => T,
): Flag<T | D> {
  const shown = options.shown ??
    (options.default === undefined ? undefined : String(options.default));
  return {
    help,
    placeholder: options.placeholder ?? placeholder,
    repeatable: false,
    ...(options.short === undefined ? {} : { short: options.short }),
    ...(shown === undefined ? {} : { shown }),
    read: ([text]) => text === undefined ? options.default : parse(text),
  };
}

/** Flag factories, by kind of value. */
export const flag = {
  /** A switch: off unless given. */
  on(help: string, options: { short?: string } = {}): Flag<boolean> {
    return { help, repeatable: false, ...options, read: (texts) => texts.length > 0 };
  },

  /** Any text, including the empty string. */
  text<D extends string | undefined>(help: string, options: ValueOptions<D>): Flag<string | D> {
    return valueFlag("TEXT", help, options, (text) => text);
  },

  /** Non-empty texts; repeatable. */
  texts(help: string, options: { placeholder: string }): Flag<readonly string[]> {
    return {
      help,
      placeholder: options.placeholder,
      repeatable: true,
      read: (texts) => {
        if (texts.includes("")) throw new UsageError('Cannot use "": it must not be empty');
        return texts;
      },
    };
  },

  /** A file or a folder; a relative path, the default too, starts at the folder in which the user typed the command. */
  path<D extends string | undefined>(help: string, options: ValueOptions<D>): Flag<string | D> {
    const kind = valueFlag("FILE", help, options, (text) => {
      if (text === "") throw new UsageError('Cannot use "": it must be a path');
      return text;
    });
    const read = (texts: readonly string[]): string | D => {
      const path = kind.read(texts);
      return path === undefined ? path : callersPath(path);
    };
    return { ...kind, read };
  },

  /** A flag whose value may be left out; then it is `bare`. */
  optional<T, B>(kind: Flag<T>, bare: B): Flag<T | B> {
    const { placeholder = "" } = kind;
    const read = (texts: readonly string[]): T | B => texts[0] === "" ? bare : kind.read(texts);
    return { ...kind, optional: true, placeholder: `[${placeholder}]`, read };
  },

  /** A number of bytes: `500k`, `10M`, `1.5G`, in powers of 1000 as `tcpdump -C` counts, or of 1024 as `10MiB`. */
  size<D extends number | undefined>(help: string, options: ValueOptions<D> & { min: number }): Flag<number | D> {
    return valueFlag("SIZE", help, options, (text) => {
      const [, digits = "", prefix = "", binary = ""] = /^(\d+(?:\.\d+)?)(?:([kMG])(i?)B?)?$/i.exec(text) ?? [];
      const power = ["", "k", "m", "g"].indexOf(prefix.toLowerCase());
      const bytes = Math.floor(Number(digits) * (binary === "" ? 1000 : 1024) ** power);
      if (digits === "" || !(bytes >= options.min && bytes <= Number.MAX_SAFE_INTEGER)) {
        throw new UsageError(
          `Cannot use ${JSON.stringify(text)}: it must be a size of at least ${options.min} bytes, such as 500k or 10M`,
        );
      }
      return bytes;
    });
  },

  /** A port, 1 to 65535; with `zero`, also 0. */
  port<D extends number | undefined>(
    help: string,
    options: ValueOptions<D> & { zero?: boolean },
  ): Flag<number | D> {
    return valueFlag("PORT", help, options, (text) => {
      const port = parsePort(text, options);
      if (port === null) {
        throw new UsageError(`Cannot use ${JSON.stringify(text)}: ${portRule(options)}`);
      }
      return port;
    });
  },

  /** A host name or an address. */
  host(help: string, options: ValueOptions<string>): Flag<string> {
    return valueFlag("HOST", help, options, readHost);
  },

  /** Seconds, decimals allowed, from 0 to 23 days (the maximum of a timer). */
  seconds(help: string, options: ValueOptions<number>): Flag<number> {
    return valueFlag("SECONDS", help, options, (text) => {
      const seconds = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : NaN;
      if (!(seconds <= 2_000_000)) {
        throw new UsageError(
          `Cannot use ${JSON.stringify(text)}: it must be a number of seconds from 0 to 2000000, such as 2.5`,
        );
      }
      return seconds;
    });
  },

  /** An integer within bounds. */
  integer<D extends number | undefined>(
    help: string,
    options: ValueOptions<D> & { min: number; max: number },
  ): Flag<number | D> {
    return valueFlag("N", help, options, (text) => {
      const value = /^-?\d{1,15}$/.test(text) ? Number(text) : NaN;
      if (!(value >= options.min && value <= options.max)) {
        throw new UsageError(
          `Cannot use ${JSON.stringify(text)}: it must be a whole number from ${options.min} to ${options.max}`,
        );
      }
      return value;
    });
  },

  /** One of several keywords. */
  choice<T extends string>(help: string, choices: readonly T[], options: ValueOptions<T>): Flag<T> {
    return valueFlag(choices.join("|"), help, options, (text) => {
      const choice = choices.find((word) => word === text);
      if (choice === undefined) {
        throw new UsageError(
          `Cannot use ${JSON.stringify(text)}: it must be ${choices.join(" or ")}`,
        );
      }
      return choice;
    });
  },

  /** Address ranges; repeatable. */
  ranges(help: string): Flag<readonly AddressRange[]> {
    return {
      help,
      placeholder: "CIDR",
      repeatable: true,
      read: (texts) =>
        texts.map((text) => {
          const range = parseRange(text);
          if (range === null) {
            throw new UsageError(
              `Cannot use ${JSON.stringify(text)}: it must be an address or a range such as 192.168.0.0/16`,
            );
          }
          return range;
        }),
    };
  },
};
