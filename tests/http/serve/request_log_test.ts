import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { setColorEnabled } from "@std/fmt/colors";
import {
  commonLine,
  commonTime,
  type Exchange,
  RequestLog,
  withoutConnections,
} from "../../../http/serve/request_log.ts";
import { proseOf } from "../../../lib/console/prose.ts";
import { RecordedEvents } from "../../support/sockets.ts";
import { headOf, latin1 } from "../requests.ts";

setColorEnabled(false);
const permissions = "none";
const GET = "GET /a?b HTTP/1.1\r\nHost: localhost\r\nX: \xc3\xa9\r\n\r\n";

function exchange(changes: Partial<Exchange> = {}): Exchange {
  return {
    connection: { id: 3, peer: "192.0.2.7:50000", local: "127.0.0.1:8080", hostname: "192.0.2.7", session: null },
    head: headOf(GET),
    line: null,
    raw: new Uint8Array(0),
    body: new Uint8Array(0),
    received: 0,
    status: 200,
    sent: 12,
    duration: 0.42,
    refusal: "",
    cut: false,
    ...changes,
  };
}

function prose(changes: Partial<Exchange> = {}): string {
  const events = new RecordedEvents();
  new RequestLog(events, "prose").add(exchange(changes));
  const [event] = events.all;
  return event?.event === "request" ? proseOf(event, { role: "server", quiet: false }) : "";
}

Deno.test(
  "RequestLog shows a request between two rules of equal length, and a line about its answer",
  { permissions },
  () => {
    assertEquals(
      prose(),
      `----- HTTP REQUEST from 192.0.2.7:50000 -----
GET /a?b HTTP/1.1
Host: localhost
X: é

---------------------------------------------
[+] 192.0.2.7:50000 GET /a?b -> 200, 12 B in 0.42 ms`,
    );
    const [first = "", ...rest] = prose().split("\n");
    assertEquals(first.length, rest.at(-2)?.length);
  },
);

