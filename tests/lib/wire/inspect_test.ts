import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Exit, Failure } from "../../../lib/errors.ts";
import type { Remark, WireEvent } from "../../../lib/wire/event.ts";
import { encodeCapture } from "../../support/encode_capture.ts";
import { type Inspector, openInspect } from "../../../lib/wire/inspect.ts";
import type { HistoryBounds } from "../../../lib/wire/inspect/history.ts";
import type { Batch } from "../../../lib/wire/inspect/batch.ts";
import { run } from "../../support/script.ts";
import { within } from "../../../lib/within.ts";
import { event } from "./inspect/events.ts";

const read = (text: string, flow = 1): WireEvent => event("read", flow, text);

/** Opens an inspector for a test, and closes it afterwards. */
function inspector(bounds?: HistoryBounds): Inspector & AsyncDisposable {
  const options = { title: "tcp:server", role: "server", ...(bounds === undefined ? {} : { bounds }) } as const;
  const inspect = openInspect(0, { ...options, onTrouble: (message) => assertEquals(message, "") });
  return { ...inspect, [Symbol.asyncDispose]: () => inspect.end() };
}

/** Sends a request by hand: `fetch` sets `Host` itself. */
async function ask(inspect: Inspector, request: (path: string) => string): Promise<string> {
  const { port, pathname } = new URL(inspect.url);
  using socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await socket.write(new TextEncoder().encode(`${request(pathname)}Connection: close\r\n\r\n`));
  return await new Response(socket.readable).text();
}

interface Message {
  readonly event: string;
  readonly data: Batch;
}

/** The messages of a live stream. */
async function* messages(inspect: Inspector, headers: HeadersInit = {}): AsyncGenerator<Message, undefined> {
  const { body } = await fetch(`${inspect.url}live`, { headers });
  let text = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const [, event = ""] = /^event: (.*)$/m.exec(part) ?? [];
      const [, data = "{}"] = /^data: (.*)$/m.exec(part) ?? [];
      yield { event, data: JSON.parse(data) };
      if (event === "end") return;
    }
  }
}

