/**
 * fuzz feeds every parser of strangers' bytes with millions of bytes that nobody would send, and checks what must hold for each of them.
 *
 * ```sh
 * deno task fuzz                           # all targets, 10 million bytes each: about ten minutes
 * deno task fuzz http websocket --seed 7   # these, by the same choices each time
 * deno task fuzz --bytes 300k --seed 1     # the short form
 * ```
 *
 * It ends with 0 if everything held, with 1 if something did not: the input, as short as it gets, is then in a file, and the command that
 * checks it again is printed. What fails goes into `corpus/`, under a name that says what it is, once it is mended.
 *
 * `targets/` has the parsers with the properties that must hold, `second/` the libraries whose opinion is asked, `engine/` what makes
 * inputs, runs the targets and shortens what fails: read `engine/target.ts` and a small target first, such as `targets/telnet.ts`.
 *
 * @module
 */
import { Failure, UsageError } from "../../lib/errors.ts";
import { flag } from "../../lib/script/flag_kinds.ts";
import { flagName, parseFlags } from "../../lib/script/flags.ts";
import { thousands } from "../../lib/text.ts";
import { corpusOf } from "./engine/corpus.ts";
import { hunt, type Hunted } from "./engine/hunt.ts";
import { jsonOf, proseOf, type TargetReport } from "./engine/report.ts";
import { runAll } from "./engine/run.ts";
import { targetNamed, TARGETS } from "./targets.ts";

/** Where failing inputs are written. */
const FOUND = "tests/fuzz/found";

/** The flags of the task. */
const FLAGS = {
  bytes: flag.size("bytes of input for each target", { default: 10_000_000, min: 1, shown: "10M" }),
  seed: flag.integer("seed of the inputs: the same seed makes the same ones", {
    default: undefined,
    min: 0,
    max: 2 ** 32 - 1,
    shown: "drawn at random, and told",
  }),
  input: flag.path("check this file only, with the one target that is named", { default: undefined }),
  json: flag.on("one JSON object for each target on stdout"),
  list: flag.on("print the targets and what is checked"),
  help: flag.on("print this help", { short: "h" }),
};

function help(): string {
  const rows = Object.entries(FLAGS).map(([key, { placeholder = "", help, shown }]) => {
    const left = `${flagName(key)} ${placeholder}`.trim();
    return `  ${left.padEnd(14)}${help}${shown === undefined ? "" : ` (default ${shown})`}`;
  });
  return [
    "fuzz: Feeds every parser of strangers' bytes with bytes that nobody would send",
    "",
    "Usage: deno task fuzz [TARGET...] [flags]",
    "",
    ...rows,
    "",
    "Exit codes: 0 everything held · 1 something did not · 2 misuse",
  ]
    .join("\n");
}

/** The targets of these names; all if there are none. */
function selected(names: readonly string[]): typeof TARGETS {
  const unknown = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Cannot fuzz ${JSON.stringify(unknown)}: the targets are ${TARGETS.map(({ name }) => name).join(", ")}`,
    );
  }
  return TARGETS.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** Checks one file. */
async function checkFile(names: readonly string[], file: string): Promise<TargetReport> {
  const [name = "", ...more] = names;
  if (name === "" || more.length > 0) throw new UsageError("Cannot use --input: it needs the name of one target");
  const [target = targetNamed(name)] = selected([name]);
  const input = await Deno.readFile(file).catch((error: Error) => {
    const why = error instanceof Deno.errors.NotCapable ? "the task may read files in this folder only" : error.message;
    throw new UsageError(`Cannot read ${file}: ${why}`);
  });
  const started = performance.now();
  const only = { ...target, seeds: [], edges: [] };
  const hunted: Hunted = await hunt(only, { seed: 0, bytes: 0, corpus: [input] });
  return { target: name, ...hunted, bytes: input.length, duration: performance.now() - started, file };
}

/** Runs the task; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values, operands } = parseFlags(FLAGS, args, { operands: true });
    // deno-lint-ignore no-console -- a task's output
    const print = console.log;
    if (values.help) {
      print(help());
      return 0;
    }
    if (values.list) {
      for (const { name, what } of selected(operands)) print(`${name.padEnd(12)} ${what}`);
      return 0;
    }
    const shown = values.json ? jsonOf : proseOf;
    if (values.input !== undefined) {
      const report = await checkFile(operands, values.input);
      print(shown(report));
      return report.finding === null ? 0 : 1;
    }
    const seed = values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    const targets = selected(operands);
    print(
      values.json
        ? JSON.stringify({ event: "fuzzing", seed, bytes: values.bytes })
        : `[+] Seed ${seed}, ${thousands(values.bytes)} bytes for each target`,
    );
    const corpus = async (name: string): Promise<Uint8Array[]> => (await corpusOf(name)).map(({ input }) => input);
    return await runAll({
      targets,
      seed,
      bytes: values.bytes,
      corpus,
      folder: FOUND,
      onReport: (report) => print(shown(report)),
      progress: !values.json,
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // deno-lint-ignore no-console -- a task's output
    console.error(`[!] ${error.message}`);
    return error.code;
  }
}

if (import.meta.main) {
  Deno.addSignalListener("SIGINT", () => {
    // Below the line of the progress.
    // deno-lint-ignore no-console -- a task's output
    console.error("\n[!] Exiting...");
    Deno.exit(130);
  });
  Deno.exit(await main(Deno.args));
}
