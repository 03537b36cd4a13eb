/**
 * Checks with clients that are slow, silent, many, or gone.
 *
 * @module
 */
import { within } from "../../../lib/within.ts";
import { Answers, ask, type HttpTrial, isResponse } from "./answers.ts";
import { CLOSE, postText, requestText } from "./dialect.ts";
import { expectNextOrHonestClose, expectServed, expectServing, type HttpCheck } from "./expect.ts";
import { REMEDIES } from "./remedies.ts";
import type { Response } from "./response.ts";

/** How many of a thousand connections are opened at a time: a short backlog is not a fault. */
const AT_ONCE = 4;
const MANY = 1000;
/** How long to go on with many clients (ms): over a slow path, fewer will do. */
const ENOUGH = 12_000;
/** The time between two clients that connect (ms), for a server whose backlog is as short as five. */
const BETWEEN = 5;
/** How many answers a slow reader leaves unread: with pages of some size, more than the buffers of both systems hold. */
const UNREAD = 5000;

/** What is to blame where half a request is answered. */
const HALF = { mistake: 1, remedy: REMEDIES.wholeHead } as const;

/** The checks of several clients. */
export const CLIENTS: readonly HttpCheck[] = [
  {
    name: "silent-client",
    title: "a client that connects and says nothing, as browsers do",
    expects: "lets nobody else wait",
    source: "accept(2)",
    level: "practice",
    mistake: 14,
    remedy: REMEDIES.concurrent,
    byHand: 'nc "$HOST" "$PORT" & curl -m 2 "http://$HOST:$PORT/"; kill %1',
    async run(trial: HttpTrial) {
      await trial.connect();
      await expectServing(trial, "beside it");
    },
  },
  {
    name: "slow-head",
    title: "a client that sends its head slowly",
    expects: "lets nobody else wait, and answers it in the end",
    source: "accept(2)",
    level: "practice",
    mistake: 14,
    remedy: REMEDIES.concurrent,
    byHand: '(printf \'GET / HT\'; sleep 5) | nc "$HOST" "$PORT" & curl -m 2 "http://$HOST:$PORT/"; kill %1',
    async run(trial: HttpTrial) {
      const text = requestText(trial, { fields: [CLOSE] });
      const slow = await ask(trial, text.slice(0, 10));
      await expectServing(trial, "beside it");
      for (let at = 10; at < text.length; at += 10) {
        await trial.pause(20);
        trial.expect(!slow.more, "the slow request was answered before it was complete", HALF);
        await slow.talk.send(text.slice(at, at + 10));
      }
      expectServed(trial, await slow.next("GET", "the slow request"), "the slow request");
    },
  },
  {
    name: "stalled-body",
    title: "a client that stops in the middle of its body",
    expects: "lets nobody else wait",
    source: "accept(2)",
    level: "practice",
    mistake: 14,
    remedy: REMEDIES.concurrent,
    byHand: "(printf 'POST / HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 100\\r\\n\\r\\nplain'; sleep 5) | " +
      'nc "$HOST" "$PORT" & curl -m 2 "http://$HOST:$PORT/"; kill %1',
    async run(trial: HttpTrial) {
      await ask(trial, postText(trial, { fields: ["Content-Length: 100"], body: "plain" }));
      await expectServing(trial, "beside it");
    },
  },
  {
    name: "slow-reader",
    title: "a client that asks much and does not read",
    expects: "lets nobody else wait",
    source: "write(2)",
    level: "practice",
    mistake: 3,
    remedy: REMEDIES.concurrent,
    byHand: 'yes $\'GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\' | nc "$HOST" "$PORT" | sleep 5 & ' +
      'curl -m 2 "http://$HOST:$PORT/"; kill %1',
    async run(trial: HttpTrial) {
      const talk = await trial.connect({ reading: false });
      // When the buffers are full, this waits until the trial ends and closes the connection.
      const sent = talk.send(requestText(trial).repeat(UNREAD), `${UNREAD} requests, no answer read`);
      await within(sent, 300);
      await expectServing(trial, "beside it");
      talk.startReading();
      trial.expect(
        await talk.until((text) => text !== "", trial.patience) || talk.end !== null,
        "it never got an answer",
      );
    },
  },
  {
    name: "close-in-request",
    title: "a client that leaves in the middle of its request",
    expects: "serves the next client",
    source: "read(2)",
    level: "practice",
    mistake: 4,
    remedy: REMEDIES.survive,
    byHand: 'printf \'GET /\' | nc -N "$HOST" "$PORT"; curl -m 2 "http://$HOST:$PORT/"',
    async run(trial: HttpTrial) {
      for (const text of ["", "GET /", requestText(trial).slice(0, -2)]) {
        const { talk } = await ask(trial, text);
        talk.close();
        await expectServing(trial);
      }
    },
  },
  {
    name: "reset-in-request",
    title: "a client that resets in the middle of its request",
    expects: "serves the next client",
    source: "read(2)",
    level: "practice",
    remedy: REMEDIES.survive,
    byHand: "python3 -c 'import socket, struct, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); " +
      's.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.send(b"GET /")\' "$HOST" "$PORT"',
    async run(trial: HttpTrial) {
      for (const text of ["", "GET /", requestText(trial).slice(0, -2)]) {
        const { talk } = await ask(trial, text);
        // It has been accepted, and the server reads.
        await trial.pause(20);
        talk.reset();
        await expectServing(trial);
      }
    },
  },
  {
    name: "leave-in-answer",
    title: "clients that leave, or reset, without reading their answer",
    expects: "serves the next client",
    source: "write(2)",
    level: "practice",
    remedy: REMEDIES.survive,
    async run(trial: HttpTrial) {
      for (const leave of ["close", "reset"] as const) {
        for (let count = 0; count < 5; count++) {
          const talk = await trial.connect({ reading: false });
          await talk.send(requestText(trial));
          if (count % 2 === 1) await trial.pause(5);
          talk[leave]();
        }
        await expectServing(trial);
      }
    },
  },
  {
    name: "twenty-clients",
    title: "20 clients at once",
    expects: "answers each",
    source: "listen(2)",
    level: "practice",
    remedy: REMEDIES.concurrent,
    byHand: 'seq 20 | xargs -P 20 -I{} curl -m 2 -s -o /dev/null -w "%{http_code}\\n" "http://$HOST:$PORT/"',
    async run(trial: HttpTrial) {
      const clients: Answers[] = [];
      for (let count = 0; count < 20; count++) {
        clients.push(await ask(trial, requestText(trial, { fields: [CLOSE] })));
        await trial.pause(BETWEEN);
      }
      for (const [index, client] of clients.entries()) {
        expectServed(trial, await client.next("GET", `client ${index + 1}`), "one of them");
      }
    },
  },
  {
    name: "interleaved-clients",
    title: "10 clients whose requests are halves at first; the last client's is complete first",
    expects: "answers each as soon as its request is complete",
    source: "accept(2)",
    level: "practice",
    mistake: 14,
    remedy: REMEDIES.concurrent,
    async run(trial: HttpTrial) {
      const text = requestText(trial, { fields: [CLOSE] });
      const clients: Answers[] = [];
      for (let count = 0; count < 10; count++) {
        clients.push(await ask(trial, text.slice(0, 20)));
        await trial.pause(BETWEEN);
      }
      for (const client of clients.reverse()) {
        trial.expect(!client.more, "one of them was answered before its request was complete", HALF);
        await client.talk.send(text.slice(20));
        expectServed(trial, await client.next("GET", "a request that was complete"), "one of them");
      }
    },
  },
  {
    name: "two-hundred-open",
    title: "200 connections that stay open, and then ask once more",
    expects: "answers each again, or says Connection: close and closes",
    source: "accept(2)",
    level: "practice",
    mistake: 14,
    remedy: REMEDIES.concurrent,
    limit: 20_000,
    run: expectOpen,
  },
  {
    name: "thousand-connections",
    title: "1,000 connections, four at once",
    expects: "answers each",
    source: "close(2)",
    level: "practice",
    remedy: REMEDIES.concurrent,
    limit: 30_000,
    byHand: 'seq 1000 | xargs -P 4 -I{} curl -s -o /dev/null "http://$HOST:$PORT/"',
    run: expectThousand,
  },
];

