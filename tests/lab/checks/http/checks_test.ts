/** Each check passes a server that is right, and fails one that makes the mistake. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CheckFailure } from "../../../../lab/checks/check.ts";
import { Chance } from "../../../../lib/faults/chance.ts";
import { protocol } from "../../../../lab/checks/http/checks.ts";
import type { HttpDialect } from "../../../../lab/checks/http/dialect.ts";
import { REMEDIES } from "../../../../lab/checks/http/remedies.ts";
import { Trial } from "../../../../lab/checks/trial.ts";
import { serve } from "../../../http/serving.ts";
import {
  answer,
  deafToHalves,
  exhausted,
  type Faulty,
  fragile,
  type Handler,
  lax,
  type LaxOptions,
  oneRead,
  REFUSED,
  resetting,
  serveFaulty,
  silent,
} from "./faulty.ts";

const { checks } = protocol;

/** Runs a check; returns why it failed, "" if it did not. */
async function reasonOf(name: string, port: number, patience: number, post: string | null): Promise<string> {
  const check = checks.find((check) => check.name === name);
  assert(check !== undefined, `there is no check ${name}`);
  const dialect: HttpDialect = { path: "/", host: null, post };
  const server = { hostname: "127.0.0.1", port };
  const { signal } = new AbortController();
  const chance = new Chance(1, 0, name);
  using trial = new Trial({ server, dialect, patience, random: () => chance.share(), signal });
  try {
    await check.run(trial);
    return "";
  } catch (error) {
    if (error instanceof CheckFailure) return error.message;
    throw error;
  }
}

/** A mistake: the server that makes it, and what the check says. */
interface Mistake {
  readonly serve: () => Promise<Faulty>;
  readonly says: RegExp;
  readonly post?: string;
}

const by = (handle: Handler, says: RegExp, options = {}): Mistake => ({
  serve: () => serveFaulty(handle, options),
  says,
});
/** One that looks at nothing. */
const laxly = (says: RegExp, options: LaxOptions = {}): Mistake => by(lax(options), says);
/** One that looks at nothing, but closes when asked to. */
const closing = (says: RegExp, reply: (head: string, body: string) => string): Mistake =>
  laxly(says, { reply, closes: (head) => /close/i.test(head) });
/** One that answers each head with the same, and closes. */
const canned = (text: string, says: RegExp): Mistake => laxly(says, { reply: () => text, closes: () => true });
/** One that knows no bodies, or not those in chunks. */
const blind = (says: RegExp, bodies: "none" | "by length" = "none"): Mistake =>
  laxly(says, { bodies, reply: (head) => /^(?:GET|POST) /.test(head) ? answer() : REFUSED });
const once = (says: RegExp): Mistake => by(oneRead(), says);
const never = (says: RegExp): Mistake => by(silent, says);
const serially = (says: RegExp): Mistake =>
  by(lax({ closes: (head) => /close/i.test(head) }), says, { serially: true });
/** One that takes what comes with the first read for the whole request. */
const hasty = (says: RegExp): Mistake => by(oneRead((text) => text.includes("plainwire") ? answer() : REFUSED), says);

const MISSING = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
const SERVED = /^it was answered with 200$/;
const STAYS = /connection stays open/;
const BEHIND = /what follows was taken for another request/;
const EARLY = /before the request was complete/;
const ALONE = /^beside it, another client was not served/;
const NOTHING = /nothing came within/;
const SECRET = answer("root:x:0:0:root:/root:/bin/sh\n");

/** Who makes the mistakes in what is refused. */
const TAKES_ANYTHING = [
  ["no-host", "two-hosts", "host-space", "host-path", "host-user", "space-before-colon", "no-colon", "field-name"],
  [
    "nonsense",
    "binary-nonsense",
    "version-case",
    "version-nonsense",
    "space-in-target",
    "control-in-target",
    "no-path",
  ],
  ["two-lengths", "length-plus", "length-minus", "length-hex", "length-and-words", "length-empty"],
  ["chunked-not-last", "coding-lookalike", "unknown-coding"],
].flat();
const TAKES_ANY_CHUNK = ["word", "sign", "0x", "minus", "overflow"].map((what) => `chunk-size-${what}`);
const SHOWS_ANY_FILE = ["dots", "encoded-dots", "encoded-slash", "twice-encoded", "backslash", "absolute", "nul"];

