/** The completion scripts of `plainwire`, in the real shells. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { launch, needsPrograms, peer } from "./support.ts";

const PLAINWIRE = new URL("../../plainwire.ts", import.meta.url).pathname;
const folder = await Deno.makeTempDir({ prefix: "plainwire-shell-" });
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Writes the completion script of a shell to a file. */
async function written(shell: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-run", "--allow-env", PLAINWIRE, "completion", shell],
    env: { XDG_CONFIG_HOME: folder },
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  await Deno.writeFile(`${folder}/completion.${shell}`, stdout);
  await Deno.writeTextFile(`${folder}/one.pem`, "");
  await Deno.mkdir(`${folder}/inner`, { recursive: true });
  return `${folder}/completion.${shell}`;
}

/** What is typed, and what a shell offers then. */
const CASES: readonly (readonly [string, string])[] = [
  ["plainwire ", "chat completion demo http lab sum tcp tls udp wire"],
  ["plainwire t", "tcp tls"],
  ["plainwire tcp ", "basic-client basic-server client server"],
  ["plainwire completion ", "bash fish zsh"],
  ["plainwire chat server --mode ", "room turns"],
  ["plainwire chat:server --mode ", "room turns"],
  ["plainwire tcp server --ec", "--echo"],
  ["plainwire tcp:client --trust", "--trust-first"],
  ["plainwire tcp client :9000 --cou", "--count"],
  ["plainwire tcp client localhost 9000 --cou", "--count"],
  ["plainwire tcp:server 9000 --ec", "--echo"],
  ["plainwire tcp server --split ", "random utf8"],
  ["plainwire tcp server --los", "--loss"],
  ["plainwire tls cert localhost --ou", "--out"],
  ["plainwire wire ", "replay show"],
  ["plainwire wire replay --as ", "client server"],
  ["plainwire wire replay --no-w", "--no-wait"],
  [`plainwire wire replay ${folder}/o`, `${folder}/one.pem`],
  [`plainwire wire:show --trace ${folder}/o`, `${folder}/one.pem`],
  [`plainwire tcp server 9000 --cert ${folder}/o`, `${folder}/one.pem`],
  [`plainwire tcp server --cert ${folder}/o`, `${folder}/one.pem`],
  [`plainwire http server --dir ${folder}/i`, `${folder}/inner`],
];

Deno.test("bash completes scripts, flags and their values", await needsPrograms("bash"), async () => {
  const file = await written("bash");
  const offer =
    `offer() { COMP_LINE=$1 COMP_POINT=\${#1} COMPREPLY=(); _plainwire 2>/dev/null; echo $(printf '%s\\n' "\${COMPREPLY[@]}" | LC_ALL=C sort); }`;
  const lines = CASES.map(([typed]) => `offer '${typed}'`);
  const { stdout, stderr } = await peer("bash", ["-c", [`source ${file}`, offer, ...lines].join("\n")]);
  assertEquals([stdout.trimEnd().split("\n"), stderr], [CASES.map(([, offered]) => offered), ""]);
  // bash takes the part behind the colon for the word.
  const { stdout: colon } = await peer("bash", ["-c", `source ${file}\n${offer}\noffer 'plainwire tcp:'`]);
  assertEquals(colon, "basic-client basic-server client server\n");
});

Deno.test(
  "fish completes scripts, flags and their values, with what they mean",
  await needsPrograms("fish"),
  async () => {
    const file = await written("fish");
    const offered = async (typed: string): Promise<string[]> => {
      // It makes folders for its history wherever HOME is.
      const home = [`HOME=${folder}`, `XDG_CONFIG_HOME=${folder}`, `XDG_DATA_HOME=${folder}`];
      const complete = ["fish", "--no-config", "-c", `source ${file}; complete -C '${typed}'`];
      const { stdout, stderr } = await peer("env", [...home, ...complete]);
      assertEquals(stderr, "");
      return stdout.trimEnd().split("\n");
    };
    for (const [typed, words] of CASES) {
      const names = (await offered(typed)).map((line) => line.replace(/\t.*/, "").replace(/\/$/, ""));
      assertEquals(names.sort(), words.split(" "), typed);
    }
    assertStringIncludes((await offered("plainwire tcp server --ec")).join(""), "\tsend every byte back");
    assertEquals((await offered("plainwire tcp:s"))[0]?.split("\t")[0], "tcp:server");
  },
);

Deno.test(
  "zsh completes scripts, flags and their values",
  await needsPrograms("zsh", "script"),
  async () => {
    const file = await written("zsh");
    // What is offered goes to a file, so that no screen has to be read. A call with -O, -A or -D only asks what matches.
    await Deno.writeTextFile(
      `${folder}/zshrc`,
      `autoload -Uz compinit; compinit -u -D; source ${file}
compadd() {
  if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
    local -a hits
    builtin compadd -O hits "$@"
    (($#hits)) && print -rl -- $hits >> ${folder}/hits
  fi
  builtin compadd "$@"
}
PROMPT='ready$ '
`,
    );
    await using shell = launch("script", ["-qec", "zsh -f -i", "/dev/null"]);
    await shell.type(`source ${folder}/zshrc\n`);
    await shell.until(/ready\$ /);
    // Ctrl-U clears the line.
    const keys = CASES.map(([typed]) => `${typed}\t\x15print next >> ${folder}/hits\n`);
    await shell.type(`${keys.join("")}exit\n`);
    await shell.ended();
    const offers = (await Deno.readTextFile(`${folder}/hits`)).split("next\n");
    for (const [index, [typed, words]] of CASES.entries()) {
      const hits = new Set(offers[index]?.trimEnd().split("\n"));
      const expected = words.replaceAll(`${folder}/`, "").split(" ");
      assertEquals(expected.filter((word) => !hits.has(word)), [], `${typed}: ${[...hits].join(" ")}`);
    }
  },
);
