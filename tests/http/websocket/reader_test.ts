/** What a client may send, and what ends the connection (RFC 6455 5, 7, 8), in every way that a stream can deliver it. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FrameReader, WebSocketError, type WebSocketMessage } from "../../../http/websocket.ts";
import { concat, everyWay } from "../../support/chunks.ts";
import { BINARY, clientFrame, CLOSE, closePayload, CONTINUATION, PING, PONG, TEXT } from "../../support/websocket.ts";

/** The messages, in a short form that can be compared, then the code of the error, if any. */
function read(pieces: readonly Uint8Array[], max?: number): string[] {
  const reader = new FrameReader(max);
  const got: string[] = [];
  try {
    for (const piece of pieces) {
      // The connection reuses its buffer for the next read.
      const buffer = piece.slice();
      for (const message of reader.push(buffer)) got.push(shown(message));
      buffer.fill(0);
    }
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error;
    got.push(`! ${error.code}`);
    for (const piece of pieces) assertEquals([...reader.push(piece)], [], "nothing comes after an error");
  }
  return got;
}

function shown(message: WebSocketMessage): string {
  if (message.kind === "text") return `text ${message.text}`;
  if (message.kind === "close") return `close ${message.code} ${message.reason}`;
  return `${message.kind} ${Array.from(message.bytes).join(" ")}`;
}

