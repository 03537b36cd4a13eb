// @ts-check
/**
 * Completing commands and names. Pure.
 *
 * @module
 */

/** The commands, with what they are for. */
export const COMMANDS = [
  ["/who", "who is here"],
  ["/me", "show what you do: /me waves"],
  ["/msg", "a private line: /msg NAME TEXT"],
  ["/nick", "change your name"],
  ["/help", "what you can type"],
  ["/quit", "leave the room"],
];

/**
 * What can stand in place of the word before the cursor.
 *
 * @typedef {{ from: number, choices: { text: string, hint: string }[], isWanted: boolean }} Completions `isWanted`: shown without
 * being asked for.
 */

/** Marks that do not change which letter it is; see `chat/names.ts`. */
const ACCENTS =
  /(?=\p{M})(?![\u3099\u309a])[\p{Script=Inherited}\p{Script=Common}\p{Script=Hebrew}\p{Script=Arabic}]/gu;

/**
 * A name without case, width and accents, as the server finds it.
 *
 * @param {string} name
 * @returns {string}
 */
export function foldName(name) {
  return name.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD").replace(ACCENTS, "");
}

/**
 * Completes a command at the start, or a name anywhere.
 *
 * @param {string} typed The text up to the cursor.
 * @param {Iterable<string>} names
 * @returns {Completions}
 */
export function completionsFor(typed, names) {
  if (/^\/\S*$/u.test(typed)) {
    const choices = COMMANDS.filter(([command = ""]) => command.startsWith(typed.toLowerCase()));
    return {
      from: 0,
      choices: choices.map(([command = "", hint = ""]) => ({ text: `${command} `, hint })),
      isWanted: true,
    };
  }
  const part = /\S*$/u.exec(typed)?.[0] ?? "";
  const isRecipient = /^\s*\/msg\s+\S*$/iu.test(typed);
  const key = foldName(part);
  const found = part === "" && !isRecipient ? [] : [...names].filter((name) => foldName(name).startsWith(key)).sort();
  const end = part === typed ? ": " : " ";
  return {
    from: typed.length - part.length,
    choices: found.map((name) => ({ text: name + end, hint: "" })),
    isWanted: isRecipient,
  };
}