Deno.test("openInspect() answers only by the names of this machine, against DNS rebinding", async () => {
  await using inspect = inspector();
  const { port } = new URL(inspect.url);
  const statusFor = async (host: string) =>
    (await ask(inspect, (path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n`)).slice(9, 12);
  for (const host of ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"]) {
    assertEquals(await statusFor(`${host}:${port}`), "200", host);
  }
  for (const host of [`evil.example:${port}`, "127.0.0.1", "127.0.0.1:1", `127.0.0.1.evil.example:${port}`]) {
    assertEquals(await statusFor(host), "403", host);
  }
});

Deno.test("openInspect() answers nothing without the token", async () => {
  await using inspect = inspector();
  const { origin, pathname } = new URL(inspect.url);
  const other = pathname.replace(/[0-9a-f](?=\/$)/, (digit) => digit === "0" ? "1" : "0");
  for (const path of ["/", "/live", "/style.css", other, `${other}live`, pathname.slice(0, -1), `/x${pathname}`]) {
    const answer = await fetch(`${origin}${path}`);
    await answer.body?.cancel();
    assertEquals(answer.status, 404, path);
  }
});

Deno.test("openInspect() answers only GET", async () => {
  await using inspect = inspector();
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"]) {
    const answer = await fetch(inspect.url, { method });
    await answer.body?.cancel();
    assertEquals([answer.status, answer.headers.get("Allow")], [405, "GET"], method);
  }
});

Deno.test("openInspect() refuses another site's page that knows the token", async () => {
  await using inspect = inspector();
  const answer = await ask(
    inspect,
    (path) => `GET ${path}bytes HTTP/1.1\r\nHost: ${new URL(inspect.url).host}\r\nSec-Fetch-Site: cross-site\r\n`,
  );
  assertStringIncludes(answer, "403");
});

Deno.test("openInspect() protects every answer, and its page runs no script but its own", async () => {
  await using inspect = inspector();
  inspect.event(read("x"), []);
  for (const path of ["", "main.js", "style.css", "bytes?seq=0", "stream?flow=1&way=in", "bytes?seq=9", "nowhere"]) {
    const { headers, body } = await fetch(inspect.url + path);
    await body?.cancel();
    assertEquals(headers.get("Cache-Control"), "no-store", path);
    assertEquals(headers.get("X-Content-Type-Options"), "nosniff", path);
    assertEquals(headers.get("Referrer-Policy"), "no-referrer", path);
    assertEquals(headers.get("Cross-Origin-Resource-Policy"), "same-origin", path);
    assertEquals(headers.get("Access-Control-Allow-Origin"), null, path);
    const policy = headers.get("Content-Security-Policy") ?? "";
    assertStringIncludes(policy, "default-src 'none'");
    assertStringIncludes(policy, "frame-ancestors 'none'");
    assert(!policy.includes("unsafe"), policy);
  }
  const nonces = [];
  for (let visit = 0; visit < 2; visit++) {
    const answer = await fetch(inspect.url);
    const [, nonce = ""] = /script-src 'nonce-(\w{32})';/.exec(answer.headers.get("Content-Security-Policy") ?? "") ??
      [];
    assertStringIncludes(await answer.text(), `<script type="module" src="main.js" nonce="${nonce}">`);
    nonces.push(nonce);
  }
  assert(nonces[0] !== nonces[1], "a nonce is used once");
});

Deno.test("openInspect() tells why it cannot open", async () => {
  await using inspect = inspector();
  const port = Number(new URL(inspect.url).port);
  const error = assertThrows(
    () => openInspect(port, { title: "", role: "client", onTrouble: () => {} }),
    Failure,
    `Cannot open the inspector on 127.0.0.1:${port}: another program holds the port; --inspect 0 takes a free one`,
  );
  assertEquals(error.code, Exit.cannotListen);
});

Deno.test("the inspector stays on 127.0.0.1 whatever the environment says", async () => {
  const { code, stderr } = await run("tcp:server", ["--port", "0", "--inspect"], {
    env: { DENO_SERVE_ADDRESS: "tcp:0.0.0.0:0" },
  });
  assertEquals(code, Exit.cannotListen);
  assertStringIncludes(
    stderr,
    "Cannot open the inspector on 127.0.0.1:0: DENO_SERVE_ADDRESS makes Deno listen elsewhere",
  );
});

Deno.test("openInspect() sends events as they happen, and their bytes when asked", async () => {
  await using inspect = inspector();
  const remark: Remark = { at: 0, flow: 1, mark: "trouble", text: "\u202eNUL \0", mistake: 2, why: "<b>" };
  inspect.event(read("<script>\0"), [remark]);
  const live = messages(inspect);
  const first = (await live.next()).value;
  assertEquals(first?.data.events.map(({ call, size, excerpt, remarks }) => ({ call, size, excerpt, remarks })), [{
    call: "read",
    size: 9,
    excerpt: "<script>␀",
    remarks: [{ mark: "trouble", text: "\\u202eNUL ␀", why: "<b>", mistake: 2 }],
  }]);
  assertEquals(first?.data.flows.map(({ peer, bytesIn, mistakes }) => [peer, bytesIn, mistakes]), [
    ["192.0.2.1:10001", 9, 1],
  ]);
  inspect.event(read("later"), []);
  assertEquals((await live.next()).value?.data.events.map(({ seq }) => seq), [1]);
  await live.return(undefined);
  const bytes = await fetch(`${inspect.url}bytes?seq=0`);
  assertEquals([bytes.headers.get("Content-Type"), await bytes.text()], ["application/octet-stream", "<script>\0"]);
});

Deno.test("openInspect() keeps the newest 100,000 events, and says how many it dropped", async () => {
  await using inspect = inspector();
  const one = read("x".repeat(10));
  for (let count = 0; count < 100_500; count++) inspect.event(one, []);
  let [seen, next, missed] = [0, 500, 0];
  for await (const { data } of messages(inspect)) {
    missed += data.missed;
    for (const { seq } of data.events) {
      assertEquals(seq, next++);
      seen++;
    }
    assertEquals([data.totals.dropped, data.totals.events, data.totals.bytesIn], [500, 100_500, 1_005_000]);
    if (next === 100_500) break;
  }
  assertEquals([seen, missed], [100_000, 500]);
});

Deno.test("a browser that does not read costs nothing, and is told what it missed", async () => {
  await using inspect = inspector({ events: 1000 });
  const { host, hostname, port, pathname } = new URL(inspect.url);
  const slow = await Deno.connect({ hostname, port: Number(port) });
  await slow.write(new TextEncoder().encode(`GET ${pathname}live HTTP/1.0\r\nHost: ${host}\r\n\r\n`));
  const quick = messages(inspect);
  const one = read("x");
  const remarks: Remark[] = [{ at: 0, flow: 1, mark: "data", text: "x".repeat(10_000) }];
  let next = 0;
  // More than the sockets' buffers hold: 25 MB.
  for (let round = 1; round <= 5; round++) {
    for (let count = 0; count < 500; count++) inspect.event(one, remarks);
    while (next < round * 500) next += (await quick.next()).value?.data.events.length ?? 0;
  }
  await quick.return(undefined);
  assertEquals(next, 2500, "one that reads misses nothing");
  // At last it reads on, until it is told.
  let told = "";
  for await (const text of slow.readable.pipeThrough(new TextDecoderStream())) {
    told = told.slice(-20) + text;
    if (/"missed":[1-9]/.test(told)) break;
  }
  assert(/"missed":[1-9]/.test(told));
});

Deno.test("a browser that connects again goes on where it was", async () => {
  await using inspect = inspector();
  for (let count = 0; count < 5; count++) inspect.event(read("x"), []);
  for (const [id, first] of [["3", 3], ["5", undefined], ["999", undefined], ["-1", 0], ["x", 0]] as const) {
    const live = messages(inspect, { "Last-Event-ID": id });
    assertEquals((await live.next()).value?.data.events[0]?.seq, first, id);
    await live.return(undefined);
  }
});

Deno.test("only so many browsers follow at a time", async () => {
  await using inspect = inspector();
  const following = Array.from({ length: 16 }, () => messages(inspect));
  for (const live of following) await live.next();
  const status = async (): Promise<number> => {
    const answer = await fetch(`${inspect.url}live`);
    await answer.body?.cancel();
    return answer.status;
  };
  assertEquals(await status(), 503);
  await following[0]?.return(undefined);
  // The server notices that one has gone when its connection is closed.
  for (const late = AbortSignal.timeout(5000); await status() !== 200;) assert(!late.aborted);
  for (const live of following) await live.return(undefined);
});

Deno.test("the capture that a browser downloads is what --capture writes", async () => {
  await using inspect = inspector();
  const events = [1, 2].flatMap((flow) => [read(`hello ${flow}`, flow), read(`again ${flow}`, flow)]);
  const remark: Remark = { at: 0, flow: 2, mark: "trouble", text: "A remark.", mistake: 1 };
  for (const event of events) inspect.event(event, event.flow === 2 ? [remark] : []);
  const options = { app: "tcp:server", pid: Deno.pid, os: Deno.build.os, own: Deno.networkInterfaces() };
  for (const flow of [null, 2]) {
    const answer = await fetch(`${inspect.url}capture.pcapng${flow === null ? "" : "?flow=2"}`);
    const wanted = events.filter((event) => flow === null || event.flow === flow);
    const told = wanted.map((event) => ({ event, remarks: event.flow === 2 ? [remark] : [] }));
    assertEquals(await answer.bytes(), encodeCapture(told, options));
    const name = answer.headers.get("Content-Disposition");
    assertEquals(name, `attachment; filename="tcp-server${flow === null ? "" : "-2"}.pcapng"`);
  }
});

Deno.test("a capture leaves out events whose bytes are gone", async () => {
  await using inspect = inspector({ bytes: 1000 });
  for (const text of ["a", "b", "c", "d"]) inspect.event(read(text.repeat(400)), []);
  const capture = await (await fetch(`${inspect.url}capture.pcapng`)).text();
  assertEquals(["a", "b", "c", "d"].map((text) => capture.includes(text.repeat(400))), [false, false, true, true]);
  const gone = await fetch(`${inspect.url}bytes?seq=0`);
  assertEquals([gone.status, await gone.text()], [410, "The bytes of this event are no longer kept.\n"]);
  const live = messages(inspect);
  const { data } = (await live.next()).value ?? {};
  await live.return(undefined);
  assertEquals(data?.events.map(({ size, gone }) => [size, gone === true]), [
    [400, true],
    [400, true],
    [400, false],
    [400, false],
  ]);
});

Deno.test("end() tells the browsers that the run is over, and leaves them the newest bytes", async () => {
  await using inspect = inspector();
  inspect.event(read("last words"), []);
  const live = messages(inspect);
  await live.next();
  inspect.event({ ...read("x".repeat(5_000_000)), call: "writing" }, []);
  inspect.event({ ...read("very last"), call: "write" }, []);
  const ending = inspect.end();
  const rest: unknown[] = [];
  for await (const { event, data } of live) rest.push(event === "batch" ? data.events.map(({ seq }) => seq) : data);
  assertEquals(rest, [[1, 2], { 0: btoa("last words"), 2: btoa("very last") }, {}]);
  await ending;
});

Deno.test("end() does not wait for a browser that does not read", async () => {
  const inspect = inspector();
  const { host, hostname, port, pathname } = new URL(inspect.url);
  using slow = await Deno.connect({ hostname, port: Number(port) });
  await slow.write(new TextEncoder().encode(`GET ${pathname}live HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
  await slow.read(new Uint8Array(1));
  const one = read("x".repeat(200));
  for (let count = 0; count < 100_000; count++) inspect.event(one, []);
  assert(await within(inspect.end(), 3000));
});
