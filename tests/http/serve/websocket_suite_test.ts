/**
 * What the Autobahn suite asks of a server that echoes, retold by its group numbers: `/websocket`, over real sockets.
 *
 * Each case is sent in one write and byte by byte. It ends with a close frame from the server, then the end of the stream.
 */
import { assertEquals } from "@std/assert";
import { concat } from "../../support/chunks.ts";
import {
  BINARY,
  clientFrame,
  CLOSE,
  closePayload,
  CONTINUATION,
  PING,
  PONG,
  shownFrame,
  TEXT,
  WebSocketPeer,
} from "../../support/websocket.ts";
import { serve } from "../serving.ts";

interface Case {
  readonly name: string;
  /** The frames; a close frame with 1000 follows. */
  readonly sent: readonly Uint8Array[];
  /** The answers before the one to that, or the last one if it is a close frame. */
  readonly got: readonly string[];
}

const part = (opcode: number, payload: string | Uint8Array = ""): Uint8Array =>
  clientFrame(opcode, payload, { more: true });
const text = (payload: string | Uint8Array = ""): Uint8Array => clientFrame(TEXT, payload);
const rest = (payload: string | Uint8Array = ""): Uint8Array => clientFrame(CONTINUATION, payload);
const ping = (payload: string | Uint8Array = ""): Uint8Array => clientFrame(PING, payload);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const close = (payload: Uint8Array = bytes()): Uint8Array => clientFrame(CLOSE, payload);
const hex = (digits: string): Uint8Array => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

const LENGTHS = [0, 125, 126, 127, 128, 4096, 65_535, 65_536];
const VALID = ["Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", "\u{10ffff}", "\ufffe\uffff", "\u{1f600}é\0", "\ufeff"];
/** Groups 6.3 to 6.22: stray and missing continuations, overlong forms, surrogates, beyond U+10FFFF, bytes that are none. */
const INVALID = [
  "cebae1bdb9cf83cebcceb5eda080656469746564",
  "cebae1bdb9cf83cebcceb5f4908080656469746564",
  "80",
  "bf",
  "8080",
  "c020",
  "e08020",
  "f0808020",
  "c3",
  "e282",
  "f09f98",
  "fe",
  "ff",
  "fefeffff",
  "c0af",
  "e080af",
  "f08080af",
  "f8808080af",
  "fc80808080af",
  "c1bf",
  "e09fbf",
  "f08fbfbf",
  "eda080",
  "edbfbf",
  "eda080edb080",
  "f4908080",
  "f5808080",
];
const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const WRONG_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

