/**
 * What a datagram may carry: any length, any bytes.
 *
 * @module
 */
import { MAX_DATAGRAM } from "../../../lib/datagram/socket.ts";
import { counted, encodeText, thousands } from "../../../lib/text.ts";
import type { Check } from "../check.ts";
import { expectEscaped, outputOf, untilPrinted } from "../printed.ts";
import type { Trial } from "../trial.ts";
import { alive, carry, exchange, needsEcho, type UdpDialect } from "./dialect.ts";
import { EMPTY, ESCAPED, LARGE_BUFFER, ONE_AT_A_TIME, ONE_CLIENT_ENDS_NOBODY, WHOLE } from "./remedies.ts";

/** One byte more than the usual buffer. */
const CUT = 1025;

/** The checks of contents. */
export const contents: readonly Check<UdpDialect>[] = [
  {
    name: "empty-datagram",
    title: "a datagram of no bytes, and then one with some",
    expects: "takes it for a message, answered or not, and answers the next",
    source: "RFC 768",
    level: "MUST",
    remedy: EMPTY,
    byHand: "python3 -c \"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('$HOST', $PORT))\"",
    async run(trial: Trial<UdpDialect>) {
      const talk = await trial.openDatagram();
      await talk.send("");
      await alive(trial);
    },
  },
  {
    name: "empty-datagram-comes-back",
    title: "a datagram of no bytes",
    expects: "sends one of no bytes back",
    source: "RFC 862",
    level: "MUST",
    remedy: EMPTY,
    byHand:
      "python3 -c \"import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'', ('$HOST', $PORT)); print(s.recv(9))\"",
    skip: needsEcho,
    run: async (trial) => void await exchange(trial, new Uint8Array()),
  },
  sized(1, "the shortest that is not empty"),
  sized(CUT, "one more than the usual buffer", 7),
  sized(1472, "the longest that Ethernet carries in one packet"),
  sized(1473, "one more, so that IP sends it in two"),
  sized(9000, "more than a buffer of 8 KiB", 7),
  sized(MAX_DATAGRAM, "the longest of IPv4", 7),
  {
    name: "long-datagram-is-cut",
    title: "a datagram of 5,000 bytes, and a look at what the server prints",
    expects: "prints all of it, or visibly less",
    source: "recv(2) MSG_TRUNC",
    level: "practice",
    mistake: 7,
    remedy: LARGE_BUFFER,
    byHand:
      "(printf begin-; head -c 4990 /dev/zero | tr '\\0' x; printf -- -end) | socat -t1 -b 65507 - UDP:$HOST:$PORT",
    skip: ({ kind }) => kind === "echo" ? "the answer of an echo server shows it better" : null,
    run: seeCut,
  },
  {
    name: "short-after-long",
    title: "a long datagram, and a short one after it",
    expects: "sends back the short one alone, without the rest of the long one",
    source: "recvfrom(2)",
    level: "MUST",
    mistake: 2,
    remedy: {
      ...WHOLE,
      why: "The buffer still holds the datagram before. Only as many bytes as the call has returned are this one's.",
    },
    byHand: "(printf 'a long datagram'; sleep 1; printf short) | nc -u -w1 $HOST $PORT",
    skip: needsEcho,
    async run(trial: Trial<UdpDialect>) {
      await exchange(trial, new Uint8Array(1000).fill(108));
      await exchange(trial, encodeText("short"));
    },
  },
  {
    name: "long-and-short-at-once",
    title: "eight clients send datagrams of different lengths at the same time",
    expects: "sends each its own bytes back",
    source: "recvfrom(2)",
    level: "practice",
    mistake: 2,
    remedy: ONE_AT_A_TIME,
    byHand: "for i in 1 8 64 512; do head -c $i /dev/zero | tr '\\0' $((i % 9)) | nc -u -w1 $HOST $PORT & done; wait",
    skip: needsEcho,
    async run(trial: Trial<UdpDialect>) {
      await Promise.all(Array.from({ length: 8 }, async (_, index) => {
        await exchange(trial, new Uint8Array(1 + (7 - index) * 140).fill(65 + index));
      }));
    },
  },
  content("nul-bytes", "NUL bytes between letters", encodeText("a\0b\0\0c"), 2),
  content("invalid-utf-8", "bytes that are not UTF-8", Uint8Array.of(0xff, 0xc3, 0x28, 0xe2, 0x82, 0xf0, 0x9f), 18),
  content("every-byte", "all 256 values of a byte", Uint8Array.from({ length: 256 }, (_, byte) => byte)),
  {
    name: "escape-sequences",
    title: "a datagram with an escape sequence, and a look at what the server prints",
    expects: "prints no control characters of a stranger",
    source: "CWE-150",
    level: "practice",
    mistake: 18,
    remedy: ESCAPED,
    byHand: "printf 'escape-\\033[31mred\\007' | nc -u -w1 $HOST $PORT",
    run: (trial) => expectEscaped(trial, (text) => carry(trial, encodeText(text))),
  },
];

/** A check with a datagram of this length. */
function sized(length: number, what: string, mistake?: number): Check<UdpDialect> {
  const shown = counted(length, "byte");
  const bytes = Uint8Array.from({ length }, (_, at) => 97 + at % 26);
  return {
    name: `${length}-byte${length === 1 ? "" : "s"}`,
    title: `a datagram of ${shown}: ${what}`,
    expects: length === 1 ? "takes it as any other" : "takes it whole",
    source: "RFC 768",
    level: "MUST",
    ...(mistake === undefined ? {} : { mistake }),
    remedy: LARGE_BUFFER,
    byHand: `head -c ${length} /dev/zero | tr '\\0' x | socat -t1 -b 65507 - UDP:$HOST:$PORT | wc -c`,
    skip: (dialect) => length === CUT && dialect.kind !== "echo" ? needsEcho(dialect) : null,
    run: (trial) => carry(trial, bytes),
  };
}

/** A check with a datagram of these bytes. */
function content(name: string, title: string, bytes: Uint8Array, mistake?: number): Check<UdpDialect> {
  return {
    name,
    title: `a datagram with ${title}`,
    expects: "takes it as any other; an echo server sends the same bytes back",
    source: "RFC 768",
    level: "MUST",
    ...(mistake === undefined ? {} : { mistake }),
    remedy: ONE_CLIENT_ENDS_NOBODY,
    byHand: `printf '${
      [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")
    }' | nc -u -w1 $HOST $PORT | od -c`,
    run: (trial) => carry(trial, bytes),
  };
}

/** Sends a long datagram, and looks for its beginning without its end in what the server prints. */
async function seeCut(trial: Trial<UdpDialect>): Promise<void> {
  const output = outputOf(trial);
  const mark = `begin${Math.floor(trial.random() * 1e6)}`;
  await carry(trial, encodeText(`${mark}${"x".repeat(5000 - mark.length - 4)}-end`));
  const [whole, rest = ""] = await untilPrinted(trial, output, new RegExp(`${mark}x*(.{0,4})`));
  // A log may shorten what it shows, if it says so.
  if (rest === "-end" || /^(?:…|\.\.\.|\[|<|\()/.test(rest)) return;
  const length = thousands(whole.length - rest.length);
  trial.fail(`it printed the first ${length} bytes of 5,000, and nothing says that there was more`);
}
