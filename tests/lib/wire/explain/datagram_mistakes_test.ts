/** The mistakes with datagrams: each is named where it happens, and where it does not, nothing is. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodeText } from "../../../../lib/text.ts";
import { LOCAL, mistakesIn, Run, textOf } from "./support.ts";

const permissions = "none";
const client = (options = {}): Run => new Run("client", "udp", options);
const server = (): Run => new Run("server", "udp");

Deno.test("an exchange of datagrams names no mistake", { permissions }, () => {
  const run = client();
  run.call("bind", null, { flow: 0, peer: null });
  run.write("Hello from client!");
  run.read("Hello from server!", { after: 7.3 });
  run.call("close", null, { flow: 0, peer: null });
  run.wait(10_000);
  assertEquals(
    run.text,
    [
      "bind(2): our datagrams leave from 127.0.0.1:12345, and answers come back to it",
      "sendto(2) to 192.0.2.7:52884: 18 bytes: “Hello from client!”",
      "recvfrom(2) from 192.0.2.7:52884: 18 bytes, 7.30 ms later: “Hello from server!”",
    ].join("\n"),
  );
});

Deno.test("an empty datagram is a message, and a long one travels in fragments", { permissions }, () => {
  const run = client();
  assertStringIncludes(textOf(run.write("")), "sendto(2) to 192.0.2.7:52884: 0 bytes\nAn empty datagram");
  assertStringIncludes(textOf(run.write(new Uint8Array(1473))), "On Ethernet these are 2 packets");
  run.write(new Uint8Array(1472));
  assertEquals(run.text.match(/packets/g)?.length, 1);
  assertStringIncludes(
    textOf(run.write(new Uint8Array(3000), { flow: 2, peer: { hostname: "127.0.0.1", port: 9 } })),
    "loopback carries it whole",
  );
});

Deno.test("7: an answer that is our datagram cut off, and one too long to send", { permissions }, () => {
  const run = client();
  run.write("0123456789".repeat(200));
  const said = textOf(run.read("0123456789".repeat(200).slice(0, 1024)));
  assertStringIncludes(said, "[mistake 7] The answer is our datagram, cut off: 1,024 of 2,000 bytes");
  run.call("sending", new Uint8Array(65_508));
  const failed = run.call("send", null, { error: "EMSGSIZE", offered: 65_508 });
  assertStringIncludes(textOf(failed), "[mistake 7] sendto(2): 65,508 bytes are too many for a datagram");
  const short = client();
  short.write("Hello from client!");
  short.read("Hello");
  assertEquals(short.mistakes, []);
});

Deno.test("8: numbers that are missing, late, or there twice", { permissions }, () => {
  const run = server();
  for (const number of [1, 2, 3, 4]) run.read(`ping ${number} at 12:0${number}`);
  assertStringIncludes(textOf(run.read("ping 7 at 12:09")), "[mistake 8] Numbers 5 to 6 have not come: lost, or late");
  assertStringIncludes(textOf(run.read("ping 6 at 12:10")), "[mistake 8] Number 6 comes after 7: out of order");
  assertStringIncludes(textOf(run.read("ping 7 at 12:11")), "[mistake 8] Number 7 again: a duplicate");
  assertEquals(textOf(run.read("ping 8 at 12:12")).includes("mistake"), false);
});

Deno.test("8: what was missing before the sequence was certain is told then", { permissions }, () => {
  const run = server();
  for (const number of [1, 3, 4, 5]) run.read(`#${number}`);
  assertEquals(run.mistakes, []);
  assertStringIncludes(textOf(run.read("#6")).replace(/^.*\n/, ""), "");
  assertEquals(run.text.includes("Number 2 has not come"), true);
});

Deno.test("8: readings, chat lines and one number again and again are no sequence", { permissions }, () => {
  for (
    const texts of [
      [20, 21, 19, 25, 22, 23, 24, 18, 30].map((celsius) => `temperature ${celsius}`),
      ["1", "2", "go!", "4", "17 is my number", "5"],
      Array.from({ length: 20 }, () => "Ada: 42"),
      Array.from({ length: 20 }, (_, index) => `t=${1_700_000_000 + index * 977}`),
    ]
  ) {
    const run = server();
    for (const text of texts) run.read(text);
    assertEquals(run.mistakes, [], texts[0]);
  }
});

Deno.test("8: one without an answer though later ones have it; late is not lost", { permissions }, () => {
  const run = client();
  const port = (flow: number) => ({ flow, local: { ...LOCAL, port: 40_000 + flow } });
  run.write("ask", port(1));
  run.write("ask", { ...port(2), after: 300 });
  run.read("answer", port(2));
  assertEquals(run.mistakes, []);
  assertStringIncludes(textOf(run.wait(1500)), "[mistake 8] No answer for 1.1 s, though other datagrams have one");
  assertStringIncludes(textOf(run.read("answer", port(1))), "The answer comes after 1.8 s: it was late, not lost");
  assertEquals(run.mistakes, [8]);
});

Deno.test("8: an answer overtaken by a later one, and one that comes twice", { permissions }, () => {
  const run = client();
  run.write("one", { flow: 1 });
  run.write("two", { flow: 2, local: { ...LOCAL, port: 2 } });
  run.read("2", { flow: 2, local: { ...LOCAL, port: 2 } });
  assertStringIncludes(
    textOf(run.read("1", { flow: 1 })),
    "[mistake 8] This answer, after 3.00 ms, comes after the answer to a later",
  );
  assertStringIncludes(
    textOf(run.read("1", { flow: 1 })),
    "[mistake 8] The same answer again, 1.00 ms later: a duplicate",
  );
});

Deno.test("8: the same again without an answer is told as such, and not as a mistake", { permissions }, () => {
  const run = client();
  run.write("ask", { flow: 1 });
  const again = textOf(run.write("ask", { flow: 2, after: 500, local: { ...LOCAL, port: 2 } }));
  assertStringIncludes(again, "The same datagram as 500 ms ago, which has no answer yet");
  run.read("answer", { flow: 2, local: { ...LOCAL, port: 2 } });
  assertEquals(run.mistakes, []);
  const asked = server();
  asked.read("ask");
  assertStringIncludes(textOf(asked.read("ask")), "The same datagram as the one before");
  asked.write("answer");
  asked.read("ask again");
  assertEquals(textOf(asked.write("answer")).includes("same"), false, "a server waits for no answer");
  assertEquals(asked.mistakes, []);
});

Deno.test("9: no answer at all, and a refusal after a send that succeeded", { permissions }, () => {
  const run = client();
  run.write("anybody there?");
  assertStringIncludes(textOf(run.wait(2500)), "[mistake 9] No answer for 2.0 s");
  run.write("hello?", { flow: 2, local: { ...LOCAL, port: 2 } });
  assertStringIncludes(textOf(run.wait(2500)), "No answer for 2.0 s to this one either");
  assertEquals(run.mistakes, [9], "it is said once for each peer");
  const refused = client();
  refused.write("hi");
  const error = refused.call("receive", null, { flow: 0, peer: null, error: "ECONNREFUSED" });
  assertStringIncludes(textOf(error), "[mistake 9] recvfrom(2): refused (ECONNREFUSED)");
  const closed = client();
  closed.write("hi");
  assertStringIncludes(
    textOf(closed.call("close", null, { flow: 0, peer: null })),
    "[mistake 9] No answer for 1.00 ms",
  );
});

Deno.test("9: a person may take their time, and a server waits for no answer", { permissions }, () => {
  const chat = client({ person: true });
  chat.write("hello");
  chat.wait(30_000);
  chat.call("close", null, { flow: 0, peer: null });
  const answering = server();
  answering.read("ask");
  answering.write("answer");
  answering.wait(30_000);
  answering.call("close", null, { flow: 0, peer: null });
  assertEquals([chat.mistakes, answering.mistakes], [[], []]);
});

Deno.test("10: a datagram from someone who was not asked", { permissions }, () => {
  const run = client();
  run.write("ask");
  const said = run.read("I am the answer", { flow: 2, peer: { hostname: "192.0.2.66", port: 53 } });
  assertStringIncludes(textOf(said), "answer”\n[mistake 10] This comes from 192.0.2.66:53, not from 192.0.2.7:52884");
  assertEquals(mistakesIn(run.read("answer")), []);
  const open = server();
  open.read("hi");
  open.write("ho");
  open.read("hi", { flow: 2, peer: { hostname: "192.0.2.66", port: 53 } });
  assertEquals(open.mistakes, [], "a server takes them all");
});

Deno.test("2, 18 and 20 are found in datagrams too", { permissions }, () => {
  const run = server();
  const padded = new Uint8Array(512);
  padded.set(encodeText("ping"));
  run.read(padded);
  run.read("\x1b]0;title\x07");
  run.read(Uint8Array.of(42, 0, 0, 0));
  assertEquals(run.mistakes, [2, 18, 20]);
});

Deno.test("thousands of flows are followed in bounded memory", { permissions }, () => {
  const run = server();
  for (let flow = 1; flow <= 20_000; flow++) {
    run.read("hi", { flow, peer: { hostname: "192.0.2.9", port: flow }, after: 10 });
  }
  run.wait(5000);
  assertStringIncludes(textOf(run.read("hi", { flow: 1 })), "recvfrom(2)");
});