/** By check: somebody who makes the mistake that it finds. */
const MISTAKES: Readonly<Record<string, Mistake>> = {
  "get": canned(MISSING, /^\/ was answered with 404/),
  "status-line": canned("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", /^its status line is/),
  "line-ends": canned(answer().replaceAll("\r\n", "\n"), /ends with LF alone/),
  "fields": canned(answer("x", "X : 1"), /"X : 1" is not a field/),
  "length": canned(
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\né",
    /is 1, which is how many characters .* has 2 bytes/,
  ),
  "date": canned(answer(), /there is no Date/),
  "content-type": canned(answer(), /there is no Content-Type/),
  "host-case": laxly(/did not close/, { closes: (head) => /close/.test(head) }),
  "optional-space": laxly(/did not close/, { closes: (head) => /: close/.test(head) }),
  "optional-tab": closing(/answered with 400/, (head) => /Host: /.test(head) ? answer() : REFUSED),
  "response-splitting": closing(
    /GET \/%0d%0a\S+ made a field/,
    (head) => answer("x", `Location: ${decodeURIComponent(head.split(" ")[1] ?? "")}`),
  ),
  "head": closing(/a body came: 16 bytes/, () => answer()),
  "head-missing": closing(/a body came: 16 bytes/, () => answer()),
  "head-length": closing(/is 1, and the body of GET has 2 bytes/, (head) => answer(/^HEAD/.test(head) ? "1" : "12")),
  "missing-path": closing(/GET \/plainwire-\w+ was answered with 200/, () => answer()),
  "unknown-method": closing(SERVED, () => answer()),
  "allow": closing(/405, without Allow/, () => MISSING.replace("404", "405")),
  "close": laxly(STAYS),
  "nothing-after-close": laxly(/^it was answered$/),
  "keep-alive": once(/did not say so/),
  "http-1.0": laxly(STAYS),
  "http-1.0-keep-alive": canned(answer("x", "Connection: keep-alive"), /^the answer says keep-alive, but then/),
  "http-1.2": closing(/answered in HTTP\/1.2/, () => answer().replace("1.1", "1.2")),
  "http-2.0": closing(/answered in HTTP\/2.0/, () => answer().replace("1.1", "2.0")),
  "half-close": by(deafToHalves, /the server closed the connection/),
  "clean-end": by(resetting, /reset/),
  "byte-by-byte": once(EARLY),
  "head-in-two": once(EARLY),
  "cut-line-end": once(EARLY),
  "two-in-one": once(/did not say so/),
  "hundred-in-one": {
    serve: () => {
      let count = 0;
      return serveFaulty(lax({ reply: () => count++ === 2 ? MISSING : answer() }));
    },
    says: /answer 3 has the status 404/,
  },
  "one-and-a-half": once(/did not say so/),
  "empty-line-first": closing(/answered with 400/, (head) => /^\r/.test(head) ? REFUSED : answer()),
  "absolute-form": closing(/answered with 404/, (head) => / http:/.test(head) ? MISSING : answer()),
  "body-skipped": blind(/more answers came than requests/),
  "get-with-body": blind(/more answers came than requests/),
  "body-in-pieces": hasty(/whole it was answered with 200, in pieces with 400/),
  "body-awaited": { ...once(/half a body was answered with 200/), post: "/" },
  "body-cut-off": { ...once(/half a body was answered with 200/), post: "/" },
  "same-length-twice": blind(/was not read from its beginning/),
  "chunked": blind(/was not read from its beginning/, "by length"),
  "chunked-byte-by-byte": hasty(/whole it was answered with 200, in pieces with 400/),
  "chunk-extension": laxly(/in chunks with 400/, { refuses: /;/ }),
  "trailers": laxly(/in chunks with 400/, { refuses: /X-Note/ }),
  "expect-continue": laxly(/neither 100 Continue nor another answer/),
  "expect-http-1.0": laxly(/100 Continue came/, { interim: "HTTP/1.1 100 Continue\r\n\r\n" }),
  ...Object.fromEntries(TAKES_ANYTHING.map((name) => [name, laxly(SERVED)])),
  "folded-line": laxly(/was swallowed as a body/),
  "bare-cr": laxly(/was swallowed as a body/),
  "bare-lf": never(NOTHING),
  "nul": never(NOTHING),
  "http-0.9": laxly(STAYS),
  "length-and-chunked": laxly(BEHIND),
  "length-overflow": laxly(BEHIND),
  "chunked-http-1.0": laxly(STAYS),
  ...Object.fromEntries([...TAKES_ANY_CHUNK, "chunk-too-long"].map((name) => [name, laxly(BEHIND)])),
  "long-request-line": never(NOTHING),
  "long-field": never(NOTHING),
  "many-fields": never(NOTHING),
  "large-body": by(resetting, /reset/),
  "endless-line": never(/neither refused it nor closed/),
  "endless-head": never(/neither refused it nor closed/),
  ...Object.fromEntries(SHOWS_ANY_FILE.map((name) => [`path-${name}`, canned(SECRET, /got a file from outside/)])),
  "silent-client": serially(ALONE),
  "slow-head": serially(ALONE),
  "stalled-body": serially(ALONE),
  "slow-reader": serially(ALONE),
  "close-in-request": by(fragile, /another client was not served|not accept/, { dies: true }),
  "reset-in-request": by(oneRead(), /another client was not served|not accept/, { dies: true }),
  "leave-in-answer": by(fragile, /another client was not served|not accept/, { dies: true }),
  "twenty-clients": by(exhausted(10), /client 11 was not answered/),
  "interleaved-clients": serially(/a request that was complete was not answered/),
  "two-hundred-open": serially(/client 2 was not answered/),
  "thousand-connections": by(exhausted(100), /client \d+ was not served: the server closed/),
};

Deno.test("each check of HTTP has a name of its own, and somebody who makes its mistake", () => {
  const names = checks.map(({ name }) => name);
  assertEquals(names.toSorted(), [...new Set(names)].toSorted());
  assertEquals(names.toSorted(), Object.keys(MISTAKES).toSorted());
  assertEquals(names.filter((name) => !/^[a-z\d]+(?:[-.][a-z\d]+)*$/.test(name)), []);
});

Deno.test("http:server passes each check of HTTP", async () => {
  await using server = serve();
  for (const { name } of checks) assertEquals(await reasonOf(name, server.port, 5000, "/"), "", name);
});

for (const [name, { serve, says, post = null }] of Object.entries(MISTAKES)) {
  Deno.test(`lab:check http finds by ${name} a server that makes the mistake`, async () => {
    await using server = await serve();
    assertMatch(await reasonOf(name, server.port, 150, post), says);
  });
}

Deno.test("each remedy names one line of a file that exists", async () => {
  for (const { why, file, line } of Object.values(REMEDIES)) {
    const text = await Deno.readTextFile(new URL(`../../../../${file}`, import.meta.url));
    assertEquals(text.split(line).length - 1, 1, `${file}: ${line}`);
    assert(line !== "" && why.endsWith("."), why);
  }
  assertEquals(checks.filter(({ remedy }) => remedy === undefined), []);
});