Deno.test(
  "RequestLog shortens a long target or method in the line about its answer, and says if the answer was cut off",
  {
    permissions,
  },
  () => {
    const long = headOf(`GET /${"x".repeat(999)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    assertEquals(
      prose({ head: long, sent: 1_234_567, duration: 3210, cut: true }).split("\n").at(-1),
      `[!] 192.0.2.7:50000 GET /${"x".repeat(251)}… -> 200, 1.23 MB in 3.2 s: cut off`,
    );
    const method = headOf(`${"X".repeat(999)} / HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    assertStringIncludes(prose({ head: method, status: 501 }), ` ${"X".repeat(256)}… -> 501, `);
  },
);

Deno.test(
  "RequestLog shows a body escaped on one line, and only the beginning of a long one (S7)",
  { permissions },
  () => {
    const body = latin1("a\r\n---------------------------------------------\n[+] Listening on 6.6.6.6:6\x1b[2J\0");
    const lines = prose({ body, received: body.length }).split("\n");
    assertEquals(lines.length, 8);
    assertEquals(
      lines[5],
      "Body: a\\r\\n---------------------------------------------\\n[+] Listening on 6.6.6.6:6␛[2J␀",
    );
    assertStringIncludes(
      prose({ body: new Uint8Array(1024).fill(120), received: 5000 }),
      `Body: ${"x".repeat(1024)} … (5000 bytes)\n`,
    );
  },
);

Deno.test(
  "RequestLog shows data that is not a request on one line, with the reason for the refusal",
  { permissions },
  () => {
    const text = prose({
      head: null,
      raw: latin1("GET /\n[+] forged\x07"),
      status: 400,
      refusal: "a line ends with LF alone",
    });
    assertEquals(
      text,
      `----- HTTP REQUEST from 192.0.2.7:50000 -----
Malformed request: GET /\\n[+] forged\\x07
---------------------------------------------
[!] 192.0.2.7:50000 malformed request -> 400, 12 B in 0.42 ms: a line ends with LF alone`,
    );
  },
);

Deno.test("RequestLog names a request without a whole head by its status, or by its request line", {
  permissions,
}, () => {
  const raw = latin1("GET /a");
  const lines = (changes: Partial<Exchange>): string[] => {
    const [, first = "", , last = ""] = prose({ head: null, raw, refusal: "why", ...changes }).split("\n");
    return [first, last];
  };
  const end = ", 12 B in 0.42 ms: why";
  for (const [status, what] of [[400, "Malformed"], [408, "Incomplete"], [414, "Refused"]] as const) {
    const asked = `${what.toLowerCase()} request`;
    assertEquals(lines({ status }), [`${what} request: GET /a`, `[!] 192.0.2.7:50000 ${asked} -> ${status}${end}`]);
    const line = { method: "GET", target: "/a", version: "HTTP/1.1", end: 0 };
    assertEquals(lines({ status, line }), [
      `${what} request: GET /a`,
      `[!] 192.0.2.7:50000 GET /a -> ${status}${end}`,
    ]);
  }
});

Deno.test("RequestLog puts a prefix before received data that could forge a log line", { permissions }, () => {
  for (
    const forged of [
      "[+] Accepted connection from 192.0.2.9:1",
      "----- HTTP REQUEST from 192.0.2.9:1 -----",
      "-".repeat(45),
    ]
  ) {
    const lines = prose({ head: null, raw: latin1(forged), status: 400, refusal: "no" }).split("\n");
    assertEquals(lines[1], `Malformed request: ${forged}`);
  }
});

Deno.test("RequestLog emits the parts of a request as event fields", { permissions }, () => {
  const events = new RecordedEvents();
  new RequestLog(events, "prose").add(exchange());
  const [event] = events.all;
  const { prose: _, ...fields } = event as unknown as Record<string, unknown>;
  assertEquals(fields, {
    event: "request",
    id: 3,
    peer: "192.0.2.7:50000",
    method: "GET",
    target: "/a?b",
    version: "HTTP/1.1",
    text: GET.replace("\xc3\xa9", "é"),
    bytes: GET.length,
    status: 200,
    sent: 12,
    duration: 0.42,
  });
});

Deno.test(
  "commonLine() writes the Common Log Format, and a request cannot forge the rest of the line",
  { permissions },
  () => {
    const time = commonTime(new Date(Date.UTC(2000, 9, 1, 3, 5, 6)));
    assertEquals(commonLine(exchange(), time), '192.0.2.7 - - [01/Oct/2000:03:05:06 +0000] "GET /a?b HTTP/1.1" 200 12');
    assertEquals(
      commonLine(exchange({ sent: 0, status: 304 }), time),
      '192.0.2.7 - - [01/Oct/2000:03:05:06 +0000] "GET /a?b HTTP/1.1" 304 -',
    );
    // As Apache httpd does it: no byte but visible ASCII, and the line ends where the request line does.
    const raw = latin1('x" 200 1\x1b\\\t\x0b\x08\x00\x7f\xc3\xa9\r\nmore');
    assertEquals(
      commonLine(exchange({ head: null, raw, status: 400 }), time),
      `192.0.2.7 - - [${time}] "x\\" 200 1\\x1b\\\\\\t\\v\\b\\x00\\x7f\\xc3\\xa9" 400 12`,
    );
    assertMatch(commonLine(exchange({ head: null, status: 408 }), time), / "-" 408 12$/);
    const late = latin1("\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    assertMatch(commonLine(exchange({ head: null, raw: late, status: 400 }), time), / "GET \/ HTTP\/1\.1" 400 12$/);
  },
);

Deno.test("RequestLog.eventOf() makes a line in the Common Log Format only", { permissions }, () => {
  for (const [peer, hostname] of [["192.0.2.7:50000", "192.0.2.7"], ["[2001:db8::7]:50000", "2001:db8::7"]] as const) {
    const events = new RecordedEvents();
    for (const format of ["prose", "common"] as const) {
      const refused = { event: "refused", id: 3, peer, reason: "full", status: 503, sent: 91 } as const;
      const made = new RequestLog(events, format).eventOf(refused);
      if (made !== null) events.emit(made);
    }
    const [line, ...more] = events.all.map((event) => proseOf(event, { role: "server", quiet: false }));
    assertMatch(line?.replace(hostname, "HOST") ?? "", /^HOST - - \[\S+ \+0000\] "-" 503 91$/);
    assertEquals(more, []);
  }
});

Deno.test("withoutConnections() drops what is logged per connection, and nothing else", { permissions }, () => {
  const events = new RecordedEvents();
  const log = withoutConnections(events);
  assertEquals(log.detailed, events.detailed);
  const [id, peer] = [1, "192.0.2.7:50000"];
  log.emit({ event: "accepted", id, peer });
  log.emit({ event: "refused", id, peer, reason: "full" });
  log.emit({ event: "closed", id, peer, bytesIn: 0, bytesOut: 0, duration: 1 });
  log.emit({ event: "notice", message: "hi" });
  assertEquals(events.names, ["refused", "notice"]);
});
