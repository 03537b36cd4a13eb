/**
 * Checks of paths that lead out of the folder that a server shows (RFC 9110 17.3).
 *
 * @module
 */
import { ask, type HttpTrial, isResponse } from "./answers.ts";
import { CLOSE, requestText } from "./dialect.ts";
import type { HttpCheck } from "./expect.ts";
import { REMEDIES } from "./remedies.ts";

/** A line of /etc/passwd, or of win.ini. */
const SECRET = /^root:[^:\n]*:0:0:|^\[(?:fonts|extensions)\]\r?$/m;
const UP = 12;

/** The checks of paths. */
export const PATHS: readonly HttpCheck[] = [
  traversal("path-dots", "a path with ../ in it", "../"),
  traversal("path-encoded-dots", "%2e%2e/ in the path: .. encoded", "%2e%2e/"),
  traversal("path-encoded-slash", "a path with ..%2f in it: / encoded", "..%2f"),
  traversal("path-twice-encoded", "%252e%252e%252f in the path: ../ encoded twice", "%252e%252e%252f"),
  traversal("path-backslash", "a path with ..%5c in it: backslashes, as on Windows", "..%5c"),
  {
    ...traversal("path-absolute", "the path //etc/passwd, which is absolute behind the first slash", ""),
    run: (trial) =>
      expectInside(trial, ["//etc/passwd", "/%2fetc/passwd", "/file:///etc/passwd", "/c:/windows/win.ini"]),
  },
  {
    ...traversal("path-nul", "%00 in the path", ""),
    expects: "refuses it, or closes",
    async run(trial: HttpTrial) {
      for (const target of ["/%00", "/../../../../../../../../etc/passwd%00.html"]) {
        const answers = await ask(trial, requestText(trial, { target, fields: [CLOSE] }));
        const answer = await answers.tryNext();
        if (!isResponse(answer)) {
          trial.expect(answer.how !== "silent", `GET ${target} was not answered: ${answer.what}`);
        } else trial.expect(!SECRET.test(answers.talk.text), `GET ${target} got a file from outside`);
      }
    },
  },
];

/** A path that climbs to the root, in some spelling. */
function traversal(name: string, title: string, up: string): HttpCheck {
  const climb = up.repeat(UP);
  return {
    name,
    title,
    expects: "sends no file from outside its folder",
    source: "RFC 9110 17.3",
    level: "practice",
    mistake: 18,
    remedy: REMEDIES.path,
    run: (trial) => expectInside(trial, [`/${climb}etc/passwd`, `/${climb}windows/win.ini`]),
  };
}

/** None of the targets gets a file from outside; each is answered, or the connection closed. */
async function expectInside(trial: HttpTrial, targets: readonly string[]): Promise<void> {
  for (const target of targets) {
    const answers = await ask(trial, requestText(trial, { target, fields: [CLOSE] }));
    const answer = await answers.tryNext();
    if (!isResponse(answer)) trial.expect(answer.how !== "silent", `GET ${target} was not answered: ${answer.what}`);
    trial.expect(!SECRET.test(answers.talk.text), `GET ${target} got a file from outside`);
    answers.talk.close();
  }
}