interface Case {
  /** What is required, with its section. */
  readonly name: string;
  readonly sent: readonly Uint8Array[];
  readonly got: readonly string[];
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const filled = (length: number): Uint8Array => new Uint8Array(length).fill(0x2a);

const CASES: readonly Case[] = [
  { name: "5.7 a masked text", sent: [clientFrame(TEXT, "Hello")], got: ["text Hello"] },
  {
    name: "5.7 a fragmented text",
    sent: [clientFrame(TEXT, "Hel", { more: true }), clientFrame(CONTINUATION, "lo")],
    got: ["text Hello"],
  },
  {
    name: "5.2 empty messages",
    sent: [clientFrame(TEXT), clientFrame(BINARY), clientFrame(PING), clientFrame(PONG)],
    got: ["text ", "binary ", "ping ", "pong "],
  },
  {
    name: "5.3 any masking key, for each frame its own",
    sent: [
      clientFrame(BINARY, bytes(1, 2, 3, 4, 5), { key: [0, 0, 0, 0] }),
      clientFrame(BINARY, bytes(1, 2, 3, 4, 5, 6), { key: [255, 1, 2, 3] }),
      clientFrame(BINARY, bytes(7, 7, 7), { key: [9, 8, 7, 6], more: true }),
      clientFrame(CONTINUATION, bytes(7, 7, 7), { key: [1, 2, 3, 4] }),
    ],
    got: ["binary 1 2 3 4 5", "binary 1 2 3 4 5 6", "binary 7 7 7 7 7 7"],
  },
  { name: "5.1 a frame that is not masked", sent: [clientFrame(TEXT, "Hello", { key: null })], got: ["! 1002"] },
  ...[1, 2, 4, 7].map((reserved): Case => ({
    name: `5.2 reserved bits ${reserved}, after a message that is served`,
    sent: [clientFrame(TEXT, "a"), clientFrame(TEXT, "b", { reserved }), clientFrame(PING)],
    got: ["text a", "! 1002"],
  })),
  { name: "5.2 reserved bits of a control frame", sent: [clientFrame(PING, "", { reserved: 4 })], got: ["! 1002"] },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): Case => ({
    name: `5.2 the reserved opcode ${opcode}`,
    sent: [clientFrame(TEXT, "a"), clientFrame(opcode, "b")],
    got: ["text a", "! 1002"],
  })),
  { name: "5.2 length 125 in 16 bits", sent: [clientFrame(BINARY, filled(125), { form: 16 })], got: ["! 1002"] },
  { name: "5.2 length 0 in 64 bits", sent: [clientFrame(BINARY, "", { form: 64 })], got: ["! 1002"] },
  {
    name: "5.2 length 65,535 in 64 bits",
    sent: [clientFrame(BINARY, "", { form: 64, announced: 65_535n })],
    got: ["! 1002"],
  },
  {
    name: "5.2 a length whose first bit is 1",
    sent: [clientFrame(BINARY, "", { announced: 1n << 63n })],
    got: ["! 1002"],
  },
  {
    name: "5.5 a ping with 125 bytes",
    sent: [clientFrame(PING, filled(125))],
    got: [`ping ${Array(125).fill(42).join(" ")}`],
  },
  { name: "5.5 a ping with 126 bytes", sent: [clientFrame(PING, filled(126))], got: ["! 1002"] },
  { name: "5.5 a close frame with 126 bytes", sent: [clientFrame(CLOSE, filled(126))], got: ["! 1002"] },
  { name: "5.5 a pong in 64 bits", sent: [clientFrame(PONG, "", { form: 64 })], got: ["! 1002"] },
  { name: "5.5 a fragmented ping", sent: [clientFrame(PING, "a", { more: true })], got: ["! 1002"] },
  { name: "5.5 a fragmented pong", sent: [clientFrame(PONG, "a", { more: true })], got: ["! 1002"] },
  { name: "5.5 a fragmented close frame", sent: [clientFrame(CLOSE, "", { more: true })], got: ["! 1002"] },
  {
    name: "5.4 control frames between fragments",
    sent: [
      clientFrame(BINARY, bytes(1), { more: true }),
      clientFrame(PING, bytes(2)),
      clientFrame(CONTINUATION, bytes(3), { more: true }),
      clientFrame(PONG, bytes(4)),
      clientFrame(CONTINUATION),
      clientFrame(TEXT, "a"),
    ],
    got: ["ping 2", "pong 4", "binary 1 3", "text a"],
  },
  {
    name: "5.4 empty fragments",
    sent: [
      clientFrame(TEXT, "", { more: true }),
      clientFrame(CONTINUATION, "", { more: true }),
      clientFrame(CONTINUATION, "a", { more: true }),
      clientFrame(CONTINUATION),
    ],
    got: ["text a"],
  },
  { name: "5.4 nothing to continue", sent: [clientFrame(CONTINUATION, "a")], got: ["! 1002"] },
  {
    name: "5.4 nothing to continue, after a message",
    sent: [clientFrame(TEXT, "a"), clientFrame(CONTINUATION, "b", { more: true })],
    got: ["text a", "! 1002"],
  },
  {
    name: "5.4 a text within a text",
    sent: [clientFrame(TEXT, "a", { more: true }), clientFrame(TEXT, "b")],
    got: ["! 1002"],
  },
  {
    name: "5.4 binary within a text",
    sent: [clientFrame(TEXT, "a", { more: true }), clientFrame(PING), clientFrame(BINARY, "b", { more: true })],
    got: ["ping ", "! 1002"],
  },
  {
    name: "5.6 characters across frames, and a byte order mark",
    sent: [clientFrame(TEXT, bytes(0xef, 0xbb), { more: true }), clientFrame(CONTINUATION, bytes(0xbf, 0xc3, 0xa9))],
    got: ["text \ufeffé"],
  },
  {
    name: "8.1 the longest characters, noncharacters and NUL",
    sent: [clientFrame(TEXT, "\0\u{10ffff}\uffff\ufffe€")],
    got: ["text \0\u{10ffff}\uffff\ufffe€"],
  },
  ...([
    ["a byte that is none", [0xff]],
    ["a continuation alone", [0x80]],
    ["overlong", [0xc0, 0xaf]],
    ["overlong in three bytes", [0xe0, 0x80, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["cut off", [0xce]],
  ] as const).flatMap(([what, values]): Case[] => [
    { name: `8.1 ${what}`, sent: [clientFrame(TEXT, bytes(0x61, ...values))], got: ["! 1007"] },
    {
      name: `8.1 ${what}, in the last of two fragments`,
      sent: [clientFrame(TEXT, "é", { more: true }), clientFrame(PING), clientFrame(CONTINUATION, bytes(...values))],
      got: ["ping ", "! 1007"],
    },
    {
      name: `8.1 ${what}, in a reason`,
      sent: [clientFrame(CLOSE, closePayload(1000, bytes(...values)))],
      got: ["! 1007"],
    },
  ]),
  {
    name: "8.1 a text whose last fragment is missing half a character",
    sent: [clientFrame(TEXT, bytes(0x61, 0xc3), { more: true }), clientFrame(CONTINUATION)],
    got: ["! 1007"],
  },
  { name: "5.6 binary need not be UTF-8", sent: [clientFrame(BINARY, bytes(0xff, 0xc0))], got: ["binary 255 192"] },
  { name: "7.1.5 a close frame without a code", sent: [clientFrame(CLOSE)], got: ["close 1005 "] },
  {
    name: "5.5.1 nothing counts after a close frame",
    sent: [clientFrame(CLOSE, closePayload(1000, "bye")), clientFrame(TEXT, "a"), clientFrame(7)],
    got: ["close 1000 bye"],
  },
  {
    name: "5.5.1 a close frame within a message",
    sent: [clientFrame(TEXT, "a", { more: true }), clientFrame(CLOSE, closePayload(1001))],
    got: ["close 1001 "],
  },
  { name: "5.5.1 half a close code", sent: [clientFrame(CLOSE, bytes(3))], got: ["! 1002"] },
  {
    name: "5.5.1 the longest reason",
    sent: [clientFrame(CLOSE, closePayload(1000, "x".repeat(123)))],
    got: [`close 1000 ${"x".repeat(123)}`],
  },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1014, 3000, 3999, 4000, 4999].map((code): Case => ({
    name: `7.4 close code ${code}`,
    sent: [clientFrame(CLOSE, closePayload(code))],
    got: [`close ${code} `],
  })),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code): Case => ({
    name: `7.4 close code ${code}, which must not be sent`,
    sent: [clientFrame(CLOSE, closePayload(code, "why"))],
    got: ["! 1002"],
  })),
];

