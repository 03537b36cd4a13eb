/**
 * What a correct server does with requests of some kind: each function fails the check if this server does something else.
 *
 * Where RFC 9112 lets a server choose, any choice is correct. A server may close a connection at any time (9.5), so a close without an
 * answer refuses a request too.
 *
 * @module
 */
import type { Check } from "../check.ts";
import { type Answers, ask, type HttpTrial, isResponse, type NoResponse } from "./answers.ts";
import { CLOSE, type HttpDialect, requestText } from "./dialect.ts";
import { type Response, saysClose } from "./response.ts";

/** A check of HTTP. */
export type HttpCheck = Check<HttpDialect>;

/** Asks for the known path, as the last request on its connection. */
export async function get(trial: HttpTrial): Promise<{ answers: Answers; response: Response }> {
  const answers = await ask(trial, requestText(trial, { fields: [CLOSE] }));
  return { answers, response: await answers.next() };
}

/** Another client is served. */
export async function expectServing(trial: HttpTrial, when = "after that"): Promise<void> {
  const answers = await ask(trial, requestText(trial, { fields: [CLOSE] }));
  const answer = await answers.tryNext();
  if (!isResponse(answer)) trial.fail(`${when}, another client was not served: ${answer.what}`);
  expectServed(trial, answer, `${when}, another client`);
  answers.talk.close();
}

/** The status is one of success. */
export function expectServed(trial: HttpTrial, { status }: Response, who = "the request"): void {
  trial.expect(status >= 200 && status < 300, `${who} was answered with ${status}`);
}

/** How a request is to be refused. */
export interface RefusedOptions {
  /** Whether the connection must be closed: nobody knows where the next request begins. */
  readonly closes?: boolean;
  /** Whether a redirection to the corrected target is right too. */
  readonly redirects?: boolean;
}

/** The request is refused. */
export async function expectRefused(
  trial: HttpTrial,
  request: string | Uint8Array,
  { closes = false, redirects = false }: RefusedOptions = {},
): Promise<void> {
  const answers = await ask(trial, request);
  const answer = await answers.tryNext();
  if (!isResponse(answer)) return await expectClosed(trial, answers, answer);
  trial.expect(answer.status >= (redirects ? 300 : 400), `it was answered with ${answer.status}`);
  if (closes) await expectEnd(trial, answers, answer);
}

/**
 * A request whose end is uncertain is refused, or answered and the connection closed: nothing behind it is taken for another request.
 */
export async function expectNothingBehind(trial: HttpTrial, request: string): Promise<void> {
  const answers = await ask(trial, request + requestText(trial));
  const answer = await answers.tryNext();
  if (!isResponse(answer)) return await expectClosed(trial, answers, answer);
  const next = await answers.tryNext();
  if (isResponse(next)) {
    trial.fail(
      `it was answered with ${answer.status}, and what follows was taken for another request and answered with ${next.status}`,
    );
  }
  if (next.how === "silent") trial.fail(`it was answered with ${answer.status}, and the connection stays open`);
}

/**
 * A line that must not be taken for a field is not: `lines` hide a Content-Length of as many bytes as the next request has. The request is
 * refused, or both are answered, or the connection is closed after the first.
 */
export async function expectNotTaken(trial: HttpTrial, lines: (length: string) => string[]): Promise<void> {
  const next = requestText(trial, { fields: [CLOSE] });
  const answers = await ask(trial, requestText(trial, { fields: lines(`Content-Length: ${next.length}`) }) + next);
  const answer = await answers.tryNext();
  if (!isResponse(answer)) return await expectClosed(trial, answers, answer);
  if (answer.status >= 400) return;
  const second = await answers.tryNext();
  if (!isResponse(second) && second.how === "silent") {
    trial.fail("the field that this line hides was taken: the request behind it was swallowed as a body");
  }
}

/**
 * After a request with a body, the server knows where the next request begins: that is answered, or the connection closed.
 *
 * @param first The answer to the one with the body, already taken; the request behind it is `GET` with `Connection: close`.
 */
export async function expectInSync(trial: HttpTrial, answers: Answers, first: Response): Promise<void> {
  const second = await answers.tryNext();
  if (!isResponse(second)) {
    if (second.how === "closed" || second.how === "reset") return;
    trial.fail(`after the ${first.status}, the next request on the connection was not answered: ${second.what}`);
  }
  trial.expect(
    second.status < 300,
    `after the ${first.status}, the next request was answered with ${second.status}: it was not read from its beginning`,
  );
  trial.expect(await answers.quiet(), "more answers came than requests were sent: the body was taken for a request");
}

/** Fails unless the connection ends after the refusal. */
async function expectEnd(trial: HttpTrial, answers: Answers, { status }: Response): Promise<void> {
  trial.expect(
    await answers.closed(),
    `it was answered with ${status}, but the connection stays open, and what follows counts as the next request`,
  );
}

/** Accepts a close instead of an answer; the runner finds out whether the server is still alive. */
async function expectClosed(trial: HttpTrial, answers: Answers, answer: NoResponse): Promise<void> {
  if (answer.how === "silent") trial.fail(`it was neither refused nor was the connection closed: ${answer.what}`);
  // An error page without a status line, as an answer to what is not HTTP/1.x, counts as a close.
  if (answer.how === "unreadable" && !await answers.closed()) trial.fail(answer.what);
}

/**
 * The next request on this connection is answered too, or the server had said that it would close.
 *
 * @param first The answer before it.
 */
export async function expectNextOrHonestClose(
  trial: HttpTrial,
  answers: Answers,
  first: Response,
  method = "GET",
): Promise<Response | null> {
  const second = await answers.tryNext(method);
  if (isResponse(second)) return second;
  if (second.how === "silent") trial.fail(`the next request on the connection was not answered: ${second.what}`);
  if (second.how === "unreadable") trial.fail(`of the next answer, ${second.what}`);
  trial.expect(
    saysClose(first),
    `${second.what} after the first answer, which did not say so (Connection: close)`,
  );
  return null;
}
