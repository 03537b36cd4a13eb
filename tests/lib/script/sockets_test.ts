import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { Failure } from "../../../lib/errors.ts";
import type { NetEvent } from "../../../lib/events.ts";
import type { Fault } from "../../../lib/faults/fault.ts";
import { faultFlags } from "../../../lib/script/fault_flags.ts";
import { parseFlags } from "../../../lib/script/flags.ts";
import { type Sockets, withFaults } from "../../../lib/script/sockets.ts";
import type { Opener } from "../../../lib/stream/dial.ts";

/** Does some work with the sockets of a run; returns what it told. */
async function during(
  name: string,
  args: readonly string[],
  work: (sockets: Sockets) => unknown,
  { detailed = true, json = false } = {},
): Promise<NetEvent[]> {
  const told: NetEvent[] = [];
  // As long as a line of the log.
  const events = { detailed, emit: (event: NetEvent): unknown => told.push(event), sizeOf: () => 50 };
  const { values, given } = parseFlags(faultFlags, args);
  await withFaults({ name, events, options: { ...values, json }, given }, async (sockets) => void await work(sockets));
  return told;
}

/** The prose of events, one line each. */
function linesOf(events: readonly NetEvent[]): string[] {
  return events.map((event) => {
    if (event.event === "notice") return event.message;
    const [line = ""] = event.event === "fault" || event.event === "faults" ? event.prose : [];
    return typeof line === "string" ? line : line.text;
  });
}

const lost = (where: number): Fault => ({ flow: 3, direction: "out", kind: "loss", where, detail: "200ms later" });
const open: Opener = () => Promise.reject(new Error("not opened"));

Deno.test("without a fault the sockets are the platform's own, and nothing is told", async () => {
  const socket = {
    addr: { transport: "udp", hostname: "127.0.0.1", port: 1 } as const,
    receive: () => Promise.reject(new Error()),
    send: () => Promise.resolve(0),
    close: () => {},
  };
  const told = await during("tcp:server", [], async (sockets) => {
    assertEquals(sockets.faults, undefined);
    assertStrictEquals(sockets.wrap(socket), socket);
    assertStrictEquals(sockets.opener(open), open);
    const at = { hostname: "127.0.0.1", port: 0 };
    using listener = Deno.listen(at);
    assertStrictEquals(await sockets.listenTcp(() => listener, at), listener);
  });
  assertEquals(told, []);
});

Deno.test("a run with faults says which, tells each, and counts them at its end", async () => {
  const told = await during("udp:client", ["--loss", "30%", "--seed", "7"], async ({ faults }) => {
    faults?.tell({ flow: 1, direction: "in", kind: "resetAfter", where: 5, detail: "reset" });
    await Promise.resolve();
  });
  assertEquals(linesOf(told), [
    "Faults on purpose: --loss 30% --seed 7",
    "Fault, #1, in, byte 5: reset",
    "Faults: 1 reset",
  ]);
  const { prose: _, ...event } = told[1] as NetEvent & { prose: unknown };
  assertEquals(event as unknown, {
    ...{ event: "fault", id: 1, transport: "tcp", direction: "in", kind: "resetAfter", where: 5, detail: "reset" },
  });
  assertEquals(linesOf(await during("udp:client", ["--delay", "1", "--seed", "7"], () => {})), [
    "Faults on purpose: --delay 1ms --seed 7",
    "Faults: none happened",
  ]);
});

Deno.test("loss under TCP is said to be modelled", async () => {
  const [notice = ""] = linesOf(await during("tcp:client", ["--loss", "5%", "--seed", "7"], () => {}));
  assertMatch(notice, /^Faults on purpose: --loss 5% --seed 7\. Nothing can be lost under TCP from here: /);
});

Deno.test("a flood of faults is told at a limited rate, and counted whole", async () => {
  const flood = ({ faults }: Sockets): void => {
    for (let where = 0; where < 5000; where++) faults?.tell(lost(where));
  };
  const args = ["--loss", "30%", "--seed", "7"];
  for (
    const [options, least, most] of [[{}, 50, 500], [{ json: true }, 1000, 5000], [{ detailed: false }, 0, 0]] as const
  ) {
    const told = await during("tcp:client", args, flood, options);
    const count = told.filter(({ event }) => event === "fault").length;
    assert(count >= least && count <= most, `${count} ${JSON.stringify(options)}`);
    const total = told.at(-1);
    assertEquals(total?.event === "faults" ? total.counts : null, { loss: 5000 });
    assertEquals(linesOf(told).at(-1), "Faults: 5,000 sent again");
  }
});

Deno.test("the work's failure passes, and the faults are counted before it", async () => {
  const told: NetEvent[] = [];
  const events = { detailed: true, emit: (event: NetEvent): unknown => told.push(event) };
  const { values: options, given } = parseFlags(faultFlags, ["--delay", "1"]);
  const failing = withFaults(
    { name: "tcp:client", events, options, given },
    () => Promise.reject(new Failure(4, "gone")),
  );
  await assertRejects(() => failing, Failure, "gone");
  assertEquals(told.at(-1)?.event, "faults");
});

Deno.test("with --reset-after the sockets are those of node:net, which can send RST", async () => {
  await during("tcp:client", ["--reset-after", "5"], async (sockets) => {
    const connect = sockets.opener(open);
    const at = { hostname: "127.0.0.1", port: 0 };
    const never = (): never => {
      throw new Error("not called");
    };
    using listener = await sockets.listenTcp(never, at);
    const [socket, accepted] = await Promise.all([connect({ port: listener.addr.port }), listener.accept()]);
    assert(socket.reset !== undefined && accepted.reset !== undefined);
    accepted.reset();
    await assertRejects(() => socket.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
    socket.close();
    await assertRejects(
      () => sockets.listenTcp(never, { ...at, port: listener.addr.port }),
      Failure,
      "Cannot listen on",
    );
  });
});
