/** The textbook's HTTP server fails what it admits in its comments, and nothing else. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { protocol } from "../../../lab/checks/http/checks.ts";
import { runChecks } from "../../../lab/checks/runner.ts";
import { StartedServer } from "../../../lab/checks/started_server.ts";
import { acceptingOf } from "../../../lab/checks/target.ts";
import { taskArgs } from "../../support/script.ts";

const ROOT = new URL("../../../", import.meta.url);
/** Longer than any answer takes, and short, because one client at a time is a wait that the test has to sit out. */
const PATIENCE = 1000;

/** What the server's comments say, and the checks that find it. */
const ADMITTED: Readonly<Record<string, readonly string[]>> = {
  "no Date": ["date"],
  "HEAD": ["head", "head-missing"],
  "/missing": ["missing-path"],
  "POST": ["unknown-method", "two-lengths", "length-plus", "length-minus", "length-hex", "length-and-words"],
  "Nobody looks at the request": [
    ...["no-host", "two-hosts", "host-space", "host-path", "host-user", "space-before-colon", "no-colon", "field-name"],
    ...["version-case", "version-nonsense", "space-in-target", "control-in-target", "no-path", "length-empty"],
    ...["chunked-not-last", "coding-lookalike", "unknown-coding"],
  ],
  "plain nonsense": ["nonsense", "binary-nonsense"],
  "One read is not one request": ["byte-by-byte", "head-in-two", "cut-line-end", "body-awaited", "body-cut-off"],
  "One client at a time": ["silent-client", "slow-head", "interleaved-clients"],
  "a client that resets here ends the server": ["reset-in-request"],
};
/** What shows only sometimes: whether the answer or the reset is seen first, and whether the client has been accepted when it resets. */
const SOMETIMES: Readonly<Record<string, readonly string[]>> = {
  "the page may be lost": [
    "large-body",
    "clean-end",
    "long-request-line",
    "long-field",
    "many-fields",
    "hundred-in-one",
  ],
  "a client that resets here ends the server": ["leave-in-answer", "endless-line", "endless-head"],
};

Deno.test("http:basic-server fails the checks that its comments admit, and no others", async () => {
  const signal = AbortSignal.timeout(60_000);
  await using server = await StartedServer.start({
    command: ["deno", ...taskArgs("http:basic-server"), "$PORT"].join(" ").replace("deno", Deno.execPath()),
    folder: ROOT.pathname,
    transport: "tcp",
    ready: (endpoint) => acceptingOf([endpoint], 500, signal).then(() => true, () => false),
    signal,
  });
  const dialect = { path: "/", host: null, post: "/" };
  const failed: string[] = [];
  const { checks } = protocol;
  for await (const result of runChecks({ protocol, dialect, checks, server, patience: PATIENCE, seed: 1, signal })) {
    if (result.outcome === "failed") failed.push(result.check.name);
  }
  const sometimes = new Set(Object.values(SOMETIMES).flat());
  const certain = failed.filter((name) => !sometimes.has(name));
  assertEquals(certain.toSorted(), Object.values(ADMITTED).flat().toSorted());
});

Deno.test("http:basic-server admits in its comments what it fails", async () => {
  const text = await Deno.readTextFile(new URL("http/basic_server.ts", ROOT));
  const comments = text.split("\n").filter((line) => line.trimStart().startsWith("//")).join("\n");
  for (const words of Object.keys({ ...ADMITTED, ...SOMETIMES })) assertStringIncludes(comments, words);
});
