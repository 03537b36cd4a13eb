import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { listenTcp } from "../../../lib/net/listen.ts";
import { listenNode } from "../../../lib/net/node_listener.ts";
import { Failure } from "../../../lib/errors.ts";
import { RawClient } from "../../support/sockets.ts";
import { turn } from "../../support/time.ts";

const AT = { hostname: "127.0.0.1", port: 0 };

Deno.test("NodeListener: a client that sends before it is accepted loses nothing", async () => {
  using listener = listenTcp(await listenNode(AT), AT);
  using client = await RawClient.connect(listener.addr.port);
  await client.send("early");
  await client.end();
  const socket = await listener.accept();
  const buffer = new Uint8Array(100);
  let text = "";
  for (let count; (count = await socket.read(buffer)) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  assertEquals(text, "early");
  await socket.write(new TextEncoder().encode("late"));
  await socket.closeWrite();
  assertEquals(await client.rest(), "late");
  socket.close();
});

Deno.test("NodeListener: its sockets are reset", async () => {
  using listener = listenTcp(await listenNode(AT), AT);
  using client = await RawClient.connect(listener.addr.port);
  (await listener.accept()).reset?.();
  await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
});

Deno.test("NodeListener: closing ends a pending accept", async () => {
  const listener = listenTcp(await listenNode(AT), AT);
  const pending = assertRejects(() => listener.accept(), Deno.errors.BadResource);
  listener.close();
  listener.close();
  await pending;
  await assertRejects(() => Deno.connect({ ...AT, port: listener.addr.port }), Deno.errors.ConnectionRefused);
});

Deno.test("NodeListener: closing ends connections that nobody has accepted", async () => {
  const listener = listenTcp(await listenNode(AT), AT);
  using first = await RawClient.connect(listener.addr.port);
  using second = await RawClient.connect(listener.addr.port);
  (await listener.accept()).close();
  // The second one has arrived by now, or the system still has it.
  for (let turns = 0; turns < 20; turns++) await turn();
  listener.close();
  for (const client of [first, second]) {
    const end = await client.read().catch((error) => error);
    assert(end === null || end instanceof Deno.errors.ConnectionReset, String(end));
  }
});

Deno.test("listenNode(): what is in the way is told as of Deno.listen", async () => {
  using taken = Deno.listen(AT);
  const at = { ...AT, port: taken.addr.port };
  const open = await listenNode(at);
  const failure = assertThrows(() => listenTcp(open, at), Failure, "another program holds the port");
  assertEquals(failure.code, 9);
  const away = { hostname: "192.0.2.1", port: 0 };
  const nowhere = await listenNode(away);
  assertThrows(() => listenTcp(nowhere, away), Failure, "is not an address of this machine");
});
