/**
 * Checks of what depends on the method and on the path (RFC 9110 9).
 *
 * @module
 */
import { ask, type HttpTrial, isResponse, MOMENT } from "./answers.ts";
import { CLOSE, requestText } from "./dialect.ts";
import { expectServed, get, type HttpCheck } from "./expect.ts";
import { REMEDIES } from "./remedies.ts";
import { fieldOf } from "./response.ts";

/** The checks of methods and paths. */
export const METHODS: readonly HttpCheck[] = [
  {
    name: "head",
    title: "HEAD of the path that there is",
    expects: "answers with the status of GET, and without a body",
    source: "RFC 9110 9.3.2",
    level: "MUST",
    remedy: REMEDIES.head,
    run: (trial) => expectBodiless(trial, trial.dialect.path, true),
  },
  {
    name: "head-missing",
    title: "HEAD of a path where nothing is",
    expects: "sends no body either",
    source: "RFC 9110 9.3.2",
    level: "MUST",
    remedy: REMEDIES.head,
    run: (trial) => expectBodiless(trial, missingPath(trial), false),
  },
  {
    name: "head-length",
    title: "the Content-Length of HEAD",
    expects: "says the same as for GET, or leaves it out",
    source: "RFC 9110 8.6",
    level: "MUST",
    remedy: REMEDIES.head,
    async run(trial: HttpTrial) {
      const before = await get(trial);
      before.answers.talk.close();
      const answers = await ask(trial, requestText(trial, { method: "HEAD", fields: [CLOSE] }));
      const length = fieldOf(await answers.next("HEAD"), "content-length");
      answers.talk.close();
      const after = await get(trial);
      const { length: count } = after.response.body;
      // A page that is never twice the same has no length to compare with.
      if (length === null || before.response.body.length !== count) return;
      trial.expect(Number(length) === count, `it is ${length}, and the body of GET has ${count} bytes`);
    },
  },
  {
    name: "missing-path",
    title: "GET of a path where nothing is",
    expects: "answers 404, or refuses or redirects otherwise",
    source: "RFC 9110 15.5.5",
    level: "practice",
    remedy: REMEDIES.missing,
    async run(trial: HttpTrial) {
      const target = missingPath(trial);
      const { status } = await (await ask(trial, requestText(trial, { target, fields: [CLOSE] }))).next();
      trial.expect(status >= 300 && status < 500, `GET ${target} was answered with ${status}`);
    },
  },
  {
    name: "unknown-method",
    title: "a method that nobody knows",
    expects: "refuses it, with 501 or 405",
    source: "RFC 9110 9.1",
    level: "SHOULD",
    remedy: REMEDIES.method,
    async run(trial: HttpTrial) {
      const { status } = await (await ask(trial, requestText(trial, { method: "PLAINWIRE", fields: [CLOSE] }))).next();
      trial.expect(status >= 400 && (status < 500 || status === 501), `it was answered with ${status}`);
    },
  },
  {
    name: "allow",
    title: "405, where there is one",
    expects: "says in Allow what is allowed",
    source: "RFC 9110 15.5.6",
    level: "MUST",
    remedy: REMEDIES.method,
    async run(trial: HttpTrial) {
      for (const method of ["PLAINWIRE", "TRACE"]) {
        const answers = await ask(trial, requestText(trial, { method, fields: [CLOSE] }));
        const answer = await answers.tryNext();
        const without = isResponse(answer) && answer.status === 405 && fieldOf(answer, "allow") === null;
        trial.expect(!without, `${method} was answered with 405, without Allow`);
        answers.talk.close();
      }
    },
  },
];

/** A path that nobody has. */
export function missingPath({ random }: HttpTrial): string {
  return `/plainwire-${random().toString(36).slice(2, 10)}`;
}

/** HEAD has no body: nothing comes after its head. */
async function expectBodiless(trial: HttpTrial, target: string, exists: boolean): Promise<void> {
  const answers = await ask(trial, requestText(trial, { method: "HEAD", target, fields: [CLOSE] }));
  const response = await answers.next("HEAD");
  if (exists) expectServed(trial, response, "HEAD");
  await answers.talk.until(() => answers.more, answers.talk.end === null ? MOMENT : 0);
  const extra = answers.talk.received.length - response.end;
  trial.expect(extra === 0, `a body came: ${extra} bytes`);
}
