/**
 * A script for the tests of `runScript` that ends as `--ending` specifies. Needs no permission.
 *
 * @module
 */
import { Exit, Failure, UsageError } from "../../../lib/errors.ts";
import { flag } from "../../../lib/script/flag_kinds.ts";
import { commonFlags } from "../../../lib/script/shared_flags.ts";
import { canAsk } from "../../../lib/console/prompt.ts";
import { type Run, runScript, type Script } from "../../../lib/script/script.ts";
import { encodeText } from "../../../lib/text.ts";

const flags = {
  ending: flag.text("how to end", { default: "done" }),
  role: flag.choice("whose log it is", ["server", "client"], { default: "client" }),
  ...commonFlags,
};

const script: Script<typeof flags> = {
  name: "run:fixture",
  role: "client",
  summary: "script that ends as specified",
  example: { flags: "--ending done", does: "Ends well." },
  flags,
};

/** Waits for the signal and rejects with its reason, as a client's read does. */
function untilStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    // Nothing else keeps the process alive.
    const timer = setInterval(() => {}, 1000);
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      reject(signal.reason);
    });
  });
}

const ENDINGS: Record<string, (run: Run<typeof flags>) => string | Promise<string>> = {
  done: () => "Done: nothing to do",
  failure: () => {
    throw new Failure(Exit.unreachable, "Cannot connect to \x1b[31mnowhere:1: refused");
  },
  bug: () => {
    throw new TypeError("undefined is not \x1b[31ma function");
  },
  usage: () => {
    throw new UsageError("Cannot use both: choose one");
  },
  wait: async ({ events, signal }) => {
    events.emit({ event: "notice", message: "waiting" });
    return await untilStopped(signal);
  },
  data: async ({ output }) => {
    await output.write(encodeText("da\x1bta"));
    await output.end();
    return "Done: data written";
  },
  flood: async ({ output }) => {
    for (;;) await output.write(new Uint8Array(65536).fill(120));
  },
  log: async ({ events, signal }) => {
    // Line after line: the first may still fit into the pipe before its reader closes it.
    const timer = setInterval(() => events.emit({ event: "result", prose: "another line" }), 10);
    // Like a server: any stop is a success.
    return await untilStopped(signal).catch(() => "Done: served").finally(() => clearInterval(timer));
  },
  request: async ({ stop, signal }) => {
    const stopped = untilStopped(signal);
    stop.request(new Error("the operator has left"));
    return await stopped.catch((error: Error) => `Done: ${error.message}`);
  },
  ask: () => `Done: ${canAsk() ? "can ask" : "cannot ask"}`,
  given: ({ given, options }) => `Done: ${[...given].join()} ${options.timeout}`,
  screen: async ({ redirectTerminal, output }) => {
    const sink = { write: (bytes: Uint8Array) => Promise.resolve(bytes.length) };
    redirectTerminal(sink);
    await output.write(encodeText("taken\n"));
    return "Done: screen taken where there is one";
  },
};

if (import.meta.main) {
  const role = Deno.args.includes("--role=server") ? "server" : "client";
  Deno.exit(
    await runScript({ ...script, role }, Deno.args, async (run) => await ENDINGS[run.options.ending]?.(run) ?? ""),
  );
}
