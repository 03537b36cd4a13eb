/**
 * Checks of heads that are malformed or ambiguous: two programs that read them differently let an attacker hide a request
 * (RFC 9112 11.2). Where the RFC lets a server choose, each choice passes.
 *
 * @module
 */
import { ask, type HttpTrial, isResponse } from "./answers.ts";
import { CLOSE, hostOf, requestText } from "./dialect.ts";
import { expectNotTaken, expectRefused, type HttpCheck } from "./expect.ts";
import { REMEDIES } from "./remedies.ts";

/** What is sent instead of a host, by check. */
const BAD_HOSTS = { "host-space": "a b", "host-path": "a/b", "host-user": "user@a" } as const;

/** The checks of the Host field. */
const HOSTS: readonly HttpCheck[] = [
  {
    name: "no-host",
    title: "HTTP/1.1 without Host",
    expects: "refuses it with 400",
    source: "RFC 9112 3.2",
    level: "MUST",
    remedy: REMEDIES.host,
    run: (trial) => expectRefused(trial, requestText(trial, { host: null })),
  },
  {
    name: "two-hosts",
    title: "two Host fields",
    expects: "refuses them with 400",
    source: "RFC 9112 3.2",
    level: "MUST",
    remedy: REMEDIES.host,
    run: (trial) => expectRefused(trial, requestText(trial, { fields: ["Host: other.example"] })),
  },
  ...Object.entries(BAD_HOSTS).map(([name, host]): HttpCheck => ({
    name,
    title: `Host: ${host}`,
    expects: "refuses it with 400",
    source: "RFC 9112 3.2",
    level: "MUST",
    remedy: REMEDIES.hostValue,
    run: (trial) => expectRefused(trial, requestText(trial, { host })),
  })),
];

/** The checks of field lines. */
const FIELD_LINES: readonly HttpCheck[] = [
  {
    name: "space-before-colon",
    title: "white space between a field's name and its colon",
    expects: "refuses it with 400",
    source: "RFC 9112 5.1",
    level: "MUST",
    remedy: REMEDIES.fieldLine,
    run: (trial) => expectRefused(trial, requestText(trial, { fields: ["X-Plainwire : 1"] })),
  },
  {
    name: "no-colon",
    title: "a field line without a colon",
    expects: "refuses it with 400",
    source: "RFC 9112 2.2",
    level: "SHOULD",
    remedy: REMEDIES.fieldLine,
    run: (trial) => expectRefused(trial, requestText(trial, { fields: ["X-Plainwire"] })),
  },
  {
    name: "field-name",
    title: "a field whose name has a character that none may have",
    expects: "refuses it with 400",
    source: "RFC 9112 2.2",
    level: "SHOULD",
    remedy: REMEDIES.fieldLine,
    run: (trial) => expectRefused(trial, requestText(trial, { fields: ["X(Plainwire): 1"] })),
  },
  {
    name: "folded-line",
    title: "a field that goes on in the next line, which looks like a Content-Length",
    expects: "refuses it, or takes the two lines for one value",
    source: "RFC 9112 5.2",
    level: "MUST",
    remedy: REMEDIES.fieldLine,
    run: (trial) => expectNotTaken(trial, (length) => ["X-Plainwire: 1", ` ${length}`]),
  },
  {
    name: "bare-cr",
    title: "a CR alone in a value, and behind it what looks like a Content-Length",
    expects: "refuses it, or takes the CR for a space",
    source: "RFC 9112 2.2",
    level: "MUST",
    mistake: 17,
    remedy: REMEDIES.lineEnd,
    run: (trial) => expectNotTaken(trial, (length) => [`X-Plainwire: 1\r${length}`]),
  },
  {
    name: "bare-lf",
    title: "a request whose lines end with LF alone",
    expects: "answers or refuses: both are right",
    source: "RFC 9112 2.2",
    level: "MAY",
    mistake: 17,
    remedy: REMEDIES.lineEnd,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, requestText(trial, { fields: [CLOSE] }).replaceAll("\r\n", "\n"));
      // To a server that ends lines at CR LF only, the line is not over yet.
      if (!await answers.quiet() || answers.talk.end !== null) return;
      await answers.talk.send("\r\n\r\n");
      const answer = await answers.tryNext();
      if (!isResponse(answer)) trial.expect(answer.how !== "silent", answer.what);
    },
  },
  {
    name: "nul",
    title: "a NUL in a value",
    expects: "refuses it, or takes the NUL for a space",
    source: "RFC 9110 5.5",
    level: "MUST",
    mistake: 18,
    remedy: REMEDIES.lineEnd,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, requestText(trial, { fields: ["X-Plainwire: 1\0 2", CLOSE] }));
      const answer = await answers.tryNext();
      if (!isResponse(answer)) trial.expect(answer.how !== "silent", answer.what);
    },
  },
];

