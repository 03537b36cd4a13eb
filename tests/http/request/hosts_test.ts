/** Which hosts a server answers to (RFC 9110 7.4, 15.5.20): the defence against DNS rebinding. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/errors.ts";
import { ANY_HOST, Hosts } from "../../../http/request/hosts.ts";
import { HeadParser } from "../../../http/request/head_parser.ts";
import { hostRules } from "../../../http/request/own_hosts.ts";
import { run, startServer } from "../../support/script.ts";
import { RawClient } from "../../support/sockets.ts";
import { pki, writePki } from "../../support/tls.ts";
import { latin1, LIMITS } from "../requests.ts";
import { type Answered, answersIn, serve } from "../serving.ts";

const LOOPBACK = { names: [], anyAddress: false };

const get = (host: string, target = "/status/200"): string =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

async function ask(port: number, text: string): Promise<Answered | undefined> {
  using client = await RawClient.connect(port);
  await client.send(text);
  return answersIn(await client.rest())[0];
}

Deno.test(
  "Hosts accepts every name of loopback, and no other host",
  { permissions: "none" },
  () => {
    const hosts = new Hosts(LOOPBACK);
    for (
      const host of [
        "localhost",
        "LOCALHOST:8080",
        "localhost.",
        "a.b.localhost:1",
        "127.0.0.1",
        "127.9.8.7:80",
        "[::1]",
        "[0:0:0::1]:8080",
        "[::ffff:127.0.0.1]",
      ]
    ) assert(hosts.accepts(host, "127.0.0.1:8080"), host);
    for (
      const host of [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evillocalhost",
        "192.0.2.1",
        "[2001:db8::1]",
        "2130706433",
        "0x7f.1",
        "%6cocalhost",
        "*",
        "[v1.a]",
      ]
    ) assert(!hosts.accepts(host, "127.0.0.1:8080"), host);
  },
);

Deno.test("Hosts accepts configured names, wildcard labels and the local address of the connection", {
  permissions: "none",
}, () => {
  const hosts = new Hosts({ names: ["wiki.example", "*.lab.example", "2001:db8::2"], anyAddress: false });
  for (const host of ["Wiki.example:80", "a.lab.example", "[2001:DB8:0::2]", "192.0.2.7", "localhost"]) {
    assert(hosts.accepts(host, "192.0.2.7:8080"), host);
  }
  for (const host of ["lab.example", ".lab.example", "a.b.lab.example", "www.wiki.example", "192.0.2.8"]) {
    assert(!hosts.accepts(host, "192.0.2.7:8080"), host);
  }
  assert(new Hosts({ names: [], anyAddress: true }).accepts("203.0.113.9", "192.0.2.7:80"));
  assert(!new Hosts({ names: [], anyAddress: true }).accepts("evil.example", "192.0.2.7:80"));
  assert(new Hosts(ANY_HOST).accepts("evil.example", "192.0.2.7:80"));
});

Deno.test("Hosts remembers the last accepted host byte for byte", { permissions: "none" }, () => {
  const hosts = new Hosts(LOOPBACK);
  const isLast = (text: string): boolean => {
    const bytes = new TextEncoder().encode(`x${text}x`);
    return hosts.isLast(bytes, 1, bytes.length - 1);
  };
  assert(!isLast(""));
  hosts.accepts("localhost:80", "127.0.0.1:80");
  assert(isLast("localhost:80") && !isLast("localhost:8") && !isLast("localhost:81") && !isLast("localhost:800"));
  hosts.accepts("evil.example", "127.0.0.1:80");
  assert(isLast("localhost:80") && !isLast("evil.example"));
});

Deno.test("a head has its own host, not that of the head before it", { permissions: "none" }, () => {
  const parser = new HeadParser(LIMITS, new Hosts(LOOPBACK));
  const hostIn = (text: string): string | null | undefined => parser.parse(latin1(text), 0)?.framing.host;
  assertEquals(hostIn("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "a");
  assertEquals(hostIn("GET / HTTP/1.0\r\n\r\n"), null);
});

Deno.test("another host gets 421 and the flag to allow it, whatever the previous request was", async () => {
  await using server = serve({}, { hosts: LOOPBACK });
  const keep = "GET /status/200 HTTP/1.1\r\nHost: localhost:81\r\n\r\n";
  const answers = answersIn(await server.ask(keep + keep + get("evil.example:80") + keep));
  assertEquals(answers.map(({ status }) => status), [200, 200, 421]);
  assertEquals(answers[2]?.fields.get("connection"), "close");
  assertStringIncludes(answers[2]?.body ?? "", "--host-name NAME");
  assertEquals(answersIn(await server.ask("GET /status/200 HTTP/1.0\r\n\r\n"))[0]?.status, 200);
  assertEquals(answersIn(await server.ask("GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n"))[0]?.status, 421);
  assertEquals(answersIn(await server.ask(keep + keep + get("%6c%6f")))[2]?.status, 421);
});

Deno.test("9112 3.2.2: the host of an absolute target overrides the Host field (H10)", async () => {
  await using server = serve({}, { hosts: LOOPBACK });
  const status = async (host: string, target: string): Promise<number | undefined> =>
    answersIn(await server.ask(get(host, target)))[0]?.status;
  assertEquals(await status("evil.example", "http://localhost:1/status/200"), 200);
  assertEquals(await status("localhost", "http://evil.example/status/200"), 421);
  const url = answersIn(await server.ask(get("evil.example", "http://localhost:1/anything")))[0]?.body ?? "";
  assertEquals(JSON.parse(url).url, "http://localhost:1/anything");
  // Host must be there, once and well formed, even so (9112 3.2).
  const line = "GET http://localhost/status/200 HTTP/1.1\r\n";
  for (const fields of ["", "Host: a b\r\n", "Host:\r\n", "Host: localhost\r\nHost: localhost\r\n"]) {
    assertEquals(answersIn(await server.ask(`${line}${fields}\r\n`))[0]?.status, 400, fields);
  }
  // The host of one request is not that of the next.
  const next = get("localhost", "http://evil.example/");
  const first = "GET http://localhost/status/200 HTTP/1.1\r\nHost: evil.example\r\n\r\n";
  assertEquals(answersIn(await server.ask(first + get("evil.example"))).map(({ status }) => status), [200, 421]);
  assertEquals(answersIn(await server.ask(first + next)).map(({ status }) => status), [200, 421]);
});

Deno.test("9110 7.4: an https target needs a connection with TLS", async () => {
  await using server = serve({}, { hosts: LOOPBACK });
  const [answer] = answersIn(await server.ask(get("localhost", "https://localhost/status/200")));
  assertEquals([answer?.status, answer?.fields.get("connection")], [421, "close"]);
  assertStringIncludes(answer?.body ?? "", "an https target needs a connection with TLS");
});

Deno.test("9110 9.3.6: CONNECT and unknown methods are refused as such, whatever the host", async () => {
  await using server = serve({}, { hosts: LOOPBACK });
  for (const [line, status] of [["CONNECT evil.example:443", 405], ["BREW /", 501]] as const) {
    const text = await server.ask(`${line} HTTP/1.1\r\nHost: evil.example:443\r\n\r\n`);
    assertEquals(answersIn(text).map((answer) => answer.status), [status], line);
  }
});

Deno.test("a request for a foreign host is refused before its body is read, and gets no file", async () => {
  await using server = serve({}, { hosts: LOOPBACK, dir: await Deno.realPath(".") });
  const text = "POST / HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  assertEquals(answersIn(await server.ask(text)).map(({ status }) => status), [421]);
  assertEquals(answersIn(await server.ask(get("evil.example", "/deno.json")))[0]?.status, 421);
});

Deno.test("hostRules(): loopback allows no other name, a wildcard address allows the machine's", () => {
  assertEquals(hostRules("127.0.0.1", ["Wiki.Example."], ["a.example"]), {
    names: ["wiki.example", "a.example"],
    anyAddress: false,
  });
  const { names, anyAddress } = hostRules("0.0.0.0", [], []);
  const name = Deno.hostname().toLowerCase();
  for (const own of [name, `${name.split(".", 1)[0]}.local`, "127.0.0.1", "0.0.0.0"]) assert(names.includes(own), own);
  assert(!anyAddress);
  assertEquals(hostRules("192.0.2.7", [], []).names.slice(-1), ["192.0.2.7"]);
  assertEquals(hostRules("fe80::1%eth0", [], []).names.slice(-1), ["fe80::1"]);
  assertEquals(hostRules("127.0.0.1", ["*"], []), ANY_HOST);
  for (const bad of ["a b", "http://x", "a:80", ""]) assertThrows(() => hostRules("127.0.0.1", [bad], []), UsageError);
});

Deno.test("hostRules() without permission for the machine's names accepts every address", {
  permissions: { sys: false },
}, () => {
  assertEquals(hostRules("::", [], []), { names: ["::"], anyAddress: true });
});

for (const task of ["http:server", "http:threaded"] as const) {
  Deno.test(`${task} answers to loopback names, to --host-name, and to everything with '*'`, async () => {
    await using plain = await startServer(task, ["-q"]);
    assertEquals((await ask(plain.port, get("evil.example")))?.status, 421);
    assertEquals((await ask(plain.port, get(`localhost:${plain.port}`)))?.status, 200);
    await using named = await startServer(task, ["-q", "--host-name", "wiki.example", "--host-name", "b.example"]);
    for (const host of ["wiki.example", "b.example", "127.0.0.1"]) {
      assertEquals((await ask(named.port, get(host)))?.status, 200, host);
    }
    assertEquals((await ask(named.port, get("evil.example")))?.status, 421);
    await using any = await startServer(task, ["-q", "--host-name", "*"]);
    assertEquals((await ask(any.port, get("evil.example")))?.status, 200);
  });
}

Deno.test("http:server on a wildcard answers to the addresses of the machine", async () => {
  await using server = await startServer("http:server", ["-q", "--bind", "0.0.0.0"]);
  const own = Deno.networkInterfaces().flatMap(({ family, address }) => family === "IPv4" ? [address] : []);
  for (const host of [...own, Deno.hostname(), "localhost"]) {
    assertEquals((await ask(server.port, get(host)))?.status, 200, host);
  }
  assertEquals((await ask(server.port, get("evil.example")))?.status, 421);
});

Deno.test("http:server --tls answers to the names in its certificate", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { cert, key } = (await writePki(folder))("server");
    await using server = await startServer("http:server", ["-q", "--tls", "--cert", cert, "--key", key]);
    const status = async (host: string, target?: string): Promise<string> => {
      using conn = await Deno.connectTls({ hostname: "127.0.0.1", port: server.port, caCerts: [pki.ca.certificate] });
      await conn.write(new TextEncoder().encode(get(host, target)));
      const buffer = new Uint8Array(4096);
      return new TextDecoder().decode(buffer.subarray(9, Math.min(12, await conn.read(buffer) ?? 0)));
    };
    assertEquals(await status("localhost"), "200");
    assertEquals(await status("evil.example"), "421");
    assertEquals(await status("localhost", "https://localhost/status/200"), "200");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("http:server with an invalid --host-name is misuse (P4)", async () => {
  const { code, stderr } = await run("http:server", ["--host-name", "http://x"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, 'Cannot use --host-name "http://x"');
});
