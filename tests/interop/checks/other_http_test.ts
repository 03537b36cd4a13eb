/** Servers of other make, checked. What they fail are faults of theirs by the RFC: each list was read, and no right server fails. */
import { assertEquals } from "@std/assert";
import type { Endpoint } from "../../../lib/addr.ts";
import { protocol } from "../../../lab/checks/http/checks.ts";
import { runChecks } from "../../../lab/checks/runner.ts";
import { acceptingOf } from "../../../lab/checks/target.ts";
import type { RunningScript } from "../../support/script.ts";
import { launch, needsPrograms } from "../support.ts";

const PATIENCE = 2000;

/** The names of the checks that a server fails, without those of which it fails some only sometimes. */
async function failures(port: number, { post = null, sometimes = [] }: Options = {}): Promise<string[]> {
  const endpoint: Endpoint = { hostname: "127.0.0.1", port };
  const server = {
    endpoint,
    output: null,
    ending: () => Promise.resolve(null),
    lastWords: () => "",
    restart: null,
  };
  const failed: string[] = [];
  const dialect = { path: "/", host: null, post };
  const { signal } = new AbortController();
  const { checks } = protocol;
  for await (const result of runChecks({ protocol, dialect, checks, server, patience: PATIENCE, seed: 1, signal })) {
    if (result.outcome === "failed" && !sometimes.includes(result.check.name)) failed.push(result.check.name);
  }
  return failed.toSorted();
}

interface Options {
  readonly post?: string | null;
  readonly sometimes?: readonly string[];
}

/** Neither looks at Host, nor at the length of what it does not read. */
const PYTHON = [
  ...["absolute-form", "control-in-target", "empty-line-first", "field-name", "no-colon", "space-before-colon"],
  ...["host-path", "host-space", "host-user", "no-host", "two-hosts"],
  ...["length-and-words", "length-empty", "length-hex", "length-minus", "length-plus", "two-lengths"],
  ...["chunked-not-last", "coding-lookalike", "unknown-coding"],
];
/** It closes with the body unread. */
const LOSES_ANSWERS = { sometimes: ["large-body"] };

Deno.test("lab:check http finds the faults of python3 -m http.server", await needsPrograms("python3"), async () => {
  await using server = launch("python3", ["-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", "textbook"]);
  const [, port] = await server.until(/port (\d+)/);
  assertEquals(await failures(Number(port), LOSES_ANSWERS), PYTHON.toSorted());
});

const SERIAL = `
from http.server import HTTPServer, SimpleHTTPRequestHandler
server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
print("port", server.server_port)
server.serve_forever()
`;

Deno.test(
  "lab:check http finds that Python's HTTPServer serves one at a time",
  await needsPrograms("python3"),
  async () => {
    await using server = launch("python3", ["-c", SERIAL]);
    const [, port] = await server.until(/port (\d+)/);
    const serial = ["interleaved-clients", "silent-client", "slow-head"];
    assertEquals(await failures(Number(port), LOSES_ANSWERS), [...PYTHON, ...serial].toSorted());
  },
);

/** The application's part of HTTP, done; what is left is the library's. */
const NODE = `
const { createServer } = require("node:http");
createServer((request, response) => {
  const { method } = request;
  const pathname = request.url.startsWith("/") ? request.url.split("?")[0] : new URL(request.url).pathname;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  if (method === "POST" && pathname === "/post") return request.pipe(response);
  if (pathname !== "/") response.statusCode = 404;
  else if (method !== "GET" && method !== "HEAD") response.writeHead(405, { Allow: "GET, HEAD" });
  response.end("héllo\\n");
}).listen(0, "127.0.0.1", function () { console.log("port", this.address().port); });
`;

Deno.test("lab:check http finds the faults of node:http", await needsPrograms("node"), async () => {
  await using server = launch("node", ["-e", NODE]);
  const [, port] = await server.until(/port (\d+)/);
  assertEquals(await failures(Number(port), { post: "/post" }), [
    "host-path",
    "host-space",
    "host-user",
    "http-1.2",
    "two-hosts",
    "unknown-coding",
  ]);
});

Deno.test("lab:check http finds the faults of Deno.serve", async () => {
  const handle = async (request: Request): Promise<Response> => {
    const { method } = request;
    const { pathname } = new URL(request.url);
    if (method === "POST" && pathname === "/post") return new Response(await request.text());
    if (pathname !== "/") return new Response("nothing", { status: 404 });
    if (method === "GET" || method === "HEAD") return new Response("héllo");
    return new Response(null, { status: 405, headers: { Allow: "GET, HEAD" } });
  };
  // A client that leaves makes the handler fail, which would be printed.
  const onError = (): Response => new Response(null, { status: 500 });
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {}, onError }, handle);
  assertEquals(await failures(server.addr.port, { post: "/post" }), [
    "expect-http-1.0",
    "host-user",
    "http-1.2",
    "no-host",
    "unknown-coding",
  ]);
});

/** Everything that nginx writes goes into one folder. */
const nginx = (folder: string, port: number): string => `
daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/errors;
events {}
http {
  access_log off; types { text/html html; }
  ${
  ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ")
}
  server { listen 127.0.0.1:${port}; root ${folder}; }
}
`;

Deno.test("lab:check http finds the faults of nginx", await needsPrograms("nginx"), async () => {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  await Deno.writeTextFile(`${folder}/index.html`, "<p>héllo\n");
  await Deno.writeTextFile(`${folder}/conf`, nginx(folder, port));
  try {
    await using server = launch("nginx", ["-c", `${folder}/conf`, "-e", `${folder}/errors`]);
    await accepting(server, port);
    // The order of its own is: no Allow in 405; a tab before a value is a part of it.
    assertEquals(await failures(port), ["allow", "field-name", "host-user", "no-colon", "optional-tab"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits until a program that says nothing accepts. */
async function accepting(server: RunningScript, port: number): Promise<void> {
  const signal = AbortSignal.timeout(5000);
  while (!await acceptingOf([{ hostname: "127.0.0.1", port }], 500, signal).then(() => true, () => false)) {
    if (signal.aborted) throw new Error(`It does not accept:\n${server.stderr}`);
  }
}
