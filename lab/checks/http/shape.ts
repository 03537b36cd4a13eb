/**
 * Checks of what an answer looks like: status line, fields, body (RFC 9112 4 to 6).
 *
 * @module
 */
import { ask, type HttpTrial, isResponse } from "./answers.ts";
import { CLOSE, requestText } from "./dialect.ts";
import { expectServed, get, type HttpCheck } from "./expect.ts";
import type { Flaw } from "./reading.ts";
import { REMEDIES } from "./remedies.ts";
import { fieldOf } from "./response.ts";

/** The answer has no flaw of a kind. */
async function expectFlawless(trial: HttpTrial, kind: Flaw["kind"]): Promise<void> {
  const { response } = await get(trial);
  const flaw = response.flaws.find((flaw) => flaw.kind === kind);
  if (flaw !== undefined) trial.fail(flaw.what);
}

/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

/** The checks of an answer's shape. */
export const SHAPE: readonly HttpCheck[] = [
  {
    name: "get",
    title: "GET of the path that there is",
    expects: "answers with a status of success",
    source: "RFC 9110 9.3.1",
    level: "MUST",
    remedy: REMEDIES.requestLine,
    async run(trial: HttpTrial) {
      const { response } = await get(trial);
      const { path } = trial.dialect;
      trial.expect(
        response.status >= 200 && response.status < 300,
        `${path} was answered with ${response.status} (--path names another one)`,
      );
    },
  },
  {
    name: "status-line",
    title: "the first line of the answer",
    expects: "begins with HTTP/1.1, a space, three digits, a space, and perhaps a reason",
    source: "RFC 9112 4",
    level: "MUST",
    remedy: REMEDIES.writeHead,
    run: (trial) => expectFlawless(trial, "status line"),
  },
  {
    name: "line-ends",
    title: "the line ends of the answer's head",
    expects: "ends each with CR LF",
    source: "RFC 9112 2.1",
    level: "MUST",
    mistake: 17,
    remedy: REMEDIES.writeHead,
    run: (trial) => expectFlawless(trial, "line end"),
  },
  {
    name: "fields",
    title: "the fields of the answer",
    expects: "sends a name, a colon right after it, and a value without control characters",
    source: "RFC 9112 5",
    level: "MUST",
    remedy: REMEDIES.writeHead,
    run: (trial) => expectFlawless(trial, "field"),
  },
  {
    name: "length",
    title: "the length of the answer's body",
    expects: "sends as many bytes as Content-Length says, or well-formed chunks, or closes at the end",
    source: "RFC 9112 6",
    level: "MUST",
    remedy: REMEDIES.contentLength,
    async run(trial: HttpTrial) {
      const { answers, response } = await get(trial);
      const flaw = response.flaws.find((flaw) => flaw.kind === "framing");
      if (flaw !== undefined) trial.fail(flaw.what);
      // What exceeds the length comes before the end, or at once where the server does not close.
      await answers.talk.until(() => answers.more, trial.patience);
      const extra = answers.talk.received.length - response.end;
      if (extra === 0) return;
      if (response.framing !== "length") trial.fail(`${extra} more bytes come after the end of the answer`);
      const body = answers.talk.received.subarray(response.end - response.body.length);
      const characters = new TextDecoder("utf-8", { ignoreBOM: true }).decode(body).length === response.body.length;
      const counted = characters ? ", which is how many characters it has" : "";
      trial.fail(`its Content-Length is ${response.body.length}${counted}, but its body has ${body.length} bytes`);
    },
  },
  {
    name: "date",
    title: "the Date of the answer",
    expects: "sends one, like Sun, 06 Nov 1994 08:49:37 GMT",
    source: "RFC 9110 6.6.1",
    // A MUST for a server that has a clock, and only the server knows whether it has one.
    level: "SHOULD",
    remedy: REMEDIES.date,
    async run(trial: HttpTrial) {
      const date = fieldOf((await get(trial)).response, "date");
      if (date === null) trial.fail("there is no Date");
      trial.expect(DATE.test(date), `its Date is ${JSON.stringify(date)}`);
    },
  },
  {
    name: "content-type",
    title: "the Content-Type of the answer",
    expects: "says what its body is",
    source: "RFC 9110 8.3",
    level: "SHOULD",
    remedy: REMEDIES.contentType,
    async run(trial: HttpTrial) {
      const { response } = await get(trial);
      const type = fieldOf(response, "content-type");
      trial.expect(type !== null || response.body.length === 0, "there is no Content-Type");
      trial.expect(type === null || /^[^\s/;]+\/[^\s/;]+/.test(type), `its Content-Type is ${JSON.stringify(type)}`);
    },
  },
  {
    name: "host-case",
    title: "names of fields and options in other letters: hOST, CONNECTION: CLOSE",
    expects: "takes them for the same",
    source: "RFC 9110 5.1",
    level: "MUST",
    remedy: REMEDIES.close,
    async run(trial: HttpTrial) {
      const usual = requestText(trial, { fields: ["CONNECTION: CLOSE"] });
      const answers = await ask(trial, usual.replace("Host:", "hOST:"));
      expectServed(trial, await answers.next());
      trial.expect(await answers.closed(), "the server did not close");
    },
  },
  {
    name: "optional-space",
    title: "fields without a space after the colon, and with spaces at the end",
    expects: "takes them for the same",
    source: "RFC 9112 5.1",
    level: "MUST",
    remedy: REMEDIES.fieldLine,
    async run(trial: HttpTrial) {
      const usual = requestText(trial, { fields: ["Connection:close"] });
      const answers = await ask(trial, usual.replace("Host: ", "Host:").replace("\r\nConn", "  \r\nConn"));
      expectServed(trial, await answers.next());
      trial.expect(await answers.closed(), "the server did not close");
    },
  },
  {
    name: "optional-tab",
    title: "a tab before a field's value, and behind it",
    expects: "does not take it for a part of the value",
    source: "RFC 9112 5.1",
    level: "MUST",
    remedy: REMEDIES.fieldLine,
    async run(trial: HttpTrial) {
      const usual = requestText(trial, { fields: [CLOSE] });
      const answers = await ask(trial, usual.replace("Host: ", "Host:\t").replace("\r\nConn", "\t\r\nConn"));
      expectServed(trial, await answers.next());
    },
  },
  {
    name: "response-splitting",
    title: "CR LF, encoded, in the target",
    expects: "does not let it into the fields of its answer",
    source: "RFC 9110 5.5",
    level: "MUST",
    mistake: 18,
    remedy: REMEDIES.injection,
    async run(trial: HttpTrial) {
      const injected = "%0d%0aX-Plainwire:%20split";
      for (const target of [`/${injected}`, `//${injected}/..`, `${trial.dialect.path}?to=${injected}`]) {
        const answers = await ask(trial, requestText(trial, { target, fields: [CLOSE] }));
        const answer = await answers.tryNext();
        if (isResponse(answer)) {
          trial.expect(fieldOf(answer, "x-plainwire") === null, `GET ${target} made a field of the answer`);
        } else trial.expect(answer.how !== "silent", `GET ${target} was not answered: ${answer.what}`);
        answers.talk.close();
      }
    },
  },
];
