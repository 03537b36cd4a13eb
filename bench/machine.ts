/**
 * What a benchmark ran on: the machine, and the versions of the programs.
 *
 * @module
 */
import { lastLine, printed } from "./shell.ts";
import type { Results } from "./model.ts";

/** How each figure of the machine is asked for. */
const MACHINE: Readonly<Record<string, string>> = {
  CPU: "sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1",
  cores: "nproc",
  memory: "awk '/^MemTotal/ { printf \"%.0f GB\", $2 * 1024 / 1e9 }' /proc/meminfo",
  kernel: "uname -srm",
  system: '. /etc/os-release && echo "$PRETTY_NAME"',
  descriptors: "ulimit -Hn",
};
/** How each program is asked for its version; the first line counts. */
const VERSIONS: Readonly<Record<string, string>> = {
  Node: "node --version",
  Python: "python3 --version",
  nginx: "nginx -v 2>&1 | sed 's/.*nginx.//'",
  ncat: "ncat --version 2>&1 | sed 's/Ncat: Version //; s/ (.*//'",
  socat: "socat -V | sed -n 's/^socat version \\([^ ]*\\).*/\\1/p'",
  "nats-server": "nats-server --version",
  gcc: "gcc -dumpfullversion",
  OpenSSL: "openssl version",
  wrk: "wrk -v 2>&1 | head -n 1 | sed 's/^wrk \\([^ ]*\\).*/\\1/'",
};

/** Asks for all of it. What is not there is left out. */
export async function describeMachine(): Promise<Pick<Results, "machine" | "versions">> {
  const ask = async (questions: Readonly<Record<string, string>>): Promise<[string, string][]> => {
    const answers = await Promise.all(
      Object.entries(questions).map(async ([name, script]): Promise<[string, string]> => [name, await printed(script)]),
    );
    return answers.filter(([, answer]) => answer !== "").map(([name, answer]) => [name, lastLine(answer) ?? ""]);
  };
  const [machine, versions] = [await ask(MACHINE), await ask(VERSIONS)];
  return { machine, versions: [["Deno", Deno.version.deno], ...versions] };
}
