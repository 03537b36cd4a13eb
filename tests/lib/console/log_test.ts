import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { stripVTControlCharacters } from "node:util";
import { type NetEvent, NO_EVENTS, type Role } from "../../../lib/events.ts";
import type { Listening } from "../../../lib/listening.ts";
import { Log, type LogOptions, orderByTime, reserveOutput, toJson } from "../../../lib/console/log.ts";
import { print, proseOf } from "../../../lib/console/prose.ts";
import { milliseconds } from "../../../lib/text.ts";
import { LineOutput } from "../../../lib/console/output.ts";
import { FakeSink } from "../fakes.ts";

const permissions = "none";

/** What a log writes for these events to standard output and standard error. */
async function logged(
  options: Partial<LogOptions>,
  ...events: NetEvent[]
): Promise<{ out: string; err: string; detailed: boolean }> {
  const [out, err] = [new FakeSink(), new FakeSink()];
  const lines = { out: new LineOutput(out), err: new LineOutput(err) };
  const log = new Log({ role: "server", json: false, quiet: false, colour: false, ...lines, ...options });
  for (const event of events) log.emit(event);
  await Promise.all([lines.out.flush(), lines.err.flush()]);
  return { out: out.text, err: err.text, detailed: log.detailed };
}

const peer = "192.0.2.7:4000";
const listening: Listening = {
  event: "listening",
  transport: "tcp",
  hostname: "127.0.0.1",
  port: 9,
  tls: false,
  join: [],
  here: "join me",
  verb: "connect",
};
const received: NetEvent = { event: "received", id: 1, peer, bytes: 2, text: "hi" };
const sent: NetEvent = { event: "sent", id: 1, peer, bytes: 2, text: "yo" };
const error: NetEvent = { event: "error", code: 1, message: "Cannot continue: a fault" };
const ended: NetEvent = { event: "ended", code: 0, reason: "Done: all of it" };
const result: NetEvent = { event: "result", prose: "Sum: 7", sum: 7 };

function prose(event: NetEvent, role: Role = "server", quiet = false): string {
  return stripVTControlCharacters(proseOf(event, { role, quiet }));
}

Deno.test("orderByTime() makes a log print in the order of time, the rest when it ends", { permissions }, async () => {
  const sink = new FakeSink();
  const lines = new LineOutput(sink);
  {
    using log = new Log({ role: "server", json: false, quiet: false, colour: false, out: lines, err: lines });
    log.emit(listening);
    orderByTime(log);
    const now = Date.now();
    log.emit({ event: "stopping", signal: "SIGINT", at: now });
    log.emit({ event: "accepted", id: 1, peer, at: now - 5 });
    log.emit(ended);
  }
  await lines.flush();
  assertEquals(sink.text.match(/^\[.\] \w+/gm), [
    "[+] Listening",
    "[+] Reachable",
    "[+] Accepted",
    "[!] Exiting",
    "[+] Done",
  ]);
});

Deno.test("reserveOutput() leaves one kind of event on standard output, and not even dropped lines beside it", {
  permissions,
}, async () => {
  const [sink, err] = [new FakeSink(), new FakeSink()];
  const lines = { out: new LineOutput(sink, { limit: 10 }), err: new LineOutput(err) };
  const log = new Log({ role: "server", json: false, quiet: false, colour: false, ...lines });
  reserveOutput(log, "result");
  sink.hold();
  for (const event of [listening, result, error, ended]) log.emit(event);
  await Promise.resolve();
  for (let count = 0; count < 4; count++) log.emit(result);
  sink.release();
  await Promise.all([lines.out.flush(), lines.err.flush()]);
  assertEquals(sink.text, "Sum: 7\n".repeat(3));
  assertEquals(err.text.match(/^\[.\] \w+/gm), ["[+] Listening", "[+] Reachable", "[!] Cannot", "[+] Done", "[!] 2"]);
});

Deno.test("reserveOutput() changes nothing with --json", { permissions }, async () => {
  const [sink, err] = [new FakeSink(), new FakeSink()];
  const lines = { out: new LineOutput(sink), err: new LineOutput(err) };
  const log = new Log({ role: "server", json: true, quiet: false, colour: false, ...lines });
  reserveOutput(log, "result");
  log.emit(ended);
  await lines.out.flush();
  assertMatch(sink.text, /"event":"ended"/);
});

Deno.test("NO_EVENTS accepts events and is not detailed", { permissions }, () => {
  NO_EVENTS.emit(listening);
  assertEquals(NO_EVENTS.detailed, false);
});

