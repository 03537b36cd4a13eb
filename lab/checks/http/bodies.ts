/**
 * Checks of requests with bodies: where the next request begins (RFC 9112 6 to 8), and whether the server waits for all of a body.
 *
 * @module
 */
import { Answers, ask, type HttpTrial, isResponse, MOMENT } from "./answers.ts";
import { CLOSE, type HttpDialect, postText, requestText } from "./dialect.ts";
import { expectInSync, type HttpCheck } from "./expect.ts";
import { REMEDIES } from "./remedies.ts";
import type { Response } from "./response.ts";

const CHUNKED = "Transfer-Encoding: chunked";
const TEXT = "Content-Type: text/plain";
/** A refusal of any body, or of any chunked one, is right (RFC 9112 6.3, RFC 9110 15.5). */
const ANY_TIME = [411, 413, 415, 501];

const needsPost = ({ post }: HttpDialect): string | null =>
  post === null ? "--post names a path that takes POST" : null;

/** The checks of bodies. */
export const BODIES: readonly HttpCheck[] = [
  {
    name: "body-skipped",
    title: "POST with a body that looks like a request, then GET on the same connection",
    expects: "answers two requests, not the body, or closes after the first",
    source: "RFC 9112 6.3",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.wholeBody,
    async run(trial: HttpTrial) {
      await expectTwo(trial, postText(trial, { fields: [TEXT], body: requestText(trial) }));
    },
  },
  {
    name: "get-with-body",
    title: "GET with a body, then another GET on the same connection",
    expects: "answers two requests, or refuses the first and closes",
    source: "RFC 9112 6",
    level: "MUST",
    remedy: REMEDIES.wholeBody,
    async run(trial: HttpTrial) {
      await expectTwo(trial, requestText(trial, { fields: [TEXT], body: requestText(trial) }), { mayClose: true });
    },
  },
  {
    name: "body-in-pieces",
    title: "POST, its body in three pieces",
    expects: "answers as if the body had come whole",
    source: "RFC 9112 6.2",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.wholeBody,
    async run(trial: HttpTrial) {
      const whole = postText(trial, { fields: [TEXT], body: "plainwire" });
      await expectAsWhole(trial, whole, [whole.slice(0, -9), "plain", "wi", "re"]);
    },
  },
  {
    name: "body-awaited",
    title: "POST, its body a moment later than its head",
    expects: "does not say that it took the body before that has come",
    source: "RFC 9112 6.2",
    level: "practice",
    mistake: 1,
    remedy: REMEDIES.wholeBody,
    skip: needsPost,
    async run(trial: HttpTrial) {
      const whole = postText(trial, { fields: [TEXT], body: "plainwire" });
      const answers = await ask(trial, whole.slice(0, -4));
      const early = await answers.tryNext("POST", MOMENT);
      if (isResponse(early)) trial.expect(early.status >= 300, `half a body was answered with ${early.status}`);
      else trial.expect(early.how === "silent", `half a body was not waited for: ${early.what}`);
      await answers.talk.send(whole.slice(-4));
      if (!isResponse(early)) await answers.next("POST");
    },
  },
  {
    name: "body-cut-off",
    title: "POST with half a body, then the client's FIN",
    expects: "does not say that it took the body",
    source: "RFC 9112 8",
    level: "practice",
    mistake: 4,
    remedy: REMEDIES.wholeBody,
    skip: needsPost,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, postText(trial, { fields: [TEXT], body: "plainwire" }).slice(0, -4));
      await answers.talk.halfClose();
      const answer = await answers.tryNext();
      if (!isResponse(answer)) return trial.expect(answer.how !== "silent", `it was not noticed: ${answer.what}`);
      // An answer that is cut off as well, as of a server that sends a body back while it comes, says that something is missing.
      const whole = !answer.flaws.some(({ kind }) => kind === "framing");
      trial.expect(answer.status >= 300 || !whole, `half a body was answered with ${answer.status}`);
    },
  },
  {
    name: "same-length-twice",
    title: "Content-Length: 9, 9",
    expects: "takes it for 9, or refuses it",
    source: "RFC 9110 8.6",
    level: "MUST",
    remedy: REMEDIES.length,
    async run(trial: HttpTrial) {
      const request = postText(trial, { fields: [TEXT, "Content-Length: 9, 9"], body: "plainwire" });
      await expectTwo(trial, request, { mayClose: true });
    },
  },
  {
    name: "chunked",
    title: "POST with a body in chunks",
    expects: "answers as if there were a Content-Length, and finds the next request behind the chunks",
    source: "RFC 9112 7.1",
    level: "MUST",
    remedy: REMEDIES.chunks,
    run: (trial) => expectDecoded(trial, [CHUNKED], "5\r\nplain\r\n4\r\nwire\r\n0\r\n\r\n"),
  },
  {
    name: "chunked-byte-by-byte",
    title: "the same in pieces of one byte",
    expects: "answers the same",
    source: "RFC 9112 7.1",
    level: "MUST",
    mistake: 1,
    remedy: REMEDIES.chunks,
    async run(trial: HttpTrial) {
      const body = "5\r\nplain\r\n4\r\nwire\r\n0\r\n\r\n";
      const head = postText(trial, { fields: [TEXT, CHUNKED], body: "" });
      const whole = postText(trial, { fields: [TEXT], body: "plainwire" });
      await expectAsWhole(trial, whole, [head, ...body]);
    },
  },
  {
    name: "chunk-extension",
    title: "chunks with an extension, and sizes with zeros before them",
    expects: "ignores them",
    source: "RFC 9112 7.1.1",
    level: "MUST",
    remedy: REMEDIES.chunks,
    run: (trial) => expectDecoded(trial, [CHUNKED], '005;note="a b";more\r\nplain\r\n04\r\nwire\r\n00\r\n\r\n'),
  },
  {
    name: "trailers",
    title: "chunks, and fields behind them",
    expects: "does not take those for the next request",
    source: "RFC 9112 7.1.2",
    level: "MUST",
    remedy: REMEDIES.chunks,
    run: (trial) => expectDecoded(trial, [CHUNKED], "9\r\nplainwire\r\n0\r\nX-Note: 1\r\nX-More: 2\r\n\r\n"),
  },
  {
    name: "expect-continue",
    title: "POST with Expect: 100-continue, its body held back",
    expects: "says 100 Continue at once, or answers without the body",
    source: "RFC 9110 10.1.1",
    level: "MUST",
    remedy: REMEDIES.expect,
    run: expectContinue,
  },
  {
    name: "expect-http-1.0",
    title: "the same in HTTP/1.0, which knows no 100 Continue",
    expects: "does not say 100 Continue",
    source: "RFC 9110 15.2",
    level: "MUST",
    remedy: REMEDIES.expect,
    async run(trial: HttpTrial) {
      const fields = [TEXT, "Expect: 100-continue", "Content-Length: 9"];
      const answers = await ask(trial, postText(trial, { version: "HTTP/1.0", fields }));
      const early = await answers.tryNext("POST", MOMENT);
      trial.expect(answers.interim.length === 0, "100 Continue came");
      if (isResponse(early)) return;
      await answers.talk.send("plainwire");
      await answers.next("POST");
      trial.expect(answers.interim.length === 0, "100 Continue came");
    },
  },
];

