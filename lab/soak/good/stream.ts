/**
 * Good clients over TCP.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { ProtocolError } from "../../../lib/errors.ts";
import { connectTcp } from "../../../lib/stream/connect.ts";
import type { Connection } from "../../../lib/stream/connection.ts";
import { decodeText } from "../../../lib/text.ts";
import { HOST, REPLY, SUM_NAME, SUM_NUMBER } from "../servers.ts";
import { type GoodClient, mustBe, mustEqual, type OpenGood, payload, type Where } from "./client.ts";

/** The most bytes of a payload: more than one segment and less than what fills a buffer. */
const MOST = 8000;

/** Connects; over TLS the server's key must be the one that it has printed. */
export function connect({ port, pin, signal }: Pick<Where, "port" | "pin" | "signal">): Promise<Connection> {
  const tls = pin === null ? null : {
    pins: [pin],
    ca: null,
    insecure: false,
    trustFirst: false,
    identity: null,
    alpn: [],
    sni: null,
    known: null,
    ask: null,
  };
  const options = { signal, tls, timeout: 0, gap: 0 };
  return connectTcp((at) => Deno.connect(at), { hostname: HOST, port }, options);
}

/** Reads exactly so many bytes. */
async function readExactly(connection: Connection, length: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let count = 0; count < length;) {
    const bytes = await connection.read();
    if (bytes === null) throw new ProtocolError(`Cannot read the answer: it ended after ${count} of ${length} bytes`);
    parts.push(bytes.slice());
    count += bytes.length;
  }
  return concat(parts);
}

/** Reads to the end of the stream. */
async function readAll(connection: Connection): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const bytes = await connection.read();
    if (bytes === null) return concat(parts);
    parts.push(bytes.slice());
  }
}

/** What is sent comes back, on one connection. */
export const openEcho: OpenGood = async (where) => {
  const connection = await connect(where);
  return {
    async exchange(number) {
      const sent = payload(where, number, MOST);
      await connection.write(sent);
      mustEqual(await readExactly(connection, sent.length), sent, "what came back");
    },
    [Symbol.dispose]: () => connection.close(),
  };
};

/** A connection for each exchange, whose answer must be all that comes. */
function once(ask: (where: Where, number: number) => { readonly question: string; readonly answer: string }): OpenGood {
  return (where) =>
    Promise.resolve<GoodClient>({
      async exchange(number) {
        const { question, answer } = ask(where, number);
        using connection = await connect(where);
        await connection.write(question);
        await connection.closeWrite();
        mustBe(decodeText(await readAll(connection)), answer, "the answer");
      },
      [Symbol.dispose]: () => {},
    });
}

/** A message and its reply. */
export const openReply: OpenGood = once(({ client }, number) => ({
  question: `${client} ${number}\n`,
  answer: `${REPLY}\n`,
}));

/** A number and the server's, as a line and as JSON in turn. */
export const openSum: OpenGood = once(({ client }, count) => {
  const number = count % 100 + 1;
  return count % 2 === 0 ? { question: `${client}: ${number}\n`, answer: `${SUM_NAME}: ${SUM_NUMBER}\n` } : {
    question: `${JSON.stringify({ name: client, number })}\n`,
    answer: `${JSON.stringify({ name: SUM_NAME, number: SUM_NUMBER })}\n`,
  };
});

/** Requests on one connection: a body that comes back, and a status without a body. */
export const openHttp: OpenGood = async (where) => {
  const connection = await connect(where);
  const host = `Host: ${HOST}:${where.port}\r\n`;
  return {
    async exchange(number) {
      if (number % 5 === 0) {
        await connection.write(`GET /status/204 HTTP/1.1\r\n${host}\r\n`);
        const { status } = await readResponse(connection);
        return mustBe(status, "204", "the status");
      }
      const body = payload(where, number, MOST);
      const head =
        `POST / HTTP/1.1\r\n${host}Content-Type: application/x-soak\r\nContent-Length: ${body.length}\r\n\r\n`;
      await connection.write(concat([new TextEncoder().encode(head), body]));
      const { status, type, rest } = await readResponse(connection);
      mustBe(`${status} ${type}`, "200 application/x-soak", "the head of the answer");
      mustEqual(rest, body, "the body that came back");
    },
    [Symbol.dispose]: () => connection.close(),
  };
};

interface Response {
  readonly status: string;
  readonly type: string;
  readonly rest: Uint8Array;
}

/** Reads a response whose body, if any, has a length (RFC 9112 6.3). */
async function readResponse(connection: Connection): Promise<Response> {
  let all: Uint8Array = new Uint8Array();
  for (;;) {
    const text = decodeText(all);
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) {
      const head = text.slice(0, end);
      const [, status = ""] = /^HTTP\/1\.1 (\d{3}) /.exec(head) ?? [];
      const [, type = ""] = /^content-type: (.*)$/im.exec(head) ?? [];
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
      const have = all.subarray(end + 4);
      const missing = length - have.length;
      const rest = missing > 0 ? concat([have, await readExactly(connection, missing)]) : have;
      return { status, type, rest };
    }
    const bytes = await connection.read();
    if (bytes === null) throw new ProtocolError("Cannot read the answer: it ended within its head");
    all = concat([all, bytes]);
  }
}