Deno.test("a server's log goes to standard output, its errors to standard error", { permissions }, async () => {
  const warning: NetEvent = { event: "warning", message: "careful" };
  const { out, err } = await logged({}, received, sent, error, warning, result, ended);
  assertEquals(out, `[*] Received from ${received.peer}: hi\nSum: 7\n[+] Done: all of it\n`);
  assertEquals(err, "[!] Cannot continue: a fault\n[!] careful\n");
});

Deno.test("a client's log goes to standard error: standard output is for data", { permissions }, async () => {
  const connected: NetEvent = { event: "connected", id: 0, peer, local: "192.0.2.1:5", duration: 0.4 };
  const { out, err } = await logged({ role: "client" }, connected, sent, received, ended);
  assertEquals(out, "");
  assertEquals(err, `[+] Connected to ${peer} from 192.0.2.1:5 in 0.40 ms\n[*] Sent: yo\n[+] Done: all of it\n`);
});

Deno.test("a quiet log keeps the ready line, results and errors", { permissions }, async () => {
  const accepted: NetEvent = { event: "accepted", id: 1, peer };
  const { out, err, detailed } = await logged({ quiet: true }, listening, accepted, received, result, error, ended);
  assertEquals([out, err, detailed], [
    "[+] Listening on 127.0.0.1:9\nSum: 7\n",
    "[!] Cannot continue: a fault\n",
    false,
  ]);
});

Deno.test("a JSON log is one object per line on standard output, errors too", { permissions }, async () => {
  for (const role of ["server", "client"] as const) {
    const { out, err } = await logged({ role, json: true }, listening, received, error, result, ended);
    const lines = out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.map(({ event }) => event), ["listening", "received", "error", "result", "ended"]);
    assertEquals([lines[1].text, lines[3].sum, lines[3].prose, err], ["hi", 7, undefined, ""]);
  }
});