/**
 * Sends a request with a body and GET behind it: the server finds that, or closes.
 *
 * @param options With `mayClose`, to close without an answer is right too.
 * @returns The first answer; `null` if the connection was closed instead.
 */
async function expectTwo(trial: HttpTrial, request: string, { mayClose = false } = {}): Promise<Response | null> {
  const answers = await ask(trial, request + requestText(trial, { fields: [CLOSE] }));
  const first = await answers.tryNext("POST");
  if (!isResponse(first)) {
    // Closing with the body unread may reset the connection, and lose the answer.
    if (first.how === "reset" || (mayClose && first.how === "closed")) return null;
    trial.fail(`it was not answered: ${first.what}`);
  }
  await expectInSync(trial, answers, first);
  answers.talk.close();
  return first;
}

/** A chunked body gets the answer that the same one with Content-Length gets; a server that sends bodies back, decodes it. */
async function expectDecoded(trial: HttpTrial, fields: readonly string[], body: string): Promise<void> {
  const plain = await expectTwo(trial, postText(trial, { fields: [TEXT], body: "plainwire" }));
  const chunked = await expectTwo(trial, postText(trial, { fields: [TEXT, ...fields], body }));
  if (plain === null || chunked === null || ANY_TIME.includes(chunked.status)) return;
  trial.expect(
    chunked.status === plain.status,
    `with Content-Length it was answered with ${plain.status}, in chunks with ${chunked.status}`,
  );
  const [sent, got] = [plain, chunked].map((response) => new TextDecoder().decode(response.body));
  trial.expect(sent !== "plainwire" || got === sent, "a body that comes back from Content-Length did not from chunks");
}

/** A request in pieces gets the answer that it gets whole. */
async function expectAsWhole(trial: HttpTrial, whole: string, pieces: readonly string[]): Promise<void> {
  const { status: expected } = await firstAnswer(trial, [whole]);
  const { status } = await firstAnswer(trial, pieces);
  trial.expect(
    status === expected || ANY_TIME.includes(status),
    `whole it was answered with ${expected}, in pieces with ${status}`,
  );
}

/** The answer to a POST. What its server no longer wants is not sent. */
async function firstAnswer(trial: HttpTrial, pieces: readonly string[]): Promise<Response> {
  const answers = new Answers(trial, await trial.connect());
  for (const piece of pieces) {
    await answers.talk.send(piece);
    if (pieces.length > 1) await trial.pause(2);
    if (answers.talk.end !== null) break;
  }
  const answer = await answers.next("POST");
  answers.talk.close();
  return answer;
}

async function expectContinue(trial: HttpTrial): Promise<void> {
  const fields = [TEXT, "Expect: 100-continue", "Content-Length: 9"];
  const answers = await ask(trial, postText(trial, { fields }));
  await answers.talk.until(() => answers.more, trial.patience);
  const early = await answers.tryNext("POST", MOMENT);
  if (isResponse(early)) return;
  trial.expect(early.how !== "closed" && early.how !== "reset", `it was not answered: ${early.what}`);
  const [interim] = answers.interim;
  trial.expect(interim !== undefined, `neither 100 Continue nor another answer came within ${trial.patience / 1000} s`);
  trial.expect(interim.status === 100, `it was answered with ${interim.status}`);
  await answers.talk.send("plainwire");
  await answers.next("POST");
}
