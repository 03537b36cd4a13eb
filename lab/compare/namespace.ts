/**
 * A run in a Linux network namespace of its own (network_namespaces(7)), with the kernel's faults on its loopback.
 *
 * The namespace ends with the process that runs in it. The machine's own network is not touched.
 *
 * @module
 */
import { Exit, Failure } from "../../lib/errors.ts";
import { decodeText } from "../../lib/text.ts";

/** What runs there. */
export interface Inner {
  /** The arguments of netem. */
  readonly netem: readonly string[];
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly signal: AbortSignal;
  /** Additional environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The shell's exit codes for what goes wrong before the program starts. */
const [NO_TOOLS, NO_LOOPBACK, NO_NETEM] = [121, 122, 123];

/** The shell script that sets up the namespace it runs in, and then becomes the program. */
function setUp(netem: readonly string[]): string {
  return [
    // On some systems these are not on a user's PATH.
    "PATH=$PATH:/usr/sbin:/sbin",
    `command -v ip >/dev/null && command -v tc >/dev/null || exit ${NO_TOOLS}`,
    `ip link set lo up || exit ${NO_LOOPBACK}`,
    `tc qdisc add dev lo root netem ${netem.join(" ")} || exit ${NO_NETEM}`,
    'exec "$@"',
  ].join("\n");
}

/**
 * Runs a program in a network namespace of its own.
 *
 * @returns The lines that it printed.
 * @throws {Failure} The system cannot do this or does not permit it, and the message says why; or the program failed.
 */
export async function runInNamespace({ netem, command, signal, env = {} }: Inner): Promise<string[]> {
  if (Deno.build.os !== "linux") throw missing("only Linux has it; without --netem, the script makes the faults");
  const args = ["--", "sh", "-c", setUp(netem), "sh", ...command];
  let result = await output(["--net", ...args], { signal, env });
  // Where users may create namespaces, root is not needed.
  if (isForbidden(result)) result = await output(["--map-root-user", "--net", ...args], { signal, env });
  const { code, stdout, stderr } = result;
  if (code === 0) return stdout.trimEnd().split("\n");
  throw failureOf(code, stderr, stdout);
}

/** How `unshare` ended. */
interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function output(
  args: readonly string[],
  { signal, env }: Required<Pick<Inner, "signal" | "env">>,
): Promise<Output> {
  try {
    const command = new Deno.Command("unshare", { args: [...args], env: { ...env }, stdin: "null", signal });
    const { code, stdout, stderr } = await command.output();
    signal.throwIfAborted();
    return { code, stdout: decodeText(stdout), stderr: decodeText(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw missing("there is no unshare; install util-linux");
    throw error;
  }
}

function isForbidden({ code, stderr }: Output): boolean {
  return code !== 0 && /^unshare: /m.test(stderr);
}

function failureOf(code: number, stderr: string, stdout: string): Failure {
  const [said = ""] = stderr.trim().split("\n");
  if (code === NO_TOOLS) return missing("there is no tc or no ip; install iproute2");
  if (code === NO_LOOPBACK) return missing(`its loopback cannot be started (${said})`);
  if (code === NO_NETEM && /kind is unknown/.test(said)) return missing("this kernel has no netem (module sch_netem)");
  if (code === NO_NETEM) return missing(`tc refuses it (${said})`);
  if (/^unshare: /m.test(stderr)) return missing("a network of its own is not permitted; run it as root");
  const [, message = said] = /"event":"error".*?"message":"((?:[^"\\]|\\.)*)"/.exec(stdout) ?? [];
  return new Failure(Exit.failed, `Cannot measure with --netem: the run in its network failed (${message})`);
}

function missing(state: string): Failure {
  return new Failure(Exit.failed, `Cannot use --netem: ${state}`);
}
