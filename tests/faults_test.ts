/** Faults on purpose on the scripts' own sockets, with the permissions of their tasks. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { atPort, eventsIn, run, startServer } from "./support/script.ts";
import { modulesOf } from "./support/modules.ts";
import { wireEvents } from "./support/capture_files.ts";
import { RawClient } from "./support/sockets.ts";

/** The texts of the messages that a script received, in its JSON events. */
function received(stdout: string): unknown[] {
  return eventsIn(stdout).flatMap(({ event, text }) => event === "received" ? [text] : []);
}

/** How often each fault happened in a run. */
function counts(stdout: string): unknown {
  return eventsIn(stdout).find(({ event }) => event === "faults")?.counts;
}

Deno.test("without a fault flag, nothing of the faults and of node:net is loaded", async () => {
  const scripts = ["tcp/server.ts", "tcp/client.ts", "udp/server.ts", "udp/client.ts", "http/threads/worker.ts"];
  const modules = new Map((await modulesOf(scripts)).map((module) => [module.file, module]));
  const loaded = new Set<string>(scripts);
  for (const file of loaded) {
    const { imports = [], deferred = [] } = modules.get(file) ?? {};
    for (const imported of imports) if (!deferred.includes(imported)) loaded.add(imported);
  }
  assert(loaded.has("lib/script/sockets.ts") && loaded.has("lib/faults/plan.ts"));
  const late = [...loaded].filter((file) =>
    /faulty|lib\/faults\/|pure-rand|node_(socket|listener)|^node:net$/.test(file)
  );
  // Types, and what the flags are made from.
  assertEquals(late.sort(), ["fault", "plan", "syntax"].map((name) => `lib/faults/${name}.ts`));
});

