/**
 * install puts the command `plainwire` on the PATH, by `deno install --global`.
 *
 * ```sh
 * deno task install
 * deno run --no-prompt --allow-run --allow-read --allow-write --allow-env lab/install.ts
 * ```
 *
 * Try it:
 *
 * ```
 * $ npx --yes deno@2.9.6 task install
 * $ plainwire
 * ```
 *
 * The command is a small file that starts `plainwire.ts` where it stands: it follows every change here, and ends when this folder moves.
 * `deno uninstall --global plainwire` removes it.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- its report is for people

const ROOT = new URL("../", import.meta.url);
const WINDOWS = Deno.build.os === "windows";

/**
 * Installs the command.
 *
 * `plainwire.ts` needs no import map. With one, `deno install --global` would copy all packages to a folder beside the command, and fail on
 * the frozen lock.
 */
export async function main(args: string[]): Promise<number> {
  if (args.length > 0) {
    console.error(`[!] Cannot use ${JSON.stringify(args[0])}: install takes no arguments`);
    return 2;
  }
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["install", "--global", "--force", "--name", "plainwire", "--no-prompt"],
      ...["--allow-run", "--allow-env", "plainwire.ts"],
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const command = said.split("\n").find((line) => /[/\\]plainwire(\.cmd)?$/.test(line))?.trim();
  if (code !== 0 || command === undefined) {
    console.error(`[!] Cannot install plainwire: ${reasonIn(said)}; DENO_INSTALL_ROOT may name another folder`);
    return 1;
  }
  if (!isOnPath("deno")) await startWithNpx(WINDOWS && !command.endsWith(".cmd") ? `${command}.cmd` : command);
  const folder = command.replace(/[/\\][^/\\]+$/, "");
  console.log(`[+] Installed ${command}`);
  if (!foldersOnPath().includes(folder)) console.log(pathAdvice(folder));
  console.log(
    "[+] Completion for your shell: plainwire completion bash, zsh or fish; its first lines say where to put it",
  );
  return 0;
}

/** Why `deno install` failed: what it says between its warnings and its stack backtrace. */
function reasonIn(said: string): string {
  const [, error = said.trim()] = /^error: (.*)/m.exec(said) ?? [];
  const [, cause] = /^Caused by:\s+(.*)/m.exec(said) ?? [];
  return (cause === undefined ? error : `${error}: ${cause}`).replace(/ \(os error \d+\)$/, "");
}

/** The folders on the PATH, without those that npx and npm add while their own command runs. */
function foldersOnPath(): string[] {
  return (Deno.env.get("PATH") ?? "").split(WINDOWS ? ";" : ":").filter((folder) =>
    !/[/\\]node_modules[/\\]\.bin$/.test(folder)
  );
}

function isOnPath(program: string): boolean {
  return foldersOnPath().some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}${WINDOWS ? ".exe" : ""}`).isFile;
    } catch {
      return false;
    }
  });
}

/** Without Deno on the machine, the command starts the one that npx keeps, or fetches it again. */
async function startWithNpx(command: string): Promise<void> {
  const text = await Deno.readTextFile(command);
  const npx = `npx --yes deno@${Deno.version.deno}`;
  const direct = text.replace(/^exec deno (.*)$/m, (_, rest) => {
    const kept = Deno.execPath().replaceAll("'", "'\\''");
    return `[ -x '${kept}' ] && exec '${kept}' ${rest}\nexec ${npx} ${rest}`;
  });
  await Deno.writeTextFile(command, WINDOWS ? text.replace(/deno(\.exe)? run/, `${npx} run`) : direct);
}

function pathAdvice(folder: string): string {
  const line = WINDOWS ? `setx PATH "%PATH%;${folder}"` : `export PATH="${folder.replace(/["$`\\]/g, "\\$&")}:$PATH"`;
  const where = WINDOWS ? "in a terminal, once" : "to your shell's start file";
  return `[!] ${folder} is not on your PATH yet; add this ${where}:\n  ${line}`;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
