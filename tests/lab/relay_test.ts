/** `lab:relay` as a user runs it. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { within } from "../../lib/within.ts";
import { stepsOf } from "../../lab/capture_file.ts";
import { decodeText } from "../../lib/text.ts";
import { eventsIn, POSIX, run, RunningScript, start, taskArgs } from "../support/script.ts";
import { RawClient, RawPeer, rawServer } from "../support/sockets.ts";
import { atTerminal, TERMINAL } from "../support/terminal.ts";

Deno.test({
  name: "lab:relay obeys commands in JSON, shows the wire of both sides, and ends with its figures",
  ...POSIX,
  fn: async () => {
    const capture = await Deno.makeTempFile({ suffix: ".pcapng" });
    await using server = rawServer(async (client) => {
      await client.until(/\n/);
      await client.send("answer\n");
      await client.end();
    });
    const flags = ["--listen", "tcp:0", "--to", `127.0.0.1:${server.port}`, "--seed", "7", "--explain", "--json"];
    await using relay = start("lab:relay", [...flags, "--capture", capture], { stdin: true });
    const [, port] = await relay.until(/"event":"listening".*"port":(\d+)/);
    await relay.until(/"message":"Forwarding to 127\.0\.0\.1:\d+"/);
    await relay.type('{"set":"delay","value":"1ms","direction":"down"}\n{"command":"stat"}\n{"command":"list"}\n');
    await relay.until(/"event":"result","command":"set","plan":"--seed 7 --down-delay 1ms"/);
    await relay.until(/"event":"warning","message":"Cannot use \\"stat\\": no such command; the nearest is stats"/);
    // The end of its input does not stop it.
    await relay.endInput();
    {
      using client = await RawClient.connect(Number(port));
      await client.send("question\n");
      await client.end();
      assertEquals(await client.rest(), "answer\n");
    }
    await relay.until(/"event":"closed","id":2/);
    const { code, stdout, stderr } = await relay.stop();
    assertEquals([code, stderr], [0, ""]);
    const events = eventsIn(stdout);
    const summary = events.find(({ event }) => event === "summary") ?? {};
    const amount = (pieces: number, bytes: number): object => ({ pieces, bytes });
    assertEquals([summary.transport, summary.connections, summary.plan], ["tcp", 1, "--seed 7 --down-delay 1ms"]);
    const [up, down] = [summary.up, summary.down] as Record<string, unknown>[];
    assertEquals([up?.in, up?.out, down?.in, down?.out], [amount(1, 9), amount(1, 9), amount(1, 7), amount(1, 7)]);
    const explained = events.flatMap((event) => event.event === "explain" ? [event.text] : []).join("\n");
    assertMatch(explained, /connect\(2\) to 127\.0\.0\.1:\d+: SYN out/);
    const flows = new Map<number, string>();
    for await (const { event: { flow, call, bytes } } of stepsOf(capture, { as: "client" })) {
      if (call !== "writing") flows.set(flow, (flows.get(flow) ?? "") + decodeText(bytes ?? new Uint8Array()));
    }
    await Deno.remove(capture);
    assertEquals([...flows], [[1, "question\nanswer\n"], [2, "question\nanswer\n"]]);
  },
});

Deno.test("lab:relay says where it listens and forwards to, and what goes wrong, and takes lines from a pipe", async () => {
  using server = new RawPeer();
  const flags = ["--listen", "udp:0", "--to", `:${server.port}`, "--loss", "100%", "--seed", "7"];
  await using relay = start("lab:relay", flags, { stdin: true });
  const [, port] = await relay.until(/^\[\+\] Listening on 127\.0\.0\.1:(\d+) \(UDP\)$/m);
  await relay.until(/^\[\+\] Faults: --seed 7 --loss 100%$/m);
  assertStringIncludes(relay.stdout, `\n[+] Forwarding to 127.0.0.1:${server.port}\n`);
  assertStringIncludes(relay.stdout, "(--listen udp:0.0.0.0:PORT opens it)");
  using client = new RawPeer();
  await client.send("x", Number(port));
  await relay.until(/Fault, #1, up, datagram 1: lost/);
  await relay.type("clear\n");
  await relay.until(/Faults: none/);
  await client.send("y", Number(port));
  assertEquals((await server.receive()).text, "y");
  await relay.type("quit\n");
  const { code, stdout } = await relay.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /\n {6}DATAGRAMS IN {2}BYTES {2}DATAGRAMS OUT {2}BYTES {2}LOST[^\n]*\nup +2 +2 B +1 +1 B +1 /);
  assertMatch(stdout, /\[\+\] Done: 1 flow, 1 B up, 0 B down\n$/);
});

Deno.test("lab:relay has an input line on a terminal, which completes commands", TERMINAL, async () => {
  using server = new RawPeer();
  await using relay = atTerminal("lab:relay", ["--listen", "udp:0", "--to", `:${server.port}`, "--seed", "7"]);
  await relay.until(/Faults: none \(--seed 7\)/);
  await relay.until(/> /);
  await relay.type("set tru\t");
  await relay.until(/set truncate /);
  await relay.type("3\r");
  await relay.until(/Faults: --seed 7 --truncate 3/);
  await relay.type("\x04");
  assertEquals((await relay.ended()).code, 0);
});

Deno.test("lab:relay ends with 3 if there is no such target, and with 9 if it cannot listen", async () => {
  const unknown = await run("lab:relay", ["--listen", "0", "--to", "no-such-host.invalid:80"]);
  assertEquals(unknown.code, 3);
  assertMatch(unknown.stderr, /^\[!\] Cannot resolve no-such-host\.invalid: .+\n$/);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const busy = await run("lab:relay", ["--listen", `tcp:${taken.addr.port}`, "--to", ":80"]);
  assertEquals(busy.code, 9);
  assertMatch(busy.stderr, /^\[!\] Cannot listen on .+; try --listen tcp:0 for a free one\n$/);
  assert(!busy.stdout.includes("Listening"));
});

Deno.test({
  name: "lab:relay goes on when file descriptors have run out and some are free again (S17)",
  ...POSIX,
  fn: async () => {
    await using server = rawServer(async (client) => {
      for (let bytes; (bytes = await client.read()) !== null;) await client.send(bytes);
    });
    const flags = ["--listen", "0", "--to", `:${server.port}`];
    const limited = new Deno.Command("sh", {
      args: ["-c", 'ulimit -n 48 && exec "$0" "$@"', Deno.execPath(), ...taskArgs("lab:relay"), ...flags],
      cwd: new URL("../../", import.meta.url),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    await using relay = new RunningScript(limited.spawn(), false);
    const [, port] = await relay.until(/Listening on \S+:(\d+)/);
    const held: RawClient[] = [];
    for (let count = 0; count < 60; count++) held.push(await RawClient.connect(Number(port)));
    // The descriptors run out in accept(2), where nothing is logged, or in connect(2), after which a client is reset.
    const last = await RawClient.connect(Number(port));
    held.push(last);
    await last.send("anybody?\n");
    let answer = "";
    await within(last.until(/\n/).then((text) => answer = text, () => {}), 1000);
    assertEquals(answer, "");
    for (const client of held) client.close();
    /** Until the relay has closed enough of them, others are reset too. */
    const served = async (): Promise<string> => {
      using next = await RawClient.connect(Number(port));
      await next.send("still there?\n");
      return await next.until(/\n/).catch((error) => {
        if (error instanceof Deno.errors.ConnectionReset) return "reset";
        throw error;
      });
    };
    answer = "reset";
    for (let tries = 0; answer === "reset" && tries < 1000; tries++) answer = await served();
    assertEquals(answer, "still there?\n");
    assertEquals((await relay.stop()).code, 0);
  },
});