const CASES: readonly Case[] = [
  ...LENGTHS.flatMap((length): Case[] => {
    const shown = length === 0 ? "" : length > 200 ? ` ${length} bytes` : ` ${"*".repeat(length)}`;
    const payload = "*".repeat(length);
    return [
      { name: `1.1 text of ${length} bytes`, sent: [text(payload)], got: [`text${shown}`] },
      { name: `1.2 binary of ${length} bytes`, sent: [clientFrame(BINARY, payload)], got: [`binary${shown}`] },
      {
        name: `9 text of ${length} bytes in two fragments`,
        sent: [part(TEXT, "*".repeat(length / 2)), rest("*".repeat(Math.ceil(length / 2)))],
        got: [`text${shown}`],
      },
    ];
  }),
  { name: "9 text of 65,537 bytes", sent: [text("*".repeat(65_537))], got: ["close 1009"] },
  { name: "9 binary of 1 MiB", sent: [clientFrame(BINARY, new Uint8Array(1 << 20))], got: ["close 1009"] },
  {
    name: "9 65,537 bytes in fragments, after a message",
    sent: [text("a"), part(BINARY, new Uint8Array(65_536)), part(CONTINUATION), rest("b")],
    got: ["text a", "close 1009"],
  },
  {
    name: "9 1,000 fragments of 65 bytes",
    sent: [part(TEXT, "*".repeat(65)), ...Array(999).fill(part(CONTINUATION, "*".repeat(65))), rest()],
    got: ["text 65000 bytes"],
  },
  { name: "10.1 65,536 bytes in fragments of 1300", sent: fragments(65_536, 1300), got: ["binary 65536 bytes"] },
  { name: "2.1 ping", sent: [ping()], got: ["pong"] },
  { name: "2.2 ping with a payload", sent: [ping("Hello, world!")], got: ["pong Hello, world!"] },
  { name: "2.4 ping with 125 bytes", sent: [ping("p".repeat(125))], got: [`pong ${"p".repeat(125)}`] },
  { name: "2.5 ping with 126 bytes", sent: [ping("p".repeat(126))], got: ["close 1002"] },
  { name: "2.7 pong that nobody asked for", sent: [clientFrame(PONG)], got: [] },
  { name: "2.9 pong, then ping", sent: [clientFrame(PONG, "x"), ping("y")], got: ["pong y"] },
  {
    name: "2.10 pings and messages, answered in their order",
    sent: [0, 1, 2, 3, 4].flatMap((number) => [ping(`ping ${number}`), text(`text ${number}`)]),
    got: [0, 1, 2, 3, 4].flatMap((number) => [`pong ping ${number}`, `text text ${number}`]),
  },
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((reserved): Case[] => [
    { name: `3 reserved bits ${reserved}`, sent: [clientFrame(TEXT, "a", { reserved })], got: ["close 1002"] },
    {
      name: `3 reserved bits ${reserved} of a ping, after a message`,
      sent: [text("a"), clientFrame(PING, "", { reserved }), ping("b")],
      got: ["text a", "close 1002"],
    },
  ]),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode): Case[] => [
    { name: `4 opcode ${opcode}`, sent: [clientFrame(opcode)], got: ["close 1002"] },
    {
      name: `4 opcode ${opcode} after a message`,
      sent: [text("a"), clientFrame(opcode, "b"), ping()],
      got: ["text a", "close 1002"],
    },
  ]),
  { name: "5.1 fragmented ping", sent: [part(PING, "a"), rest("b")], got: ["close 1002"] },
  { name: "5.2 fragmented pong", sent: [part(PONG, "a"), rest("b")], got: ["close 1002"] },
  { name: "5.3 two fragments", sent: [part(TEXT, "a"), rest("b")], got: ["text ab"] },
  { name: "5.6 ping between fragments", sent: [part(TEXT, "a"), ping("p"), rest("b")], got: ["pong p", "text ab"] },
  { name: "5.9 nothing to continue", sent: [rest("a"), text("b")], got: ["close 1002"] },
  {
    name: "5.12 nothing to continue, with more to come",
    sent: [part(CONTINUATION, "a"), text("b")],
    got: ["close 1002"],
  },
  {
    name: "5.15 nothing to continue, after a message in fragments",
    sent: [part(TEXT, "a"), rest("b"), part(CONTINUATION, "c"), text("d")],
    got: ["text ab", "close 1002"],
  },
  { name: "5.18 text within a text", sent: [part(TEXT, "a"), text("b")], got: ["close 1002"] },
  {
    name: "5.19 five fragments and two pings",
    sent: [
      part(TEXT, "a"),
      part(CONTINUATION, "b"),
      ping("1"),
      part(CONTINUATION, "c"),
      part(CONTINUATION, "d"),
      ping("2"),
      rest("e"),
    ],
    got: ["pong 1", "pong 2", "text abcde"],
  },
  { name: "6.1.2 empty fragments", sent: [part(TEXT), part(CONTINUATION), rest()], got: ["text"] },
  {
    name: "6.1.3 one fragment that is not empty",
    sent: [part(TEXT), part(CONTINUATION, "m"), rest()],
    got: ["text m"],
  },
  ...VALID.flatMap((valid): Case[] => [
    { name: `6.2 ${JSON.stringify(valid)}`, sent: [text(valid)], got: [`text ${valid}`] },
    {
      name: `6.2 ${JSON.stringify(valid)} in fragments of one byte`,
      sent: [
        part(TEXT),
        ...Array.from(new TextEncoder().encode(valid), (byte) => part(CONTINUATION, bytes(byte))),
        rest(),
      ],
      got: [`text ${valid}`],
    },
  ]),
  ...INVALID.flatMap((digits): Case[] => [
    { name: `6.3 ${digits}`, sent: [text(hex(digits))], got: ["close 1007"] },
    {
      name: `6.3 ${digits} in fragments of one byte`,
      sent: [part(TEXT), ...Array.from(hex(digits), (byte) => part(CONTINUATION, bytes(byte))), rest()],
      got: ["close 1007"],
    },
  ]),
  { name: "7.1.1 message, then close", sent: [text("a"), close(closePayload(1000))], got: ["text a", "close 1000"] },
  { name: "7.1.2 two close frames", sent: [close(), close()], got: ["close"] },
  { name: "7.1.3 ping after close", sent: [close(closePayload(1000)), ping()], got: ["close 1000"] },
  { name: "7.1.4 text after close", sent: [close(closePayload(1000)), text("a")], got: ["close 1000"] },
  { name: "7.1.5 close between fragments", sent: [part(TEXT, "a"), close(), rest("b")], got: ["close"] },
  { name: "7.3.1 close without a payload", sent: [close()], got: ["close"] },
  { name: "7.3.2 close with one byte", sent: [close(bytes(3))], got: ["close 1002"] },
  { name: "7.3.4 close with a reason", sent: [close(closePayload(1000, "Hello"))], got: ["close 1000"] },
  { name: "7.3.5 close with 125 bytes", sent: [close(closePayload(1000, "x".repeat(123)))], got: ["close 1000"] },
  { name: "7.3.6 close with 126 bytes", sent: [close(closePayload(1000, "x".repeat(124)))], got: ["close 1002"] },
  {
    name: "7.5.1 close with a reason that is not UTF-8",
    sent: [close(closePayload(1000, hex("cebaeda080")))],
    got: ["close 1007"],
  },
  ...CODES.map((code): Case => ({
    name: `7.7 close code ${code}`,
    sent: [close(closePayload(code, "x"))],
    got: [`close ${code}`],
  })),
  ...WRONG_CODES.map((code): Case => ({
    name: `7.9 close code ${code}`,
    sent: [close(closePayload(code))],
    got: ["close 1002"],
  })),
];

