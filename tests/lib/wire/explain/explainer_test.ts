/** What is said of a TCP connection from the lookup to the close. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodeText } from "../../../../lib/text.ts";
import { Run, textOf } from "./support.ts";

const permissions = "none";

Deno.test("a server's exchange is told call by call, and names no mistake", { permissions }, () => {
  const run = new Run("server");
  run.call("listen", null, { flow: 0, peer: null });
  run.call("accept");
  run.read("Hello from client!\n", { after: 0.4 });
  run.write("Hello from server!\n");
  run.call("closeWrite");
  run.read(null);
  run.call("close");
  assertEquals(
    run.text,
    [
      "bind(2), listen(2): 127.0.0.1:12345 is open for connections, from this machine only ([mistake 11] if others are to connect)",
      "accept(2): 192.0.2.7:52884; the system had completed the handshake: SYN in, SYN+ACK out, ACK in",
      "read(2): 19 bytes, 0.40 ms later: “Hello from client!⏎”",
      "write(2): 19 bytes, 1.00 ms later: “Hello from server!⏎”",
      "shutdown(2), 1.00 ms later: FIN: we have finished sending; we can still receive",
      "read(2): 0 bytes, 1.00 ms later: FIN: the peer has finished sending, and so have we",
      "close(2): 19 bytes in, 19 bytes out, open for 4.40 ms. Our FIN was the first, as far as we can tell, so TIME_WAIT is on our side",
    ].join("\n"),
  );
  assertEquals(run.remarks.map(({ mark }) => mark), ["state", "state", "data", "data", "state", "state", "state"]);
});

Deno.test("a client's exchange names the lookup, the handshake and who closed first", { permissions }, () => {
  const run = new Run("client");
  run.call("resolve", null, {
    flow: 0,
    local: null,
    peer: null,
    name: "host.test",
    addresses: ["192.0.2.7"],
    duration: 3,
  });
  run.call("connect", null, { duration: 0.5 });
  run.write("hi\n");
  run.read("ho\n");
  run.read(null);
  run.call("close");
  assertEquals(
    run.text,
    [
      "getaddrinfo(3): host.test is 192.0.2.7 (3.00 ms)",
      "connect(2) to 192.0.2.7:52884: SYN out, SYN+ACK in, ACK out, 0.50 ms; our end is 127.0.0.1:12345",
      "write(2): 3 bytes, 1.00 ms later: “hi⏎”",
      "read(2): 3 bytes, 1.00 ms later: “ho⏎”",
      "read(2): 0 bytes, 1.00 ms later: FIN: the peer has finished sending; we can still send",
      "close(2): 3 bytes in, 3 bytes out, open for 4.00 ms. The peer's FIN was the first, so TIME_WAIT is on its side",
    ].join("\n"),
  );
});

Deno.test("the reason comes with the first remark of a kind, and only then", { permissions }, () => {
  const run = new Run("server");
  run.call("accept");
  const [first] = run.read("one\n");
  const [second] = run.read("two\n");
  assertStringIncludes(first?.why ?? "", "less or more than one message");
  assertEquals(second?.why, undefined);
  run.read("a\nb\n");
  run.read("c\nd\n");
  const reasons = run.remarks.filter(({ mistake }) => mistake === 1).map(({ why }) => why !== undefined);
  assertEquals(reasons, [true, false]);
});

Deno.test("a remark belongs to its connection, and gaps are counted for each", { permissions }, () => {
  const run = new Run("server");
  run.call("accept", null, { flow: 1 });
  run.call("accept", null, { flow: 2 });
  run.read("x\n", { flow: 1, after: 5 });
  assertEquals(textOf(run.read("y\n", { flow: 2, after: 1 })), "read(2): 2 bytes, 6.00 ms later: “y⏎”");
  assertEquals(run.remarks.map(({ flow }) => flow), [1, 2, 1, 2]);
});

Deno.test("a failed connect says what it means", { permissions }, () => {
  const run = new Run("client");
  const failed = (error: string) => run.call("connect", null, { local: null, error });
  assertStringIncludes(textOf(failed("ECONNREFUSED")), "nothing listens at this address and port (ECONNREFUSED)");
  assertStringIncludes(textOf(failed("ETIMEDOUT")), "no answer within the time limit (ETIMEDOUT)");
  assertEquals(textOf(failed("AbortError")), "", "another address was quicker");
  assertEquals(textOf(failed("SomethingNew")), "connect(2) to 192.0.2.7:52884: SomethingNew");
});

Deno.test("a reset is told with what it means, our own too", { permissions }, () => {
  const run = new Run("server");
  run.call("accept");
  const [reset] = run.read(null, { error: "ECONNRESET" });
  assertEquals(reset?.text, "read(2) fails: the peer has reset the connection (RST) (ECONNRESET)");
  assertStringIncludes(reset?.why ?? "", "both directions at once");
  assertEquals(
    textOf(run.call("close")),
    "close(2): 0 bytes in, 0 bytes out, open for 2.00 ms",
    "nobody keeps TIME_WAIT",
  );
  run.call("accept", null, { flow: 2 });
  assertEquals(
    textOf(run.call("reset", null, { flow: 2 })),
    "We reset the connection (RST): 0 bytes in, 0 bytes out, open for 1.00 ms",
  );
});

Deno.test("a read that our own close ends is no trouble", { permissions }, () => {
  const run = new Run("server");
  run.call("accept");
  assertEquals(run.read(null, { error: "BadResource" }), []);
});

Deno.test("in a flood each connection's calls become a sum a second, and the connections' too", { permissions }, () => {
  const run = new Run("server");
  run.call("accept");
  const piece = new Uint8Array(65_536).fill(0xc5);
  for (let index = 0; index < 3200; index++) run.read(piece, { after: 1 });
  const lines = run.text.split("\n");
  assert(lines.length < 20, `${lines.length} lines`);
  assertEquals(lines.filter((line) => /^Also: 1,\d+ reads \(6\d MB\) in 1\.0 s$/.test(line)).length, 3);
  assertEquals(run.mistakes, []);
  const many = new Run("server");
  for (let flow = 1; flow <= 5000; flow++) {
    many.call("accept", null, { flow, after: 0.25 });
    many.read("x\n", { flow, after: 0.25 });
    many.call("close", null, { flow, after: 0.25 });
  }
  assert(many.remarks.length < 400, `${many.remarks.length} remarks`);
  assertStringIncludes(many.text, "On all connections: ");
});

Deno.test(
  "a flood of connections that fail makes few lines, whatever there is to say about each",
  { permissions },
  () => {
    for (const error of ["ECONNRESET", "EPIPE", "UnexpectedEof"]) {
      const run = new Run("server");
      for (let flow = 1; flow <= 5000; flow++) {
        run.call("accept", null, { flow, after: 0.25 });
        run.call("handshake", null, { flow, after: 0.25, error });
        run.read("GET / HTTP/1.1\r\n", { flow, after: 0.25 });
        if (flow % 2 === 0) run.read(null, { flow, after: 0.25 });
        run.read(null, { flow, after: 0.25, error });
        run.call("reset", null, { flow, after: 0.25 });
      }
      assert(run.remarks.length < 500, `${run.remarks.length} remarks in 7 s`);
      assertStringIncludes(run.text, " more remarks in 1.0 s");
    }
  },
);

Deno.test("the sums of many busy connections become one", { permissions }, () => {
  const run = new Run("server");
  for (let flow = 1; flow <= 300; flow++) run.call("accept", null, { flow, after: 0.1 });
  for (let step = 0; step < 300_000; step++) run.read("x\n", { flow: step % 300 + 1, after: 0.01 });
  assert(run.remarks.length < 300, `${run.remarks.length} remarks in 3 s`);
  const sums = run.text.split("\n").filter((line) => line.startsWith("On all connections: "));
  assert(sums.length >= 2 && sums.length <= 4, sums.join("\n"));
  assert(/\d\d,\d{3} reads/.test(sums.at(-1) ?? ""), sums.join("\n"));
});

Deno.test("after a flood, a quiet connection is told call by call again", { permissions }, () => {
  const run = new Run("server");
  run.call("accept");
  for (let index = 0; index < 2000; index++) run.read("line\n", { after: 1 });
  run.wait(3000);
  assertEquals(textOf(run.read("calm\n", { after: 100 })), "read(2): 5 bytes, 3.1 s later: “calm⏎”");
});

Deno.test("forgets closed connections, and the oldest of too many", { permissions }, () => {
  const run = new Run("server");
  const heap = (): number => run.explainer.silence(run.at).length;
  for (let flow = 1; flow <= 100_000; flow++) {
    run.call("accept", null, { flow, after: 0.01 });
    if (flow % 2 === 0) run.call("close", null, { flow, after: 0.01 });
  }
  heap();
  run.wait(2000);
  // One that was forgotten goes on as if it had just begun.
  assertStringIncludes(textOf(run.read("still here\n", { flow: 1 })), "read(2): 11 bytes");
  assertEquals(run.call("close", null, { flow: 99_999_999 }), []);
});

Deno.test("takes what a capture has: no call is issued before it returns, and the clock may run backwards", {
  permissions,
}, () => {
  const run = new Run("client", "tcp", { live: false });
  run.call("connect");
  assertEquals(textOf(run.call("write", "hello\n")), "write(2): 6 bytes, 1.00 ms later: “hello⏎”");
  assertEquals(textOf(run.read("ok\n", { after: -50 })), "read(2): 3 bytes, 0.00 ms later: “ok⏎”");
  run.at += 60_000;
  run.explainer.silence(run.at);
  run.at += 60_000;
  assertEquals(run.explainer.silence(run.at).filter(({ mistake }) => mistake === 16), []);
});

Deno.test("an event takes a few microseconds", { permissions }, () => {
  const run = new Run("server");
  run.call("accept");
  const bytes = encodeText("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  const started = performance.now();
  for (let index = 0; index < 100_000; index++) run.read(bytes, { after: 0.1 });
  const each = (performance.now() - started) / 100_000 * 1000;
  assert(each < 50, `${each.toFixed(1)} µs each`);
});

Deno.test("what a close says of TIME_WAIT is no more than the calls tell", { permissions }, () => {
  const unread = new Run("client");
  unread.call("connect");
  unread.write("hi\n");
  unread.read("ho\n");
  assertStringIncludes(textOf(unread.call("close")), "We have read no FIN: unless one is on its way, ours");
  const late = new Run("client");
  late.call("connect");
  late.read("ho\n");
  late.read(null);
  late.write("hi\n");
  assertEquals(
    textOf(late.call("close")),
    "close(2): 3 bytes in, 3 bytes out, open for 4.00 ms",
    "what came after its FIN may have reset the peer",
  );
});

Deno.test("a handshake that fails is told in words, and its connection carried no data", { permissions }, () => {
  const plain = new Run("server");
  plain.call("accept");
  assertEquals(
    textOf(plain.call("handshake", null, { error: "PlaintextError" })),
    "The TLS handshake failed: the peer speaks plain text, not TLS",
  );
  assertEquals(textOf(plain.call("close")), "close(2): no data has passed, open for 2.00 ms");
  const untrusted = new Run("client");
  untrusted.call("connect");
  assertEquals(
    textOf(untrusted.call("handshake", null, { error: "Failure" })),
    "The TLS handshake failed, or we do not trust the peer's certificate",
  );
});

Deno.test("a write that our own close interrupts is not told, and opens nothing", { permissions }, () => {
  const run = new Run("server");
  run.call("accept");
  run.call("writing", "hi\n");
  run.call("close");
  for (const error of ["EINTR", "Interrupted", "BadResource"]) assertEquals(run.call("write", null, { error }), []);
  run.explainer.silence(run.at);
  assertEquals(run.explainer.silence(run.at + 5000), [], "no socket is open whose program could be blocked");
});

Deno.test("over TLS the ends are close_notify, and nothing is said of FINs that are not seen", { permissions }, () => {
  const run = new Run("client");
  run.call("connect");
  run.read("welcome\n", { tls: true });
  run.write("hi\n", { tls: true });
  run.call("closeWrite", null, { tls: true });
  run.read(null, { tls: true });
  const [closed] = run.call("close", null, { tls: true });
  assertEquals(run.text.split("\n").slice(3), [
    "close_notify out, 1.00 ms later: we have finished sending; we can still receive",
    "close_notify in, 1.00 ms later: the peer has finished sending, and so have we",
    "close(2): 8 bytes in, 3 bytes out, open for 5.00 ms",
  ]);
  assertEquals(closed?.why, undefined);
  assertEquals(run.mistakes, [], "TLS 1.2 has no half-close");
});
