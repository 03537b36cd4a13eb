/**
 * Checks of requests that do not arrive in the pieces in which they were sent: TCP does not preserve them (RFC 9293 3.7).
 *
 * @module
 */
import { Answers, ask, type HttpTrial, isResponse, MOMENT } from "./answers.ts";
import { CLOSE, hostOf, requestText } from "./dialect.ts";
import { expectNextOrHonestClose, expectServed, type HttpCheck } from "./expect.ts";
import { REMEDIES } from "./remedies.ts";
import { missingPath } from "./methods.ts";

/** The checks of delivery. */
export const DELIVERY: readonly HttpCheck[] = [
  {
    name: "byte-by-byte",
    title: "a request in pieces of one byte",
    expects: "answers when the request is complete",
    source: "RFC 9112 3",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.wholeHead,
    async run(trial: HttpTrial) {
      const text = requestText(trial, { fields: [CLOSE] });
      const answers = new Answers(trial, await trial.connect());
      for (const byte of text.slice(0, -1)) {
        await answers.talk.send(byte);
        await trial.pause(1);
        if (answers.more || answers.talk.end !== null) break;
      }
      await expectPatience(trial, answers);
      await answers.talk.send(text.slice(-1));
      expectServed(trial, await answers.next());
    },
  },
  {
    name: "head-in-two",
    title: "a request in two pieces, cut within a field",
    expects: "answers when the request is complete",
    source: "RFC 9112 3",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.wholeHead,
    async run(trial: HttpTrial) {
      const text = requestText(trial, { fields: [CLOSE] });
      await expectServedInTwo(trial, text, text.indexOf("Host") + 2);
    },
  },
  {
    name: "cut-line-end",
    title: "a request in two pieces, cut between the CR and the LF that end the head",
    expects: "answers when the request is complete",
    source: "RFC 9112 2.1",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.wholeHead,
    async run(trial: HttpTrial) {
      const text = requestText(trial, { fields: [CLOSE] });
      await expectServedInTwo(trial, text, text.length - 1);
    },
  },
  {
    name: "two-in-one",
    title: "two requests in one write",
    expects: "answers both in their order, or says Connection: close and closes after the first",
    source: "RFC 9112 9.3.2",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.manyOnOne,
    run: (trial) => expectPipelined(trial, 2),
  },
  {
    name: "hundred-in-one",
    title: "100 requests in one write",
    expects: "answers them in their order, or says Connection: close and closes",
    source: "RFC 9112 9.3.2",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.manyOnOne,
    run: (trial) => expectPipelined(trial, 100),
  },
  {
    name: "one-and-a-half",
    title: "a request and the first half of the next in one write",
    expects: "answers the first at once, and the second when it is complete, or says Connection: close",
    source: "RFC 9112 9.3.2",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.manyOnOne,
    async run(trial: HttpTrial) {
      const next = requestText(trial, { fields: [CLOSE] });
      const answers = await ask(trial, requestText(trial) + next.slice(0, 20));
      const first = await answers.next("GET", "the first request");
      expectServed(trial, first, "the first request");
      trial.expect(await answers.quiet(), "the second request was answered before it was complete");
      await answers.talk.send(next.slice(20));
      const second = await expectNextOrHonestClose(trial, answers, first);
      if (second !== null) expectServed(trial, second, "the second request");
    },
  },
  {
    name: "empty-line-first",
    title: "an empty line before the request line",
    expects: "ignores it",
    source: "RFC 9112 2.2",
    level: "SHOULD",
    remedy: REMEDIES.emptyLine,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, `\r\n${requestText(trial, { fields: [CLOSE] })}`);
      expectServed(trial, await answers.next());
    },
  },
  {
    name: "absolute-form",
    title: "a whole URL as the target, as for a proxy",
    expects: "serves the path in it",
    source: "RFC 9112 3.2.2",
    level: "MUST",
    remedy: REMEDIES.target,
    async run(trial: HttpTrial) {
      const target = `http://${hostOf(trial)}${trial.dialect.path}`;
      const answers = await ask(trial, requestText(trial, { target, fields: [CLOSE] }));
      expectServed(trial, await answers.next());
    },
  },
];

/** Fails the check if anything arrives before the request is complete. */
async function expectPatience(trial: HttpTrial, answers: Answers): Promise<void> {
  await answers.talk.until(() => answers.more, MOMENT);
  trial.expect(!answers.more, "the answer came before the request was complete");
  trial.expect(answers.talk.end === null, "the connection was closed before the request was complete");
}

/** Sends a request in two pieces: it is served once the second has come. */
async function expectServedInTwo(trial: HttpTrial, text: string, cut: number): Promise<void> {
  const answers = await ask(trial, text.slice(0, cut));
  await expectPatience(trial, answers);
  await answers.talk.send(text.slice(cut));
  expectServed(trial, await answers.next());
}

/** Requests for the known path and, in between, for one where nothing is: so their order shows. */
async function expectPipelined(trial: HttpTrial, count: number): Promise<void> {
  const missing = missingPath(trial);
  const targets = Array.from({ length: count }, (_, index) => index % 2 === 0 ? trial.dialect.path : missing);
  const requests = targets.map((target, index) =>
    requestText(trial, { target, fields: index === count - 1 ? [CLOSE] : [] })
  );
  const answers = await ask(trial, requests.join(""));
  const first = await answers.tryNext();
  if (!isResponse(first)) {
    // Closing after the first, with the others unread, may reset the connection and lose its answer.
    if (first.how === "reset") return;
    trial.fail(`the first request was not answered: ${first.what}`);
  }
  expectServed(trial, first, "the first request");
  let last = first;
  for (let index = 1; index < count; index++) {
    const answer = await expectNextOrHonestClose(trial, answers, last);
    if (answer === null) return;
    const right = index % 2 === 1 || (answer.status >= 200 && answer.status < 300);
    trial.expect(right, `answer ${index + 1} has the status ${answer.status}, which belongs to another request`);
    last = answer;
  }
  const more = await answers.tryNext("GET", MOMENT);
  trial.expect(!isResponse(more), `more than ${count} answers came`);
}
