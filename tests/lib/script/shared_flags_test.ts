import { assert, assertEquals, assertThrows } from "@std/assert";
import { NO_EVENTS } from "../../../lib/events.ts";
import { UsageError } from "../../../lib/errors.ts";
import { NO_FAULTS } from "../../../lib/faults/plan.ts";
import { parseFlags } from "../../../lib/script/flags.ts";
import {
  admissionFlags,
  bindFlags,
  commonFlags,
  framingFlags,
  peerFlags,
  serveOptions,
} from "../../../lib/script/shared_flags.ts";

const permissions = "none";

const serverFlags = {
  ...bindFlags({ bind: "0.0.0.0", port: 23456 }),
  ...admissionFlags,
  ...framingFlags,
  ...commonFlags,
};

Deno.test("a server's flags have the contract's names, short forms and defaults", { permissions }, () => {
  const { values } = parseFlags(serverFlags, []);
  assertEquals(values, {
    bind: "0.0.0.0",
    port: 23456,
    once: false,
    maxConnections: 10_000,
    maxMemory: 256,
    allow: [],
    gap: 100,
    maxMessage: 65536,
    explain: false,
    trace: undefined,
    capture: undefined,
    captureMax: undefined,
    diagram: undefined,
    inspect: undefined,
    ...NO_FAULTS,
    seed: undefined,
    timeout: 0,
    json: false,
    quiet: false,
    help: false,
    version: false,
  });
  const short = parseFlags(serverFlags, ["-b", "::", "-p", "0", "-t", "1.5", "-qhV"]).values;
  assertEquals([short.bind, short.port, short.timeout, short.quiet, short.help, short.version], [
    "::",
    0,
    1.5,
    true,
    true,
    true,
  ]);
});

Deno.test("a client's flags have the contract's names, short forms and defaults", { permissions }, () => {
  const flags = peerFlags({ port: 12000 });
  assertEquals(parseFlags(flags, []).values, { host: "127.0.0.1", port: 12000 });
  assertEquals(parseFlags(flags, ["-H", "[::1]", "-p9"]).values, { host: "::1", port: 9 });
  assertThrows(() => parseFlags(flags, ["--port", "0"]), UsageError);
});

Deno.test("the shared limits have bounds", { permissions }, () => {
  for (const args of [["--gap", "-1"], ["--gap", "60001"], ["--max-message", "0"], ["--max-connections", "-1"]]) {
    assertThrows(() => parseFlags(serverFlags, args), UsageError, `--${args[0]?.slice(2)}`);
  }
});

Deno.test("serveOptions() converts seconds to milliseconds and fills in the framing", { permissions }, () => {
  const { values } = parseFlags(serverFlags, ["-t", "2.5", "--once", "--max-connections=3", "--allow=::1", "--gap=0"]);
  const { signal } = new AbortController();
  const options = serveOptions({ options: values, events: NO_EVENTS, signal, wire: undefined, faults: undefined });
  assertEquals([options.timeout, options.once, options.maxConnections, options.gap], [2500, true, 3, 0]);
  assertEquals(options.allow?.length, 1);
  const { gap: _, maxMessage: __, ...unframed } = values;
  const defaults = serveOptions({ options: unframed, events: NO_EVENTS, signal, wire: undefined, faults: undefined });
  assert(defaults.gap === 100 && defaults.maxMessage === 65536);
});
