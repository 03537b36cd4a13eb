/**
 * Checks of requests that are long or have no end.
 *
 * @module
 */
import { within } from "../../../lib/within.ts";
import { Answers, ask, type HttpTrial, isResponse } from "./answers.ts";
import { CLOSE, postText, requestText } from "./dialect.ts";
import type { HttpCheck } from "./expect.ts";
import { REMEDIES } from "./remedies.ts";

/** How much of a head without an end is sent (bytes): more than any server needs. */
const ENDLESS = 4 * 1024 * 1024;
const PIECE = 64 * 1024;
const MEGABYTE = 1024 * 1024;

/** The checks of limits. */
export const LIMITS: readonly HttpCheck[] = [
  {
    name: "long-request-line",
    title: "a request line of 8,000 bytes",
    expects: "serves it, or refuses it with 414 or another status of 4xx",
    source: "RFC 9112 3",
    level: "SHOULD",
    mistake: 1,
    remedy: REMEDIES.limits,
    run(trial) {
      const { path } = trial.dialect;
      const length = 8000 - `GET ${path}? HTTP/1.1`.length;
      const target = `${path}?${"x".repeat(length)}`;
      return expectServedOrRefused(trial, requestText(trial, { target, fields: [CLOSE] }));
    },
  },
  {
    name: "long-field",
    title: "a field of 6,000 bytes",
    expects: "serves it, or refuses it with a status of 4xx",
    source: "RFC 9110 5.4",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.limits,
    run: (trial) =>
      expectServedOrRefused(trial, requestText(trial, { fields: [`X-Plainwire: ${"x".repeat(6000)}`, CLOSE] })),
  },
  {
    name: "many-fields",
    title: "200 fields",
    expects: "serves them, or refuses them with a status of 4xx",
    source: "RFC 9110 5.4",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.limits,
    run(trial) {
      const fields = Array.from({ length: 198 }, (_, index) => `X-${index}: ${index}`);
      return expectServedOrRefused(trial, requestText(trial, { fields: [...fields, CLOSE] }));
    },
  },
  {
    name: "large-body",
    title: "POST with a body of 1 MiB, read or refused",
    expects: "answers, and the client gets the answer though it still sends",
    source: "RFC 9112 9.6",
    level: "practice",
    mistake: 1,
    remedy: REMEDIES.unread,
    limit: 20_000,
    async run(trial: HttpTrial) {
      const fields = ["Content-Type: text/plain", `Content-Length: ${MEGABYTE}`, CLOSE];
      const answers = await ask(trial, postText(trial, { fields }));
      for (let sent = 0; sent < MEGABYTE && answers.talk.end === null; sent += PIECE) {
        if (!await sentWithin(trial, answers, "x".repeat(PIECE))) break;
      }
      // What is on the way to the server may take a while.
      await answers.next("POST", "the request", 4 * trial.patience);
    },
  },
  {
    name: "endless-line",
    title: "a request line that does not end: 4 MiB of it",
    expects: "refuses it, or closes, before that",
    source: "RFC 9110 15.5.15",
    level: "practice",
    mistake: 18,
    remedy: REMEDIES.limits,
    run: (trial) => expectLimit(trial, `GET ${trial.dialect.path}`, "x".repeat(PIECE)),
  },
  {
    name: "endless-head",
    title: "fields that do not end: 4 MiB of them",
    expects: "refuses them, or closes, before that",
    source: "RFC 6585 5",
    level: "practice",
    mistake: 18,
    remedy: REMEDIES.limits,
    run: (trial) =>
      expectLimit(trial, requestText(trial).slice(0, -2), `X-Plainwire: ${"x".repeat(49)}\r\n`.repeat(PIECE / 64)),
  },
];

/** The request is served, or refused with a status of 4xx. */
async function expectServedOrRefused(trial: HttpTrial, request: string): Promise<void> {
  const answer = await (await ask(trial, request)).tryNext();
  // Closing with part of it unread may reset the connection, and lose the refusal.
  if (!isResponse(answer) && answer.how === "reset") return;
  if (!isResponse(answer)) {
    trial.fail(`it was not answered: ${answer.what}`, { mistake: 1, remedy: REMEDIES.wholeHead });
  }
  const { status } = answer;
  trial.expect((status >= 200 && status < 300) || (status >= 400 && status < 500), `it was answered with ${status}`);
}

/** The server answers or closes before all has been sent. */
async function expectLimit(trial: HttpTrial, start: string, piece: string): Promise<void> {
  const answers = new Answers(trial, await trial.connect());
  await answers.talk.send(start);
  for (let sent = 0; sent < ENDLESS && !answers.more && answers.talk.end === null; sent += piece.length) {
    // A server that has stopped reading has a limit too, but it should say so.
    if (!await sentWithin(trial, answers, piece)) break;
  }
  const answer = await answers.tryNext();
  if (!isResponse(answer)) {
    trial.expect(answer.how !== "silent", `the server neither refused it nor closed: ${answer.what}`);
  }
}

/** Whether the server took it in time. */
async function sentWithin(trial: HttpTrial, { talk }: Answers, piece: string): Promise<boolean> {
  return await within(talk.send(piece), trial.patience);
}