async function expectOpen(trial: HttpTrial): Promise<void> {
  const open: { client: Answers; first: Response }[] = [];
  const until = performance.now() + ENOUGH / 2;
  for (let count = 0; count < 200 && performance.now() < until; count++) {
    const client = await ask(trial, requestText(trial));
    const first = await client.next("GET", `client ${count + 1}`);
    expectServed(trial, first, "one of them");
    if (client.talk.end === null) open.push({ client, first });
  }
  for (const { client, first } of open) {
    await client.talk.send(requestText(trial, { fields: [CLOSE] }));
    const second = await expectNextOrHonestClose(trial, client, first);
    if (second !== null) expectServed(trial, second, "one of them");
  }
}

async function expectThousand(trial: HttpTrial): Promise<void> {
  let begun = 0;
  let failure = "";
  const until = performance.now() + ENOUGH;
  const some = async (): Promise<void> => {
    while (begun < MANY && failure === "" && performance.now() < until) {
      const number = ++begun;
      const client = await ask(trial, requestText(trial, { fields: [CLOSE] }));
      const answer = await client.tryNext("GET", 4 * trial.patience);
      if (!isResponse(answer)) failure ||= `client ${number} was not served: ${answer.what}`;
      else if (answer.status >= 300) failure ||= `client ${number} was answered with ${answer.status}`;
      client.talk.close();
    }
  };
  // When one fails, none of the others is left behind.
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, some));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  trial.expect(failure === "", failure);
}