Deno.test("toJson() begins with the time, in milliseconds, and the event", { permissions }, () => {
  assertMatch(toJson(received), /^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","event":"received","id":1,"peer":/);
  const closed = { event: "closed", id: 1, peer, bytesIn: 1, bytesOut: 2, duration: 1.23456 } as const;
  assertStringIncludes(toJson(closed), '"bytesIn":1,"bytesOut":2,"duration":1.235}');
  // The time of the event, not of printing.
  assertStringIncludes(
    toJson({ ...received, at: 1500 }),
    '{"time":"1970-01-01T00:00:01.500Z","event":"received","id":1,',
  );
});

Deno.test("toJson() preserves any text, and makes it safe for a terminal (S7)", { permissions }, () => {
  const text = '"\\\n\r\0\x1b[31m\x7f\x9b31m\u202e\u2028\ufeff é😀';
  const line = toJson({ ...received, text } as NetEvent);
  assertEquals(JSON.parse(line).text, text);
  assert(!/[\p{Cc}\u2028-\u202e\ufeff]/u.test(line), line);
});

Deno.test("proseOf() of listening shows the address, the kind and how to join", { permissions }, () => {
  const lan: NetEvent = { ...listening, hostname: "::", transport: "udp", tls: true, join: ["join A", "join B"] };
  assertEquals(
    prose(lan),
    "[+] Listening on [::]:9 (UDP) (TLS)\n[+] Reachable from the network; to connect, type on another machine:\n[+]   join A\n[+]   join B",
  );
  const only = "\n[+] Reachable from this machine only (--bind 0.0.0.0 opens it); to connect, type:";
  assertStringIncludes(prose(listening), `${only}\n[+]   join me`);
  const offline = "Reachable from this machine only (it has no address on a network); to connect, type:";
  assertStringIncludes(prose({ ...listening, hostname: "::" }), `${offline}\n[+]   join me`);
  assertEquals(prose(lan, "server", true), "[+] Listening on [::]:9 (UDP) (TLS)");
  assertStringIncludes(prose({ ...listening, verb: "join" }), "; to join, type:");
  assertEquals("verb" in JSON.parse(toJson(listening)), false);
});

Deno.test(
  "Log breaks what it says about joining between words, but no command and no URL",
  { permissions },
  async () => {
    const sink = new FakeSink();
    const out = new LineOutput(sink, { columns: () => 40 });
    const here = `join ${"x".repeat(60)}`;
    const log = new Log({ role: "server", json: false, quiet: false, colour: false, out, err: out });
    log.emit({ ...listening, here });
    await out.flush();
    assertEquals(
      sink.text,
      `[+] Listening on 127.0.0.1:9
[+] Reachable from this machine only
  (--bind 0.0.0.0 opens it); to
  connect, type:
[+]   ${here}
`,
    );
    const url = "http://[2001:db8:1234:5678:9abc:def0:1234:5678]:23456/";
    log.emit({ ...listening, join: ["join A"], urls: [url, url] });
    await out.flush();
    assert(sink.text.endsWith(`\n[+] or open in its browser: ${url}\n[+]   ${url}\n`));
  },
);

const lan: Listening = { ...listening, hostname: "0.0.0.0", join: ["join A"] };
const urls = ["http://10.0.0.2:9/", "http://[fd00::2]:9/"];

Deno.test("proseOf() of listening shows the page's URLs to other machines, and what a browser will say", {
  permissions,
}, () => {
  const page = "\n[+] or open in its browser: http://10.0.0.2:9/\n[+]   http://[fd00::2]:9/";
  const warning =
    "\n[+] A browser will warn unless it knows the certificate's issuer; the SHA-256 fingerprint to compare:\n[+]   AB:CD";
  assertStringIncludes(prose({ ...lan, urls }), `\n[+]   join A${page}`);
  assertEquals(prose({ ...lan, urls, certificate: "AB:CD" }).endsWith(`${page}${warning}`), true);
  assertEquals(prose({ ...listening, urls, certificate: "AB:CD" }).endsWith(`\n[+]   join me${warning}`), true);
  assertEquals(prose({ ...lan, urls, certificate: "AB:CD" }, "server", true), "[+] Listening on 0.0.0.0:9");
});

Deno.test("Log shows a QR code below its URL on a terminal with colours where it fits, and nowhere else", {
  permissions,
}, async () => {
  const qr = [" █ ", " ▀ "];
  const shown = async (options: Partial<LogOptions>, [columns, rows]: readonly [number, number]): Promise<string> => {
    const sink = new FakeSink();
    const out = new LineOutput(sink, { columns: () => columns, rows: () => rows });
    const log = new Log({ role: "server", json: false, quiet: false, colour: true, out, err: out, ...options });
    log.emit({ ...lan, urls, qr });
    await out.flush();
    return sink.text;
  };
  const code = "\x1b[30;107m █ \x1b[0m\n\x1b[30;107m ▀ \x1b[0m\n";
  // Five lines above it, three rows below.
  assert((await shown({}, [80, 10])).endsWith(`[fd00::2]:9/\n${code}`));
  for (const [options, size] of [[{}, [80, 9]], [{ colour: false }, [80, 50]], [{ quiet: true }, [80, 50]]] as const) {
    assertEquals(/[█▀]|107/.test(await shown(options, size)), false);
  }
  const { qr: drawn, urls: open, certificate } = JSON.parse(toJson({ ...lan, urls, qr, certificate: "AB:CD" }));
  assertEquals([drawn, open, certificate], [undefined, urls, "AB:CD"]);
});

Deno.test("proseOf() gives each event its mark and its text", { permissions }, () => {
  const cases: [NetEvent, string][] = [
    [{ event: "accepted", id: 1, peer }, `[+] Accepted connection from ${peer}`],
    [{ event: "eof", id: 1, peer }, ""],
    [
      { event: "reset", id: 1, peer, message: `Cannot read from ${peer}: reset` },
      `[!] Cannot read from ${peer}: reset`,
    ],
    [{ event: "refused", id: 1, peer, reason: "full" }, `[!] Refused ${peer}: full`],
    [
      { event: "refused", id: 1, peer, reason: "full", status: 503, sent: 91 },
      `[!] Refused ${peer} -> 503, 91 B: full`,
    ],
    [{ event: "error", id: 1, peer, code: 1, message: "a fault" }, `[!] ${peer}: a fault`],
    [
      { event: "error", id: 1, peer, code: 5, message: `Cannot read from ${peer}: late` },
      `[!] Cannot read from ${peer}: late`,
    ],
    [{ event: "notice", message: "by the way" }, "[+] by the way"],
    [{ event: "stopping", signal: "SIGINT" }, "[!] Exiting..."],
    [
      { event: "closed", id: 1, peer, bytesIn: 1, bytesOut: 2048, duration: 1500 },
      `[+] Closed ${peer}: 1 B in, 2.05 kB out, 1.5 s`,
    ],
  ];
  for (const [event, line] of cases) assertEquals(prose(event), line);
  assertEquals([prose(received, "client"), prose(sent, "server"), prose(ended, "client", true)], ["", "", ""]);
});

Deno.test("Log shows a status on a terminal only, and neither with --quiet nor in JSON nor beside an input line", async () => {
  const status: NetEvent = { event: "status", text: "3 of 4\x1b" };
  const onTerminal = async (options: Partial<LogOptions>, prepare: (log: Log) => void = () => {}): Promise<string> => {
    const sink = new FakeSink();
    const err = new LineOutput(sink, { columns: () => 80 });
    const log = new Log({ role: "client", json: false, quiet: false, colour: false, out: err, err, ...options });
    prepare(log);
    log.emit(status);
    await err.flush();
    return sink.text;
  };
  assertEquals(await onTerminal({}), "3 of 4␛");
  assertEquals(await onTerminal({ quiet: true }), "");
  assertEquals(await onTerminal({ json: true }), "");
  assertEquals(await onTerminal({}, (log) => log.showsStatus = false), "");
  assertEquals(await logged({ role: "client" }, status), { out: "", err: "", detailed: true });
});

/** Every kind of event, with hostile text wherever possible; add new kinds here too. */
function hostileEvents(text: string): { [Name in NetEvent["event"]]: NetEvent } {
  const of = { id: 1, peer: text };
  const script = { ...of, prose: [text, { mark: "data", text }] } as const;
  return {
    listening: { ...listening, hostname: text, join: [text] } as NetEvent,
    connected: { event: "connected", ...of, local: text, duration: 1 },
    accepted: { event: "accepted", ...of },
    secured: {
      ...{ event: "secured", ...of, version: text, cipher: text, alpn: text, serverName: text },
      ...{ subject: text, fingerprint: text },
    } as NetEvent,
    received: { event: "received", ...of, bytes: 1, text },
    sent: { event: "sent", ...of, bytes: 1, text },
    eof: { event: "eof", ...of },
    reset: { event: "reset", ...of, message: text },
    closed: { event: "closed", ...of, bytesIn: 1, bytesOut: 1, duration: 1 },
    refused: { event: "refused", id: 1, peer: text, reason: text },
    error: { event: "error", ...of, code: 8, message: text },
    notice: { event: "notice", message: text },
    warning: { event: "warning", message: text },
    status: { event: "status", text },
    stopping: { event: "stopping", signal: text },
    summary: { event: "summary", prose: text },
    ended: { event: "ended", code: 0, reason: text },
    request: { event: "request", ...script },
    message: { event: "message", ...script },
    result: { event: "result", ...script },
    joined: { event: "joined", ...script },
    left: { event: "left", ...script },
    exchange: { event: "exchange", ...script },
    measured: { event: "measured", ...script },
    inspecting: { event: "inspecting", url: text },
    explain: { event: "explain", id: 1, mark: "trouble", text, why: text, mistake: 18 },
    trace: {
      ...{ event: "trace", id: 1, call: text, detail: text, direction: "in", local: text, peer: text } as const,
      ...{ bytes: 1, hex: text, prose: script.prose },
    },
    fault: {
      ...{ event: "fault", id: 1, transport: "udp", direction: "out", kind: "loss", where: 1 } as const,
      ...{ detail: text, prose: script.prose },
    },
    faults: { event: "faults", plan: text, counts: { loss: 1 }, prose: script.prose },
  };
}

Deno.test("no kind of event prints its contents raw, as prose or as JSON (S7)", { permissions }, async () => {
  const text = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\n[+] Accepted connection from 203.0.113.9:1\u202e\u2028";
  for (const event of Object.values(hostileEvents(text))) {
    for (const [role, json] of [["server", false], ["client", false], ["server", true]] as const) {
      const { out, err } = await logged({ role, json }, event);
      assert(!/[^\P{Cc}\n]|[\u2028-\u202e]/u.test(out + err), `${event.event}: ${JSON.stringify(out + err)}`);
      assert(!/^\[\+\] Accepted connection from 203/m.test(out + err), `${event.event} forges a line`);
    }
  }
  assertStringIncludes(prose(hostileEvents(text).refused), "␛]0;owned\\x07␛[2J\\x9b31m\\r\\n[+] Accepted");
});

Deno.test("proseOf() truncates a long message and shows its size", { permissions }, () => {
  const line = prose({ ...received, text: "x".repeat(65536), bytes: 65536 } as NetEvent);
  assertEquals(line, `[*] Received from ${received.peer}: ${"x".repeat(4096)}… (65536 bytes)`);
});

Deno.test("marks are coloured only if the log has colours", { permissions, ignore: Deno.noColor }, async () => {
  assertStringIncludes((await logged({ colour: true }, received)).out, "\x1b[");
  assertEquals((await logged({ colour: false }, received)).out, `[*] Received from ${received.peer}: hi\n`);
  const marks = ["state", "data", "trouble"] as const;
  assertEquals(marks.map((mark) => print({ mark, text: "a" })), ["[+] a", "[*] a", "[!] a"]);
});

Deno.test("milliseconds() rounds for reading", { permissions }, () => {
  assertEquals([0, 0.418, 9.994, 17.4, 999, 1000, 3249].map(milliseconds), [
    ...["0.00 ms", "0.42 ms", "9.99 ms", "17 ms", "999 ms", "1.0 s", "3.2 s"],
  ]);
});