for (const { name, sent, got } of CASES) {
  Deno.test(`RFC 6455 ${name}`, { permissions: "none" }, () => {
    for (const way of everyWay(concat(...sent))) assertEquals(read(way.pieces), got, way.name);
  });
}

Deno.test("RFC 6455 5.2: payloads of every form of length arrive as they were sent", { permissions: "none" }, () => {
  for (const length of [125, 126, 127, 128, 4096, 4097, 65_535, 65_536]) {
    const payload = Uint8Array.from({ length }, (_, at) => at * 7 % 251);
    const text = "é€x\u{1f600}".repeat(length / 10) + "y".repeat(length % 10);
    const sent = concat(clientFrame(BINARY, payload), clientFrame(TEXT, text));
    for (const size of [sent.length, 1, 3, 1000, 65_536]) {
      const pieces = [];
      for (let at = 0; at < sent.length; at += size) pieces.push(sent.subarray(at, at + size));
      const reader = new FrameReader();
      const got = pieces.flatMap((piece) => [...reader.push(piece)]);
      assertEquals(got.length, 2);
      assert(got[0]?.kind === "binary" && got[0].bytes.every((byte, at) => byte === payload[at]));
      assert(got[0].bytes.length === length && got[1]?.kind === "text" && got[1].text === text);
    }
  }
});

Deno.test("RFC 6455 7.4.1: a message that is too long is refused by its head, fragments added up", {
  permissions: "none",
}, () => {
  const headOf = (opcode: number, length: number, more = false): Uint8Array =>
    clientFrame(opcode, "", { announced: BigInt(length), more });
  assertEquals(read([headOf(BINARY, 65_537)]), ["! 1009"]);
  assertEquals(read([headOf(TEXT, 2 ** 53 - 1)]), ["! 1009"]);
  assertEquals(read([headOf(TEXT, 6)], 5), ["! 1009"]);
  assertEquals(read([clientFrame(TEXT, "abc", { more: true }), clientFrame(CONTINUATION, "de")], 5), ["text abcde"]);
  const many = [clientFrame(TEXT, "abc", { more: true }), clientFrame(PING, "1234567"), headOf(CONTINUATION, 3, true)];
  assertEquals(read(many, 5), ["ping 49 50 51 52 53 54 55", "! 1009"]);
});

