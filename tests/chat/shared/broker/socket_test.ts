/** What brokers do that are none, or that fail, on a connection of the client library. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { Failure } from "../../../../lib/errors.ts";
import { NO_EVENTS } from "../../../../lib/events.ts";
import { type Broker, openBroker } from "../../../../chat/shared/broker/connection.ts";

const INFO =
  `INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576,"auth_required":false}\r\n`;

/** Something that listens where a broker is expected. */
class Fake implements AsyncDisposable {
  port = 0;
  dials = 0;
  #server: Server;
  #sockets = new Set<Socket>();

  private constructor(each: (socket: Socket, dial: number) => void) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
      each(socket, ++this.dials);
    });
  }

  static async start(each: (socket: Socket, dial: number) => void): Promise<Fake> {
    const fake = new Fake(each);
    fake.#server.listen(0, "127.0.0.1");
    await once(fake.#server, "listening");
    fake.port = (fake.#server.address() as { port: number }).port;
    return fake;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function open({ port }: Fake): Promise<Broker> {
  const { signal } = new AbortController();
  const servers = [`127.0.0.1:${port}`];
  return openBroker({ servers, tls: false, credentials: {}, name: "test", events: NO_EVENTS, signal });
}

/** Fails when anything is printed: the client library prints what it cannot read. */
function quiet(): Disposable {
  const { console: real } = globalThis;
  let said = "";
  globalThis.console = { ...real, log: (...what) => void (said += what.join(" ")) };
  return {
    [Symbol.dispose]() {
      globalThis.console = real;
      assertEquals(said, "");
    },
  };
}

Deno.test("a broker that refuses the credentials and resets the connection at once, 50 times: a failure, no uncaught error", async () => {
  await using fake = await Fake.start((socket) => {
    socket.write(INFO);
    socket.once("data", () => socket.write("-ERR 'Authorization Violation'\r\n", () => socket.resetAndDestroy()));
  });
  const failures = await Promise.all(Array.from({ length: 50 }, () => assertRejects(() => open(fake), Failure)));
  for (const { message } of failures) {
    assertMatch(message, /does not accept these credentials|reset by the peer|no answer/);
  }
});

Deno.test("a broker that resets after each byte of its first line: a failure that says so, and nothing printed", async () => {
  using _ = quiet();
  for (let count = 0; count < INFO.length; count++) {
    await using fake = await Fake.start((socket) => {
      socket.write(INFO.slice(0, count), () => socket.resetAndDestroy());
    });
    const { message } = await assertRejects(() => open(fake), Failure);
    assertMatch(message, /reset by the peer|closed the connection/, `${count} bytes`);
  }
});

const GARBAGE = [
  "\x1b]0;evil\x07\r\n",
  "MSG\r\n",
  "MSG a 1 -5\r\n",
  "MSG a 99999 5\r\nhello\r\n\0\0",
  "HMSG a 1 9 3\r\nxx\r\n\r\n",
  "INFO {\r\n",
  "INFO null\r\n",
  "INFO {}\r\n",
  'INFO {"version":"2.9.10","connect_urls":[1,{}]}\r\n',
  'INFO {"version":"2.9.10","connect_urls":["a b"]}\r\n',
  'INFO {"version":"2.9.10","connect_urls":{"length":3}}\r\n',
  "+OK\r\n-ERR\r\nwhat\r\n",
  "-ERR 'Secure Connection - TLS Required'\r\nGET / HTTP/1.1\r\n",
  "x".repeat(200_000),
];

/** A broker whose first connection goes wrong after the handshake; `again` resolves when the next one is made. */
async function brokenOnce(breaks: (socket: Socket) => void): Promise<{ fake: Fake; again: Promise<void> }> {
  const again = Promise.withResolvers<void>();
  const fake = await Fake.start((socket, dial) => {
    socket.write(INFO);
    socket.on("data", (bytes) => {
      if (!String(bytes).includes("PING")) return;
      socket.write("PONG\r\n");
      if (dial === 1) breaks(socket);
      else again.resolve();
    });
  });
  return { fake, again: again.promise };
}

Deno.test("garbage after the handshake: the connection is made anew, and nothing is printed", async () => {
  using _ = quiet();
  for (const garbage of GARBAGE) {
    const { fake, again } = await brokenOnce((socket) => setTimeout(() => socket.write(garbage), 10));
    await using _fake = fake;
    await using broker = await open(fake);
    await again;
    assertEquals(broker.nats.isClosed(), false);
  }
});

Deno.test("what comes in plain text before TLS, but for the broker's first line, is not believed", async () => {
  const info = INFO.replace("{", '{"tls_required":true,');
  await using fake = await Fake.start((socket) => void socket.write(`${info}MSG plainwire.room.61.all 1 2\r\n{}\r\n`));
  const { message } = await assertRejects(() => open(fake), Failure);
  assertMatch(message, /is not a NATS server/);
});

Deno.test("a broker that stops reading: what waits for it has a limit, then the connection is made anew", async () => {
  const { fake, again } = await brokenOnce((socket) => socket.pause());
  await using _fake = fake;
  await using broker = await open(fake);
  const megabyte = new Uint8Array(1024 * 1024);
  for (let count = 0; count < 30 && fake.dials === 1; count++) {
    broker.nats.publish("a", megabyte);
    await new Promise((resolve) => setTimeout(resolve));
  }
  await again;
  assertEquals(fake.dials, 2);
});

for (
  const [what, said, state] of [
    ["no line", "x".repeat(70_000), /is not a NATS server/],
    ["a line of no NATS", "SSH-2.0-OpenSSH\r\n", /is not a NATS server/],
    ["a line that is no JSON", "INFO {]\r\n", /is not a NATS server/],
    ["nothing, and an end", "", /closed the connection without a word/],
  ] as const
) {
  Deno.test(`a broker that begins with ${what}: a failure that says so`, async () => {
    await using fake = await Fake.start((socket) => void (said === "" ? socket.end() : socket.write(said)));
    const { message } = await assertRejects(() => open(fake), Failure);
    assertMatch(message, state);
  });
}
