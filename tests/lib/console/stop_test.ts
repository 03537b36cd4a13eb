import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { Stop, StopRequested } from "../../../lib/console/stop.ts";
import { type RunningServer, startServer } from "../../support/script.ts";
import { RawClient } from "../../support/sockets.ts";

/** Windows has no signals to send: a child can only be killed there. */
const signals = { ignore: Deno.build.os === "windows" };

/** A server with an open exchange, so that a stop has something to wait for. */
async function busyServer(): Promise<{ server: RunningServer; client: RawClient }> {
  const server = await startServer("tcp:server", ["--gap", "0"]);
  const client = await RawClient.connect(server.port);
  await client.send("half of a message");
  await server.script.until(/Accepted connection/);
  return { server, client };
}

Deno.test("StopRequested has the exit code that shells expect", { permissions: "none" }, () => {
  const codes = (["SIGHUP", "SIGINT", "SIGTERM", "SIGBREAK", "SIGUSR2"] as const).map((signal) =>
    new StopRequested(signal).code
  );
  assertEquals(codes, [129, 130, 143, 149, 128]);
  assertEquals(new StopRequested("SIGINT").message, "Stopped by SIGINT");
});

Deno.test(
  "Stop.request() aborts with its first reason, and disposal removes the signal listeners",
  { permissions: "none" },
  () => {
    const [first, second] = [new Error("first"), new Error("second")];
    using stop = new Stop();
    assert(!stop.signal.aborted);
    stop.request(first);
    stop.request(second);
    assertEquals([stop.signal.aborted, stop.signal.reason], [true, first]);
  },
);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`${signal} stops an idle server, which exits with 0 (P1)`, signals, async () => {
    await using server = await startServer("tcp:server");
    using client = await RawClient.connect(server.port);
    await server.script.until(/Accepted connection/);
    const { code, stdout, stderr } = await server.script.stop(signal);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.split("\n").filter((line) => line.includes("Exiting...")), ["[!] Exiting..."]);
    assertEquals(await client.rest(), "");
  });
}

Deno.test(
  "signals that repeat within a second count as one: the open exchange still finishes (P1)",
  signals,
  async () => {
    const { server, client } = await busyServer();
    await using _ = server;
    using __ = client;
    server.script.signal("SIGINT");
    server.script.signal("SIGINT");
    await server.script.until(/Exiting/);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) server.script.signal(signal);
    await client.send(", and the rest\n");
    assertEquals(await client.rest(), "Hello from server!\n");
    client.close();
    const { code, stdout } = await server.script.ended();
    assertEquals([code, stdout.split("Exiting...").length], [0, 2]);
  },
);

Deno.test("a signal a second later forces the exit (P1)", signals, async () => {
  const { server, client } = await busyServer();
  await using _ = server;
  using __ = client;
  server.script.signal("SIGINT");
  await server.script.until(/Exiting/);
  // This wait cannot be avoided: a second signal counts only after a second.
  await delay(1050);
  const began = performance.now();
  const { code } = await server.script.stop("SIGINT");
  assertEquals(code, 130);
  assert(performance.now() - began < 2000, "it did not wait for the drain");
});