Deno.test("RFC 6455 8.1: invalid UTF-8 fails inside an incomplete frame, at its first wrong byte", {
  permissions: "none",
}, () => {
  // κόσμε, then a character beyond U+10FFFF: it is wrong from its second byte on, and half of the frame is yet to come.
  const start = bytes(0xce, 0xba, 0xe1, 0xbd, 0xb9, 0xcf, 0x83, 0xce, 0xbc, 0xce, 0xb5, 0xf4);
  const sent = clientFrame(TEXT, concat(start, bytes(0x90, 0x80, 0x80), filled(20)));
  const head = 6;
  const reader = new FrameReader();
  for (let at = 0; at < head + start.length; at++) assertEquals([...reader.push(sent.subarray(at, at + 1))], []);
  const wrong = head + start.length;
  assertThrows(() => [...reader.push(sent.subarray(wrong, wrong + 1))], WebSocketError, "UTF-8");
});

Deno.test(
  "the reader keeps what has arrived of a message, whatever its head announces",
  { permissions: "none" },
  () => {
    const reader = new FrameReader();
    const sent = clientFrame(BINARY, filled(60_000));
    assertEquals([...reader.push(sent.subarray(0, 100))].length, 0);
    assert(reader.held >= 92 && reader.held < 200, `${reader.held}`);
    const sizes = new Set<number>();
    for (let at = 100; at < 40_000; at += 10) {
      assertEquals([...reader.push(sent.subarray(at, at + 10))].length, 0);
      sizes.add(reader.held);
    }
    assert(reader.held < 65_537 && sizes.size < 15, "it grows by factors: its bytes are copied a few times only");
    assertEquals([...reader.push(sent.subarray(40_000))].length, 1);
    assertEquals(reader.held, 0);
  },
);

Deno.test("RFC 6455 8.1: a long piece of a frame fails at once, too, wherever the wrong byte is in it", {
  permissions: "none",
}, () => {
  for (const before of [0, 1, 2, 3]) {
    for (let wrong = 0; wrong < 80; wrong++) {
      const sent = clientFrame(TEXT, filled(200).fill(0xff, 105 + wrong, 106 + wrong));
      const reader = new FrameReader();
      const half = 8 + 100 + before;
      assertEquals([...reader.push(sent.subarray(0, half))], []);
      assertThrows(() => [...reader.push(sent.subarray(half, half + 90))], WebSocketError, "UTF-8");
    }
  }
});

Deno.test(
  "RFC 6455 8.1: a character that ASCII follows instead of its rest fails at once",
  { permissions: "none" },
  () => {
    const head = 8;
    for (const length of [1, 100]) {
      const sent = clientFrame(TEXT, concat(bytes(0x61, 0xe2, 0x82), filled(200)));
      const reader = new FrameReader();
      assertEquals([...reader.push(sent.subarray(0, head + 3))], []);
      assertThrows(() => [...reader.push(sent.subarray(head + 3, head + 3 + length))], WebSocketError, "UTF-8");
    }
  },
);

Deno.test("an error says what is wrong", { permissions: "none" }, () => {
  const broken = [
    clientFrame(CLOSE, bytes(3)),
    clientFrame(CLOSE, closePayload(1005)),
    clientFrame(TEXT, "", { key: null }),
    clientFrame(BINARY, "", { announced: 1n << 40n }),
  ];
  const reasons = broken.map((sent) => assertThrows(() => [...new FrameReader().push(sent)], WebSocketError).message);
  assertEquals(reasons, [
    "a close frame has half a code (RFC 6455 5.5.1)",
    "the close code 1005 must not be sent (RFC 6455 7.4)",
    "a client must mask its frames (RFC 6455 5.1)",
    "a message has at most 65536 bytes",
  ]);
});
