/**
 * Writes the shells' completion scripts for `plainwire` from the scripts' own flag tables. Pure.
 *
 * It imports nothing, so that `plainwire.ts` starts without an import map.
 *
 * @module
 */

/** The shells. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@linkcode SHELLS}. */
export type Shell = typeof SHELLS[number];

/** Whether there is a completion script for a shell. */
export function isShell(name: string): name is Shell {
  return SHELLS.some((shell) => shell === name);
}

/** A flag, as `--help --json` describes it. */
export interface FlagHelp {
  /** Without dashes: `max-message`. */
  readonly name: string;
  readonly short?: string;
  /** The placeholder of its value; a switch has none. */
  readonly value?: string;
  readonly help: string;
}

/** A script, as its `--help --json` describes it. */
export interface ScriptHelp {
  /** Its task: `tcp:server`. */
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagHelp[];
  /** The placeholder of its arguments, if they are its own: `FILE...` */
  readonly operands?: string;
}

/** What can stand first, and what second: `tcp`, `demo` or `completion`, and `server` after `tcp`. */
interface Words {
  readonly first: readonly ScriptHelp[];
  /** What can stand first, once a colon is typed: `tcp:server`. */
  readonly whole: readonly ScriptHelp[];
  readonly second: ReadonlyMap<string, readonly ScriptHelp[]>;
}

/** The completion script of one shell. */
export function completion(shell: Shell, scripts: readonly ScriptHelp[]): string {
  return { bash, zsh, fish }[shell](scripts, wordsOf(scripts)).trimEnd();
}

function wordsOf(scripts: readonly ScriptHelp[]): Words {
  const word = (name: string, summary: string): ScriptHelp => ({ name, summary, flags: [] });
  const second = new Map<string, ScriptHelp[]>([["completion", SHELLS.map((shell) => word(shell, `for ${shell}`))]]);
  for (const { name, summary } of scripts) {
    const [folder = "", rest] = name.split(":");
    if (rest !== undefined) second.set(folder, [...second.get(folder) ?? [], word(rest, summary)]);
  }
  const folders = [...second.keys()].filter((name) => name !== "completion").map((name) =>
    word(name, `${name} scripts`)
  );
  const [whole, single] = [
    scripts.filter(({ name }) => name.includes(":")),
    scripts.filter(({ name }) => !name.includes(":")),
  ];
  return { first: [...folders, ...single, word("completion", "completion for your shell")], whole, second };
}

function namesOf(words: readonly ScriptHelp[]): string {
  return words.map(({ name }) => name).join(" ");
}

/** What a flag's value is: one of some words, a file, a folder, or anything. */
function valueOf({ value }: FlagHelp): { words: string } | "file" | "folder" | "any" | "none" {
  if (value === undefined) return "none";
  if (value === "FILE" || value === "[FILE]") return "file";
  // Another flag may follow at once.
  if (value.startsWith("[")) return "none";
  if (value.includes("|")) return { words: value.split("|").filter((word) => !/^[A-Z]+$/.test(word)).join(" ") };
  return ["DIR", "PATH"].includes(value) ? "folder" : "any";
}

/** Whether its arguments are files, or at least the first. */
function takesFiles({ operands = "" }: ScriptHelp): boolean {
  return operands.startsWith("FILE");
}

function dashed({ name, short }: FlagHelp): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

/** bash splits words at colons, so the script reads the line itself. */
function bash(scripts: readonly ScriptHelp[], { first, whole, second }: Words): string {
  return `# bash completion for plainwire; to keep it:
# mkdir -p ~/.local/share/bash-completion/completions
# plainwire completion bash > ~/.local/share/bash-completion/completions/plainwire
_plainwire() {
  local line=\${COMP_LINE:0:COMP_POINT} words script
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  local last=$((\${#words[@]} - 1))
  local cur=\${words[last]} prev=\${words[last-1]}
  if ((last == 1)); then
    COMPREPLY=($(compgen -W '${namesOf(first)}' -- "$cur"))
    if [[ $cur == *:* ]]; then
      COMPREPLY=($(compgen -W '${namesOf(whole)}' -- "$cur"))
      # Only what follows the colon is replaced.
      COMPREPLY=("\${COMPREPLY[@]#*:}")
    fi
    return
  fi
  script=\${words[1]}
  if [[ $script != *:* ]]; then
    if ((last == 2)); then
      case $script in
${
    [...second].map(([folder, words]) =>
      `        ${folder}) COMPREPLY=($(compgen -W '${namesOf(words)}' -- "$cur")) ;;`
    ).join("\n")
  }
      esac
      return
    fi
    script+=:\${words[2]}
  fi
  case $script in
${scripts.filter(({ flags }) => flags.length > 0).map(bashCase).join("\n")}
  esac
}
complete -F _plainwire plainwire
`;
}

