import { assertEquals, assertRejects } from "@std/assert";
import { CutOffError, ProtocolError } from "../../lib/errors.ts";
import { decodeText } from "../../lib/text.ts";
import { Exchanger } from "../../tcp/exchanger.ts";
import { type RawClient, rawServer } from "../support/sockets.ts";

/** A server that counts its connections. */
function counting(serve: (client: RawClient) => Promise<void>) {
  let connections = 0;
  const server = rawServer(async (client) => {
    connections++;
    await serve(client);
  });
  return Object.assign(server, { connections: () => connections });
}

const exchangerFor = ({ port }: { port: number }): Exchanger =>
  new Exchanger((at) => Deno.connect(at), { hostname: "127.0.0.1", port }, "ask\n", {});

Deno.test("Exchanger uses one connection while the server keeps it open", async () => {
  await using server = counting(async (client) => {
    for (let reply = 1; (await client.until(/ask\n/)) !== ""; reply++) await client.send(`${reply}\n`);
  });
  await using exchanger = exchangerFor(server);
  for (const reply of ["1\n", "2\n", "3\n"]) assertEquals(decodeText(await exchanger.exchange()), reply);
  assertEquals(server.connections(), 1);
});

Deno.test("Exchanger connects for each exchange if the server answers once per connection", async () => {
  await using server = counting(async (client) => {
    await client.until(/ask\n/);
    await client.send("once\n");
  });
  await using exchanger = exchangerFor(server);
  for (let exchange = 0; exchange < 3; exchange++) assertEquals(decodeText(await exchanger.exchange()), "once\n");
  assertEquals(server.connections(), 3);
});

Deno.test("Exchanger fails if the server closes without a reply, instead of retrying forever", async () => {
  await using server = counting(async (client) => {
    await client.until(/ask\n/);
  });
  await using exchanger = exchangerFor(server);
  await assertRejects(() => exchanger.exchange(), CutOffError, "it closed without a reply");
  assertEquals(server.connections(), 1);
});

Deno.test("Exchanger refuses a reply of two lines: the second would be read as the next reply", async () => {
  await using server = counting(async (client) => {
    await client.until(/ask\n/);
    await client.send("one\ntwo\n");
    await client.rest();
  });
  await using exchanger = exchangerFor(server);
  await assertRejects(() => exchanger.exchange(), ProtocolError, "its reply is more than one line");
});
