/** The mistakes on TCP connections: each is named where it happens, and where it does not, nothing is. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodeText } from "../../../../lib/text.ts";
import { everyWay } from "../../../support/chunks.ts";
import { mistakesIn, Run, textOf } from "./support.ts";

const permissions = "none";

/** A server with a client; or a client with its connection. */
function open(role: "client" | "server", options = {}): Run {
  const run = new Run(role, "tcp", options);
  run.call(role === "server" ? "accept" : "connect");
  return run;
}

Deno.test("1: a message in several reads, and several in one", { permissions }, () => {
  const run = open("server");
  run.read("Hel");
  run.read("lo ");
  assertStringIncludes(textOf(run.read("there\n")), "[mistake 1] This one message of 12 bytes came in 3 reads");
  assertStringIncludes(textOf(run.read("one\ntwo\nthr")), "[mistake 1] 2 messages in one read");
  assertEquals(run.mistakes, [1, 1]);
});

Deno.test("1: is found in HTTP by the message, not by its lines", { permissions }, () => {
  const request = encodeText("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na\nb\nc");
  for (const { name, pieces } of everyWay(request)) {
    const run = open("server");
    for (const piece of pieces) run.read(piece);
    assertEquals(run.mistakes, pieces.length === 1 ? [] : [1], name);
    run.read("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assertEquals(run.mistakes, pieces.length === 1 ? [] : [1], `${name}, then a next one`);
  }
  const chunked = encodeText(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\nb\r\n2;x=y\r\nc\n\r\n0\r\nT: 1\r\n\r\n",
  );
  for (const { name, pieces } of everyWay(chunked)) {
    const run = open("client");
    for (const piece of pieces) run.read(piece);
    const next = run.read("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
    assertStringIncludes(textOf(next), "[mistake 1] 2 messages in one read", name);
  }
});

Deno.test("1: the answer to HEAD has no body, whatever its length says", { permissions }, () => {
  const run = open("client");
  run.write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  run.read("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  run.wait(3000);
  run.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  run.read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  run.wait(3000);
  assertEquals(run.mistakes, []);
  assertEquals(run.text.includes("lacks"), false);
});

Deno.test(
  "1: is no question in files, in bytes that are no text, and where an answer shows the end",
  { permissions },
  () => {
    const file = open("server");
    for (let index = 0; index < 5; index++) file.read("some line of a file\n".repeat(500).slice(0, 8000));
    const binary = open("server");
    for (let index = 0; index < 5; index++) {
      binary.read(
        Uint8Array.from({ length: 300 }, (_, at) => (at * 37 + index) & 255),
      );
    }
    const textbook = open("server");
    for (const message of ["hello", "how are you?", "exit"]) {
      textbook.read(message);
      textbook.write("fine");
    }
    const long = open("server");
    long.read("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n");
    for (let index = 0; index < 2; index++) long.read("x".repeat(50_000));
    assertEquals([file, binary, textbook, long].map(({ mistakes }) => mistakes), [[], [], [], []]);
  },
);

Deno.test("1: is found behind an echo of the first part, and behind telnet's questions", { permissions }, () => {
  const echo = open("server");
  for (const piece of ["Hel", "lo\n"]) {
    echo.read(piece);
    echo.write(piece);
  }
  const telnet = open("server");
  telnet.read(Uint8Array.of(255, 251, 31, 255, 253, 3));
  telnet.read("one\ntwo\n");
  assertEquals([echo.mistakes, telnet.mistakes], [[1], [1]]);
});

Deno.test("1: what follows a request for another protocol is not HTTP", { permissions }, () => {
  const run = open("server");
  run.read("GET /room HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  run.read("frames\n\n\n");
  run.read("GET / HTTP/1.1\n\n");
  assertEquals(run.mistakes, []);
});

Deno.test("1: after three times on a connection it is only counted", { permissions }, () => {
  const run = open("server");
  for (let index = 0; index < 10; index++) run.read("a\nb\n", { after: 200 });
  assertEquals(run.mistakes, [1, 1, 1]);
  assertStringIncludes(textOf(run.call("close")), "Also: mistake 1, 7 more times");
});

Deno.test("2: a buffer that was sent whole", { permissions }, () => {
  const run = open("server");
  const buffer = new Uint8Array(1024);
  buffer.set(encodeText("ping"));
  const said = textOf(run.read(buffer));
  assertStringIncludes(said, "“ping⟨1,020 × ␀⟩”");
  assertStringIncludes(said, "[mistake 2] 4 bytes of text, then 1,020 NUL bytes");
  assertEquals(run.mistakes, [2]);
});

Deno.test("2: one NUL byte is C's, and zeros alone are no text", { permissions }, () => {
  const run = open("server");
  assertStringIncludes(textOf(run.read("ping\0")), "A NUL byte (␀) ends the text");
  run.read(new Uint8Array(64));
  assertEquals(run.mistakes, []);
});

Deno.test("3: a write that waited, was short, or does not return", { permissions }, () => {
  const run = open("client");
  const data = new Uint8Array(65_536).fill(1);
  run.write(data, { duration: 120 });
  assertStringIncludes(run.text, "[mistake 3] write(2) waited 120 ms");
  run.call("writing", data);
  const short = run.call("write", data.subarray(0, 1000), { offered: 65_536 });
  assertStringIncludes(textOf(short), "[mistake 3] write(2) took only 1,000 of 65,536 bytes");
  run.call("writing", data.subarray(1000));
  assertStringIncludes(textOf(run.wait(1500)), "[mistake 3] write(2) has been waiting for 1.0 s");
  assertEquals(textOf(run.wait(5000)), "", "it is said once");
  const small = open("client");
  small.call("writing", "hello\n");
  assertEquals(textOf(small.wait(5000)), "", "so little cannot fill a buffer");
});

Deno.test("3: the rest of a short write is no new message", { permissions }, () => {
  const run = open("client");
  run.call("writing", "abcdef");
  run.call("write", "abc", { offered: 6 });
  run.write("def");
  assertStringIncludes(textOf(run.wait(2500)), "our last 6 bytes have no line end");
});

Deno.test("3: a small write that took long shows a busy machine, no full buffer", { permissions }, () => {
  const run = open("server");
  run.write("hello\n", { duration: 90 });
  assertStringIncludes(run.text, "write(2) took 90 ms");
  assertEquals(run.mistakes, []);
});

Deno.test("4: a peer that closes on our FIN without the answer it owes", { permissions }, () => {
  const run = open("client");
  run.write("one\n");
  run.read("1\n");
  run.write("two\n");
  run.call("closeWrite");
  assertStringIncludes(textOf(run.read(null)), "[mistake 4] The peer answers our FIN by closing");
  const part = open("client");
  part.write("no line end");
  part.call("closeWrite");
  part.read(null, { error: "ECONNRESET" });
  assertEquals([run.mistakes, part.mistakes], [[4], [4]]);
});

Deno.test("4: a peer that had closed both directions with its FIN", { permissions }, () => {
  const run = open("server");
  run.read("question\n");
  run.read(null);
  run.write("answer\n");
  assertStringIncludes(textOf(run.call("writing", "more\n")), "write(2)");
  assertStringIncludes(
    textOf(run.call("write", null, { error: "EPIPE" })),
    "[mistake 4] The peer's FIN was no half-close",
  );
});

Deno.test("4: an end after the last answer, a sink, and a client that leaves are none", { permissions }, () => {
  const answered = open("client");
  answered.write("one\n");
  answered.read("1\n");
  answered.call("closeWrite");
  answered.read(null);
  const sink = open("client");
  sink.write("take this\n");
  sink.call("closeWrite");
  assertStringIncludes(textOf(sink.read(null)), "closes without sending anything");
  const server = open("server");
  server.read("hi\n");
  server.write("ho\n");
  server.call("closeWrite");
  server.read(null, { error: "ECONNRESET" });
  const after = open("client");
  after.write("no line end");
  after.call("closeWrite");
  after.read("an answer all the same");
  after.read(null);
  const room = open("client", { person: true });
  room.read("welcome\n");
  room.write("hello, all\n");
  room.call("closeWrite");
  room.read(null);
  assertEquals(room.mistakes, [], "nobody owes a person an answer");
  assertEquals([answered, sink, server, after].map(({ mistakes }) => mistakes), [[], [], [], []]);
});

Deno.test("5: both sides wait, where a message has no end", { permissions }, () => {
  const server = open("server");
  server.read("Hello");
  assertStringIncludes(
    textOf(server.wait(2500)),
    "[mistake 5] Nothing for 2.0 s: the peer's last 5 bytes have no line end",
  );
  const client = open("client");
  client.write("one\n");
  client.read("1\n");
  client.write("two");
  assertStringIncludes(textOf(client.wait(2500)), "[mistake 5] Nothing for 2.0 s: our last 3 bytes have no line end");
  const http = open("server");
  http.read("GET / HTTP/1.1\r\nHost: x\r\n");
  assertStringIncludes(
    textOf(http.wait(2500)),
    "[mistake 5] Nothing for 2.0 s: the peer's HTTP message lacks the blank line",
  );
  assertEquals([server, client, http].map(({ mistakes }) => mistakes), [[5], [5], [5]]);
});

Deno.test("5: an answer that came only after our FIN", { permissions }, () => {
  const run = open("client");
  run.write("b\na\n");
  run.call("closeWrite", null, { after: 1500 });
  assertStringIncludes(
    textOf(run.read("a\nb\n")),
    "[mistake 5] The answer came 1.00 ms after our FIN, which came 1.5 s after",
  );
});

Deno.test("5: silence between whole messages, after a FIN, or where a person answers is none", { permissions }, () => {
  const keepAlive = open("server");
  keepAlive.read("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  keepAlive.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const slow = open("server");
  slow.read("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  slow.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
  const room = open("client");
  room.read("welcome\nname: ");
  room.write("ada\n");
  const telnet = open("server");
  telnet.read(Uint8Array.of(255, 251, 31, 255, 253, 3));
  const silent = open("server");
  const turns = open("client", { person: true });
  turns.write("hi");
  const ended = open("client");
  ended.write("hi");
  ended.call("closeWrite");
  const all = [keepAlive, slow, room, telnet, silent, turns, ended];
  for (const run of all) run.wait(10_000);
  assertEquals(all.map(({ mistakes }) => mistakes), all.map(() => []));
});

Deno.test(
  "5: an answered message is over, and a connection that is often silent is left alone",
  { permissions },
  () => {
    const run = open("client");
    const said = ["hello", "how", "are", "you"].map((message) => {
      run.write(message);
      const silence = textOf(run.wait(2500));
      run.read("fine");
      return silence.includes(`our last ${message.length} bytes`);
    });
    assertEquals(said, [true, true, false, false]);
  },
);

Deno.test("a message without a line end that is answered after a pause is told once", { permissions }, () => {
  const run = open("server");
  for (let index = 0; index < 2; index++) {
    run.read("hello");
    run.write("hi\n", { after: 100 });
  }
  assertEquals(run.text.match(/No line end for 100 ms: we take what has come as the whole message/g)?.length, 1);
  assertEquals(run.mistakes, []);
});

Deno.test("5 and 14: a server that has never answered may do either", { permissions }, () => {
  const run = open("client");
  run.write("hello\n");
  const said = run.wait(2500);
  assertEquals(mistakesIn(said), [14, 5]);
  assertStringIncludes(textOf(said), "from here we cannot tell which");
  assertEquals(run.wait(60_000), [], "it is said once for each silence");
});

Deno.test("14: a complete HTTP request waits for a server, not for a FIN", { permissions }, () => {
  const run = open("client");
  run.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assertEquals(mistakesIn(run.wait(2500)), [14]);
});

Deno.test("14: the first byte comes when another connection to the server ends", { permissions }, () => {
  const run = new Run("client", "tcp", { person: false });
  run.call("connect", null, { flow: 1 });
  run.call("connect", null, { flow: 2 });
  run.write("a\n", { flow: 1 });
  run.write("b\n", { flow: 2 });
  run.read("1\n", { flow: 1 });
  run.call("close", null, { flow: 1, after: 1500 });
  const said = textOf(run.read("2\n", { flow: 2, after: 2 }));
  assertStringIncludes(said, "[mistake 14] The first byte, 1.5 s after connect(2), comes just as another connection");
});

Deno.test(
  "14: a first byte that comes soon, or long after the other connection's end, shows nothing",
  { permissions },
  () => {
    for (const [closed, answered] of [[700, 2], [1500, 300]] as const) {
      const run = new Run("client");
      run.call("connect", null, { flow: 1 });
      run.call("connect", null, { flow: 2 });
      run.call("close", null, { flow: 1, after: closed });
      run.read("2\n", { flow: 2, after: answered });
      assertEquals(run.mistakes, []);
    }
  },
);

Deno.test("6: a character in two reads, or in three", { permissions }, () => {
  const [euro, letter] = [encodeText("10 €\n"), encodeText("né\n")];
  const run = open("server");
  run.read(letter.subarray(0, 2));
  assertStringIncludes(textOf(run.read(letter.subarray(2))), "[mistake 6] “é” came in two reads: ⟨c3…⟩, then ⟨…a9⟩");
  assertStringIncludes(run.text, "“⟨…a9⟩⏎”");
  assertEquals(run.text.includes("not UTF-8"), false);
  const three = open("server");
  for (const piece of [euro.subarray(0, 4), euro.subarray(4, 5), euro.subarray(5)]) three.read(piece);
  assertStringIncludes(three.text, "“10 ⟨e2…⟩”");
  assertStringIncludes(three.text, "[mistake 6] “€” came in two reads: ⟨e2 82…⟩, then ⟨…ac⟩");
});

Deno.test("6: U+FFFD comes back for what we sent", { permissions }, () => {
  const run = open("client");
  run.write("né!\n");
  assertStringIncludes(textOf(run.read("n\uFFFD\uFFFD!\n")), "[mistake 6] U+FFFD (\uFFFD) comes back");
  const same = open("client");
  same.write("né!\n");
  same.read("né!\n");
  same.read("something else \uFFFD\n");
  assertEquals(same.mistakes, []);
});

Deno.test("6: bytes that are no text are never cut characters", { permissions }, () => {
  const run = open("server");
  run.read(Uint8Array.of(1, 2, 3, 0x80, 0x90, 0xff, 0xfe, 0xc3));
  run.read(Uint8Array.of(0xa9, 0x81, 5, 6));
  assertEquals(run.mistakes, []);
  const latin1 = open("server");
  latin1.read(Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x0a));
  assertStringIncludes(latin1.text, "1 byte of it is not UTF-8");
  assertEquals(latin1.mistakes, []);
});

Deno.test("15: the pause of a delayed ACK, twice", { permissions }, () => {
  const run = open("server");
  const exchange = (pause: number): void => {
    run.read("hel", { after: 5 });
    run.read("lo\n", { after: pause });
    run.write("ok\n");
  };
  exchange(41);
  assertEquals(run.mistakes, [1], "once may be chance");
  exchange(44);
  assertEquals(run.mistakes, [1, 1, 15]);
  const typed = open("server");
  for (let index = 0; index < 9; index++) typed.read(index % 3 === 2 ? "\n" : "x", { after: 40 });
  for (let index = 0; index < 8; index++) typed.read(index % 2 === 1 ? "\n" : "x", { after: 40 });
  assertEquals(typed.mistakes.includes(15), false, "a person's keys are single bytes");
});

Deno.test("16: the clock came late while a connection was open", { permissions }, () => {
  const run = open("server");
  run.wait(1000);
  run.at += 1700;
  const [remark] = run.explainer.silence(run.at);
  assertEquals([remark?.mistake, remark?.flow], [16, 0]);
  assertStringIncludes(remark?.text ?? "", "For 1.4 s this program did nothing else");
  const idle = new Run("server");
  idle.wait(1000);
  idle.at += 5000;
  assertEquals(idle.explainer.silence(idle.at), [], "nothing had to wait");
});

Deno.test("17: bare LF in a head, the peer's or ours", { permissions }, () => {
  const server = open("server");
  assertStringIncludes(
    textOf(server.read("GET / HTTP/1.1\nHost: x\n\n")),
    "[mistake 17] All 3 lines of this HTTP head end with LF alone (⏎) instead of CR LF (␍⏎)",
  );
  const client = open("client");
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  assertStringIncludes(textOf(client.read("HTTP/1.1 200 OK\nA: b\r\n\r\n")), "1 of 3 lines of this HTTP head end");
  const ours = open("client");
  assertStringIncludes(textOf(ours.write("GET / HTTP/1.0\n\n")), "All 2 lines of our HTTP head");
  const byLine = open("server");
  for (const line of ["GET / HTTP/1.1\n", "Host: x\n", "\n"]) byLine.read(line);
  assertEquals(byLine.mistakes.filter((mistake) => mistake === 17), [17]);
});

Deno.test("17: lines of text, and the body of a message, may end as they like", { permissions }, () => {
  const run = open("server");
  run.read("GET me a line\n");
  const http = open("server");
  http.read("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\na\nb\n");
  assertEquals([run.mistakes, http.mistakes], [[], []]);
});

Deno.test("18: escape sequences, other controls, a line that does not end", { permissions }, () => {
  const run = open("server");
  assertStringIncludes(textOf(run.read("\x1b[31mred\n")), "[mistake 18] There is an escape sequence");
  assertStringIncludes(textOf(run.read("bell\x07\n")), "[mistake 18] There is 1 control character");
  assertStringIncludes(textOf(run.read("\u202egnp.exe\n")), "[mistake 18]");
  const long = open("server");
  for (let index = 0; index < 40; index++) long.read("x".repeat(2000), { after: 100 });
  assertEquals(long.mistakes, [18]);
  const plain = open("server");
  plain.read("tab\there, Grüße, 漢字 😀\r\n");
  const body = open("server");
  body.read("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n\x1b[31mred\n");
  assertEquals([plain.mistakes, body.mistakes], [[], []]);
});

Deno.test("19: a client's handshake without verification", { permissions }, () => {
  const session = {
    version: "TLSv1.3",
    cipher: "X",
    alpn: null,
    serverName: null,
    subject: "CN=x",
    name: "x",
    fingerprint: null,
    refusal: null,
  };
  const shake = (role: "client" | "server", verified: boolean): Run => {
    const run = open(role);
    run.call("handshake", null, { session: { ...session, verified }, tls: true });
    return run;
  };
  assertEquals(shake("client", false).mistakes, [19]);
  assertEquals(shake("client", true).mistakes, []);
  assertEquals(shake("server", false).mistakes, [], "clients need no certificate");
});

Deno.test("20: a little-endian integer, and numbers beyond the limits", { permissions }, () => {
  const run = open("server");
  const said = textOf(run.read(Uint8Array.of(0x2c, 1, 0, 0)));
  assertStringIncludes(
    said,
    "[mistake 20] 2c 01 00 00 is 738,263,040 in network order (big-endian), 300 in little-endian",
  );
  const big = open("server");
  assertStringIncludes(textOf(big.read(Uint8Array.of(0, 0, 1, 0x2c))), "is 300 in network order");
  assertEquals(big.mistakes, []);
  const limits = open("server");
  assertStringIncludes(textOf(limits.read("Ada: 2147483648\n")), "[mistake 20] 2,147,483,648 is more than 2^31 - 1");
  assertStringIncludes(textOf(limits.read('{"name":"x","number":9007199254740993}\n')), "more than 2^53");
  limits.read("Ada: 2147483647\n");
  limits.read("call me at 0301234567890 today\n");
  assertEquals(limits.mistakes, [20, 20]);
});
