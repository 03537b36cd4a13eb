/**
 * Checks of when a connection stays open and when it ends (RFC 9112 9), and of versions (RFC 9110 2.5).
 *
 * @module
 */
import { ask, type HttpTrial, isResponse } from "./answers.ts";
import { CLOSE, requestText } from "./dialect.ts";
import { expectNextOrHonestClose, expectServed, type HttpCheck } from "./expect.ts";
import { REMEDIES } from "./remedies.ts";
import { fieldOf, saysClose } from "./response.ts";

/** The checks of connections and versions. */
export const CONNECTIONS: readonly HttpCheck[] = [
  {
    name: "close",
    title: "Connection: close",
    expects: "closes after the answer",
    source: "RFC 9112 9.6",
    level: "MUST",
    mistake: 5,
    remedy: REMEDIES.close,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, requestText(trial, { fields: [CLOSE] }));
      await answers.next();
      trial.expect(await answers.closed(), "the connection stays open");
    },
  },
  {
    name: "nothing-after-close",
    title: "a request behind one with Connection: close",
    expects: "does not answer it",
    source: "RFC 9112 9.6",
    level: "MUST",
    remedy: REMEDIES.close,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, requestText(trial, { fields: [CLOSE] }) + requestText(trial));
      const first = await answers.tryNext();
      // Closing with the second request unread may reset the connection, and lose the answer.
      if (!isResponse(first) && first.how === "reset") return;
      const second = await answers.tryNext();
      trial.expect(!isResponse(second), "it was answered");
      trial.expect(second.how !== "silent", "the connection stays open");
    },
  },
  {
    name: "keep-alive",
    title: "two requests on one connection, the second after the first answer",
    expects: "answers both, or says Connection: close and closes",
    source: "RFC 9112 9.3",
    level: "MUST",
    remedy: REMEDIES.manyOnOne,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, requestText(trial));
      const first = await answers.next();
      if (saysClose(first)) {
        trial.expect(await answers.closed(), "the answer says that the connection closes, but it stays open");
        return;
      }
      await answers.talk.send(requestText(trial, { fields: [CLOSE] }));
      const second = await expectNextOrHonestClose(trial, answers, first);
      if (second !== null) expectServed(trial, second, "the second request");
    },
  },
  {
    name: "http-1.0",
    title: "a request of HTTP/1.0",
    expects: "answers without chunks, and closes",
    source: "RFC 9112 9.3, 6.1",
    level: "MUST",
    remedy: REMEDIES.http10,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, requestText(trial, { version: "HTTP/1.0" }));
      const response = await answers.next();
      expectServed(trial, response);
      const coding = fieldOf(response, "transfer-encoding");
      trial.expect(coding === null, `it was answered with Transfer-Encoding: ${coding}`);
      trial.expect(await answers.closed(), "the connection stays open");
    },
  },
  {
    name: "http-1.0-keep-alive",
    title: "a request of HTTP/1.0 with Connection: keep-alive",
    expects: "closes, or answers the next request too; if it says keep-alive, it does",
    source: "RFC 9112 9.3",
    level: "MUST",
    remedy: REMEDIES.http10,
    async run(trial: HttpTrial) {
      const request = requestText(trial, { version: "HTTP/1.0", fields: ["Connection: keep-alive"] });
      const answers = await ask(trial, request);
      const first = await answers.next();
      expectServed(trial, first);
      await answers.talk.send(request);
      const second = await answers.tryNext();
      if (isResponse(second)) return;
      trial.expect(second.how !== "silent", `the connection stays open, but the next request is not answered`);
      const said = /\bkeep-alive\b/i.test(fieldOf(first, "connection") ?? "");
      trial.expect(!said, `the answer says keep-alive, but then ${second.what}`);
    },
  },
  {
    name: "http-1.2",
    title: "a request of HTTP/1.2",
    expects: "serves it as HTTP/1.1",
    source: "RFC 9110 2.5",
    level: "SHOULD",
    remedy: REMEDIES.version,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, requestText(trial, { version: "HTTP/1.2", fields: [CLOSE] }));
      const response = await answers.next();
      expectServed(trial, response);
      trial.expect(response.version !== "1.2", "it was answered in HTTP/1.2, which does not exist");
    },
  },
  {
    name: "http-2.0",
    title: "a request line of HTTP/2.0",
    expects: "refuses it, or answers in HTTP/1.x",
    source: "RFC 9110 2.5",
    level: "MUST",
    remedy: REMEDIES.version,
    async run(trial: HttpTrial) {
      const answer = await (await ask(trial, requestText(trial, { version: "HTTP/2.0", fields: [CLOSE] }))).tryNext();
      if (isResponse(answer)) trial.expect(answer.version.startsWith("1"), `it was answered in HTTP/${answer.version}`);
      else trial.expect(answer.how !== "silent", answer.what);
    },
  },
  {
    name: "half-close",
    title: "a request, then the client's FIN",
    expects: "answers: the client has said all, and still listens",
    source: "RFC 1122 4.2.2.13",
    level: "practice",
    mistake: 4,
    remedy: REMEDIES.halfClose,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, requestText(trial));
      await answers.talk.halfClose();
      expectServed(trial, await answers.next());
      trial.expect(await answers.closed(), "after that, the connection stays open");
    },
  },
  {
    name: "clean-end",
    title: "a request with a head of 3,000 bytes, and Connection: close",
    expects: "answers, and closes with FIN, not with a reset that may swallow the answer",
    source: "RFC 9112 9.6",
    level: "practice",
    mistake: 1,
    remedy: REMEDIES.unread,
    async run(trial: HttpTrial) {
      const fields = Array.from({ length: 14 }, (_, index) => `X-Plainwire-${index}: ${"v".repeat(185)}`);
      const answers = await ask(trial, requestText(trial, { fields: [...fields, CLOSE] }));
      await answers.next();
      await answers.closed();
      trial.expect(answers.talk.end !== "reset", "after the answer, the connection was reset");
    },
  },
];