function bashCase(script: ScriptHelp): string {
  const { name, flags } = script;
  const values = flags.flatMap((flag) => {
    const value = valueOf(flag);
    if (value === "none") return [];
    const list = value === "file" ? "-f" : value === "folder" ? "-d" : value === "any" ? "" : `-W '${value.words}'`;
    const reply = list === "" ? "COMPREPLY=()" : `COMPREPLY=($(compgen ${list} -- "$cur"))`;
    return [`        ${dashed(flag).join("|")}) ${/^-[fd]/.test(list) ? "compopt -o filenames; " : ""}${reply} ;;`];
  });
  const names = `COMPREPLY=($(compgen -W '${flags.flatMap(dashed).join(" ")}' -- "$cur"))`;
  const files = 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur"))';
  return `    ${name})
      case $prev in
${values.join("\n")}
        *) ${takesFiles(script) ? `if [[ $cur == -* ]]; then ${names}; else ${files}; fi` : names} ;;
      esac ;;`;
}

function zsh(scripts: readonly ScriptHelp[], { first, whole, second }: Words): string {
  return `#compdef plainwire
# zsh completion for plainwire; to keep it: plainwire completion zsh > "\${fpath[1]}/_plainwire"
_plainwire() {
  local script
  local -a items
  if ((CURRENT == 2)); then
    items=(${first.map(zshItem).join(" ")})
    [[ $PREFIX == *:* ]] && items=(${whole.map(zshItem).join(" ")})
    _describe script items
    return
  fi
  script=$words[2]
  if [[ $script == *:* ]]; then
    shift words
    ((CURRENT--))
  elif ((CURRENT == 3)); then
    case $script in
${[...second].map(([folder, words]) => `      ${folder}) items=(${words.map(zshItem).join(" ")}) ;;`).join("\n")}
    esac
    _describe script items
    return
  else
    script+=:$words[3]
    shift 2 words
    ((CURRENT -= 2))
  fi
  case $script in
${scripts.filter(({ flags }) => flags.length > 0).map(zshCase).join("\n")}
  esac
}
if [[ $funcstack[1] == _plainwire ]]; then _plainwire "$@"; else compdef _plainwire plainwire; fi
`;
}

/** A text inside single quotes. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}

/** A word and its description, of which the first colon parts them. */
function zshItem({ name, summary }: ScriptHelp): string {
  return `'${name.replaceAll(":", "\\:")}:${quoted(summary)}'`;
}

function zshCase(script: ScriptHelp): string {
  const { name, flags } = script;
  const specs = flags.map((flag) => {
    const value = valueOf(flag);
    const action = value === "file" ? "_files" : value === "folder" ? "_files -/" : value === "any" ? " " : "";
    const message = value === "none" ? "" : `:value:${typeof value === "object" ? `(${value.words})` : action}`;
    const names = flag.short === undefined ? `'--${flag.name}` : `{-${flag.short},--${flag.name}}'`;
    return `        ${names}[${quoted(flag.help.replace(/[\[\]\\:]/g, "\\$&"))}]${message}'`;
  });
  // Without the last one, nothing is completed after an argument.
  const all = [...specs, takesFiles(script) ? "        '*:file:_files'" : "        '*:argument: '"];
  return `    ${name})\n      _arguments -s \\\n${all.join(" \\\n")} ;;`;
}

function fish(scripts: readonly ScriptHelp[], { first, whole, second }: Words): string {
  const typed = (words: string): string => `test "$(__plainwire_typed)" = "${words}"`;
  const items = (when: string, words: readonly ScriptHelp[]): string[] =>
    words.map(({ name, summary }) => `${fishItem(when)} -a ${name} ${said(summary)}`);
  return `# fish completion for plainwire; to keep it:
# mkdir -p ~/.config/fish/completions
# plainwire completion fish > ~/.config/fish/completions/plainwire.fish
function __plainwire_typed
  commandline -opc | string join ' '
end
function __plainwire_runs
  set -l words (commandline -opc)
  test "$words[2]" = $argv[1]; or test "$words[2]:$words[3]" = $argv[1]
end
complete -c plainwire -f
${items(typed("plainwire"), first).join("\n")}
${items(`${typed("plainwire")}; and string match -q "*:*" -- (commandline -ct)`, whole).join("\n")}
${[...second].flatMap(([folder, words]) => items(typed(`plainwire ${folder}`), words)).join("\n")}
${scripts.flatMap(fishFlags).join("\n")}
`;
}

function fishItem(when: string): string {
  return `complete -c plainwire -n '${when}'`;
}

function said(help: string): string {
  return `-d '${help.replace(/['\\]/g, "\\$&")}'`;
}

function fishFlags(script: ScriptHelp): string[] {
  const { name, flags } = script;
  const lines = flags.map((flag) => {
    const value = valueOf(flag);
    const short = flag.short === undefined ? "" : ` -s ${flag.short}`;
    const takes = { file: " -r -F", folder: " -x -a '(__fish_complete_directories)'", any: " -x", none: "" };
    const argument = typeof value === "object" ? ` -x -a '${value.words}'` : takes[value];
    return `${fishItem(`__plainwire_runs ${name}`)} -l ${flag.name}${short}${argument} ${said(flag.help)}`;
  });
  return takesFiles(script) ? [...lines, `${fishItem(`__plainwire_runs ${name}`)} -F`] : lines;
}
