/**
 * Makes `chat/confusables.ts` out of Unicode's own file, again for each new version of it.
 *
 * ```sh
 * deno task make:confusables confusables.txt
 * ```
 *
 * The file is https://www.unicode.org/Public/security/latest/confusables.txt (15.0: `icu/source/data/unidata/` of ICU 72.1).
 *
 * @module
 */
import { checkName } from "../../chat/names.ts";

/** A line of the file that is no comment: `0430 ; 0061 ; MA`. */
const ENTRY = /^([\dA-F]+) ;\t([\dA-F ]+?) ;/;
const LINE = 118;

const [path = "confusables.txt"] = Deno.args;
const text = await Deno.readTextFile(path);
const version = /^# Version: (\S+)/m.exec(text)?.[1];
if (version === undefined) throw new Error(`Cannot use ${path}: it does not say its version`);

/** The sources of each target, all as code points in hex. */
const groups = new Map<string, string[]>();
for (const line of text.split("\n")) {
  const [, source, target] = ENTRY.exec(line) ?? [];
  if (source === undefined || target === undefined || !isCompared(source)) continue;
  const key = target.split(" ").map(short).join("+");
  groups.set(key, [...groups.get(key) ?? [], short(source)]);
}

/** Whether a character can be part of a name that is compared: a letter or a digit of a name, without a compatibility form. */
function isCompared(code: string): boolean {
  const char = String.fromCodePoint(parseInt(code, 16));
  return /^[\p{L}\p{N}]$/u.test(char) && char.normalize("NFKD") === char && "name" in checkName(char);
}

function short(code: string): string {
  return parseInt(code, 16).toString(16);
}

const rows: string[] = [];
let row = "";
for (const [target, sources] of groups) {
  const group = `${target}=${sources.join(",")}`;
  if (row !== "" && row.length + group.length >= LINE) rows.push(row), row = "";
  row += row === "" ? group : ` ${group}`;
}

const count = [...groups.values()].flat().length;
const source = `/**
 * Which letters look like which: the ${count} letters and digits of Unicode's \`confusables.txt\`, version ${version} (TR 39 4), that
 * names can have. Made by \`deno task make:confusables\`; not to be edited. The data is Unicode's: see \`confusables.LICENSE\`.
 *
 * @module
 */

/** \`TARGET=SOURCE,SOURCE…\`, code points in hex: each source looks like the target, which may have several (\`72+6e\` is "rn"). */
export const CONFUSABLES = \`
${[...rows, row].join("\n")}
\`;
`;
await Deno.writeTextFile(new URL("../chat/confusables.ts", import.meta.url), source);