/** A binary message in fragments. */
function fragments(length: number, size: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < length; at += size) {
    const piece = new Uint8Array(Math.min(size, length - at));
    frames.push(clientFrame(at === 0 ? BINARY : CONTINUATION, piece, { more: at + size < length }));
  }
  return frames;
}

/** Longer cases are sent in pieces of this size instead of single bytes. */
const MAX_SINGLE = 400;
const PIECE = 997;

Deno.test("the Autobahn suite, retold: /websocket answers each case as it asks", async (t) => {
  await using server = serve();
  for (const { name, sent, got } of CASES) {
    await t.step(name, async () => {
      const expected = got.at(-1)?.startsWith("close") ? got : [...got, "close 1000"];
      const whole = concat(...sent, close(closePayload(1000)));
      for (const size of [whole.length, whole.length <= MAX_SINGLE ? 1 : PIECE]) {
        using peer = await WebSocketPeer.open(server.port);
        const sending = (async () => {
          for (let at = 0; at < whole.length; at += size) await peer.send(whole.subarray(at, at + size));
        })();
        assertEquals((await peer.rest()).map(shownFrame), expected, `in pieces of ${size}`);
        await sending;
      }
    });
  }
});

Deno.test("6.4: invalid UTF-8 ends the connection before the frame, or the message, is complete", async () => {
  await using server = serve();
  const start = hex("cebae1bdb9cf83cebcceb5");
  const whole = text(concat(start, hex("f4908080"), new TextEncoder().encode("edited")));
  const cases: [name: string, sent: Uint8Array[]][] = [
    ["6.4.1 in a fragment, and no more is sent", [part(TEXT, start), part(CONTINUATION, hex("f4908080"))]],
    ["6.4.2 in a fragment that ends within the character", [
      part(TEXT, concat(start, hex("f4"))),
      part(CONTINUATION, hex("90")),
    ]],
    ["6.4.3 within a frame", [whole.subarray(0, 6 + start.length + 4)]],
    ["6.4.4 within a frame and a character", [whole.subarray(0, 6 + start.length + 2)]],
  ];
  for (const [name, sent] of cases) {
    using peer = await WebSocketPeer.open(server.port);
    for (const piece of sent) await peer.send(piece);
    assertEquals((await peer.rest()).map(shownFrame), ["close 1007"], name);
  }
});