Deno.test("tcp: a message that is sent byte by byte is still one message, on either side", async () => {
  await using server = await startServer("tcp:server", ["--echo", "--json", "--split", "1"]);
  const { code, stdout, stderr } = await run("tcp:client", [
    ...atPort("tcp:client", server.port),
    ...["--message", "Grüße", "--gap", "0", "--split", "1"],
  ]);
  assertEquals([code, stdout], [0, "Grüße\n"]);
  assertMatch(stderr, /^\[\+\] Faults on purpose: --split 1\n/);
  assertMatch(stderr, /^\[!\] Fault, #1, out, byte \d+: .+$/m);
  assertMatch(stderr, /^\[\+\] Faults: \d+ split\n\[\+\] Done: a reply of 8 bytes/m);
  const log = await server.script.stop();
  assertEquals(Object.keys(counts(log.stdout) ?? {}), ["split"]);
});

Deno.test("udp: the same seed loses the same datagrams, and another one others", async () => {
  await using server = await startServer("udp:server", ["--echo"]);
  const series = ["--count", "12", "--interval", "0.01", "--timeout", "0.5", "--json", "--loss", "30%", "--trace"];
  const lost = async (seed: string): Promise<unknown> => {
    const { stdout } = await run("udp:client", [...atPort("udp:client", server.port), ...series, "--seed", seed]);
    const events = eventsIn(stdout);
    // The trace lies above the faults: it shows what was lost as sent.
    assertEquals(events.filter(({ event, direction }) => event === "trace" && direction === "out").length, 12);
    return events.flatMap(({ event, id, direction }) => event === "fault" ? [`${id} ${direction}`] : []).toSorted();
  };
  const [first, again, other] = await Promise.all([lost("7"), lost("7"), lost("8")]);
  assert(Array.isArray(first) && first.length > 0, "something is lost");
  assertEquals(again, first);
  assert(JSON.stringify(other) !== JSON.stringify(first));
});

Deno.test("--reset-after on one side ends the other with code 6", async () => {
  await using resetting = await startServer("tcp:server", ["--echo", "--reset-after", "5"]);
  // On a busy machine, a pause before the reset would end a message.
  const args = [...atPort("tcp:client", resetting.port), "--message", "Hello", "--gap", "0"];
  const { code, stderr } = await run("tcp:client", args);
  assertEquals(code, 6, stderr);
  assertMatch(stderr, /\[!\] .* reset/);
  await using server = await startServer("sum:server", ["--json", "--gap", "0"]);
  const client = await run("sum:client", [...atPort("sum:client", server.port), "--number", "7", "--reset-after", "5"]);
  assertMatch(client.stderr, /^\[!\] Fault, #1, out, byte 5: /m);
  await server.script.until(/"event":"reset","id":1/);
});

Deno.test("http: --rate slows the answers down, on workers too", async () => {
  for (const [task, ...args] of [["http:server"], ["http:threaded", "--workers", "1"]] as const) {
    await using server = await startServer(task, [...args, "--json", "--rate", "100k", "--slow-read", "1M"]);
    const started = performance.now();
    using client = await RawClient.connect(server.port);
    await client.send("GET /bytes/30000 HTTP/1.0\r\n\r\n");
    assertMatch(await client.rest(), /^HTTP\/1\.1 200 OK\r\n/);
    const duration = performance.now() - started;
    assert(duration > 150, `${duration} ms`);
    const { stdout } = await server.script.stop();
    assertEquals(Object.hasOwn(counts(stdout) as object, "rate"), true, stdout);
  }
});

Deno.test("http:threaded cannot reset: it says so", async () => {
  const { code, stderr } = await run("http:threaded", ["--reset-after", "9", "--once", "--workers", "2"]);
  assertEquals([code, stderr], [2, "[!] Cannot use --reset-after with http:threaded: use http:server\n"]);
});

Deno.test("chat: a room over a line that cuts characters and delays", async () => {
  await using server = await startServer("chat:server", ["--bind", "127.0.0.1", "--split", "utf8", "--delay", "5ms"]);
  const args = [...atPort("chat:client", server.port), "--name", "Zoë", "--split", "utf8"];
  const { code, stderr } = await run("chat:client", args, { input: "grüß euch 😀\n/quit\n" });
  assertEquals(code, 0);
  assertMatch(stderr, /^\[\+\] Faults: \d+ split$/m);
  await server.script.until(/^Zoë: grüß euch 😀$/m);
  assertMatch((await server.script.stop()).stdout, /^\[\+\] Faults: \d+ split, everything delayed$/m);
});

Deno.test("sum: a name in UTF-8 that is cut inside its characters, and datagrams that arrive twice", async () => {
  await using server = await startServer("sum:server", ["--name", "Bob", "--number", "58", "--json"]);
  const args = [...atPort("sum:client", server.port), "--name", "Zoë 😀", "--number", "42", "--split", "utf8"];
  const { code, stdout } = await run("sum:client", args);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Client name: Zoë 😀\n");
  await server.script.until(/"received"/);
  assertEquals(received(server.script.stdout), ["Zoë 😀: 42"]);

  await using udp = await startServer("sum:udp-server", ["--number", "58", "--duplicate", "100%", "--json"]);
  const asked = await run("sum:udp-client", [...atPort("sum:udp-client", udp.port), "--number", "42"]);
  assertEquals(asked.code, 0);
  await udp.script.until(/repeated its question/);
  assertMatch(
    (await udp.script.stop()).stdout,
    /"event":"faults","plan":"--duplicate 100% --seed \d+","counts":\{"duplicate":\d\}/,
  );
});

Deno.test("the faults lie below TLS and below what shows the wire", async () => {
  await using folder = await temporary();
  await using server = await startServer("tcp:server", ["--tls", "--ephemeral", "--echo", "--json"]);
  const capture = `${folder.path}/a.pcapng`;
  const { code, stdout, stderr } = await run("tcp:client", [
    ...atPort("tcp:client", server.port),
    ...["--tls", "--tls-insecure", "--message", "secret", "--explain", "--capture", capture],
    ...["--split", "3", "--delay", "20ms"],
  ]);
  assertEquals([code, stdout], [0, "secret\n"], stderr);
  // Hundreds of pieces under TLS, one write above it.
  assertMatch(stderr, /^\[\+\] Faults: [\d,]{3,} split, everything delayed$/m);
  // The last bytes, close_notify, arrive although the client is done.
  await server.script.until(/"event":"closed"/);
  assertEquals(eventsIn(server.script.stdout).filter(({ event }) => event === "reset" || event === "error"), []);
  const told = await Array.fromAsync(wireEvents([await Deno.readFile(capture)]));
  const sent = told.filter(({ call, bytes }) => call === "write" && bytes !== null);
  assertEquals(sent.map(({ bytes }) => new TextDecoder().decode(bytes ?? undefined)), ["secret\n"]);
});

Deno.test("udp: what was sent still arrives from a server that ends, and --quiet tells no fault", async () => {
  await using server = await startServer("udp:server", ["--once", "--delay", "50ms"]);
  const args = [...atPort("udp:client", server.port), "--quiet", "--retries", "0", "--delay", "10ms"];
  assertEquals(await run("udp:client", args), { code: 0, stdout: "Hello from server!", stderr: "" });
  assertMatch(
    (await server.script.ended()).stdout,
    /\n\[\+\] Faults: everything delayed\n\[\+\] Done: 1 datagram received/,
  );
});

/** A folder where the scripts may write, removed afterwards. */
async function temporary(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "plainwire-faults-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