/** The checks of request lines. */
const REQUEST_LINES: readonly HttpCheck[] = [
  {
    name: "nonsense",
    title: "a line of nonsense instead of a request",
    expects: "refuses it with 400, or closes",
    source: "RFC 9112 2.2",
    level: "SHOULD",
    mistake: 18,
    remedy: REMEDIES.requestLine,
    run: (trial) => expectRefused(trial, "plainwire\r\n\r\n"),
  },
  {
    name: "binary-nonsense",
    title: "random bytes instead of a request",
    expects: "refuses them with 400, or closes",
    source: "RFC 9112 2.2",
    level: "SHOULD",
    mistake: 18,
    remedy: REMEDIES.requestLine,
    run(trial) {
      const bytes = Uint8Array.from({ length: 64 }, () => 0x80 + trial.random() * 0x7f);
      bytes.set([13, 10, 13, 10], bytes.length - 4);
      return expectRefused(trial, bytes);
    },
  },
  {
    name: "version-case",
    title: "http/1.1 in small letters",
    expects: "refuses it with 400",
    source: "RFC 9112 2.3",
    level: "SHOULD",
    remedy: REMEDIES.requestLine,
    run: (trial) => expectRefused(trial, requestText(trial, { version: "http/1.1" })),
  },
  {
    name: "version-nonsense",
    title: "HTTP/1.1x instead of a version",
    expects: "refuses it with 400",
    source: "RFC 9112 2.3",
    level: "SHOULD",
    remedy: REMEDIES.version,
    run: (trial) => expectRefused(trial, requestText(trial, { version: "HTTP/1.1x" })),
  },
  {
    name: "http-0.9",
    title: "a request line of HTTP/0.9: GET and a path",
    expects: "refuses it, or answers in whatever form; and closes",
    source: "RFC 9112 2.2",
    level: "SHOULD",
    remedy: REMEDIES.version,
    async run(trial: HttpTrial) {
      const answers = await ask(trial, `GET ${trial.dialect.path}\r\n\r\n`);
      trial.expect(await answers.closed(), answers.more ? "the connection stays open" : "nothing came");
    },
  },
  {
    name: "space-in-target",
    title: "a space in the target",
    expects: "refuses it with 400, or redirects",
    source: "RFC 9112 3.2",
    level: "SHOULD",
    remedy: REMEDIES.requestLine,
    run: (trial) =>
      expectRefused(trial, requestText(trial, { target: `${trial.dialect.path}?a b` }), { redirects: true }),
  },
  {
    name: "control-in-target",
    title: "a control character in the target",
    expects: "refuses it with 400, or redirects",
    source: "RFC 9112 3.2",
    level: "SHOULD",
    mistake: 18,
    remedy: REMEDIES.requestLine,
    run: (trial) =>
      expectRefused(trial, requestText(trial, { target: `${trial.dialect.path}?\x01` }), { redirects: true }),
  },
  {
    name: "no-path",
    title: "a target that is neither a path nor a URL",
    expects: "refuses it",
    source: "RFC 9112 2.2",
    level: "SHOULD",
    remedy: REMEDIES.target,
    run: (trial) => expectRefused(trial, requestText(trial, { target: hostOf(trial).replace(/:.*/, "") })),
  },
];

/** All of them. */
export const REFUSALS: readonly HttpCheck[] = [...HOSTS, ...FIELD_LINES, ...REQUEST_LINES];
