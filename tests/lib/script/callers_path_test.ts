/** Paths in flags mean the caller's folder, however the script was started. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { RunningScript } from "../../support/script.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** A folder with a file, and in it another one. */
async function makeFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "plainwire test " }));
  await Deno.mkdir(`${path}/inner`);
  await Deno.writeTextFile(`${path}/inner/here.txt`, "from the caller's folder\n");
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Starts `deno` in a folder, as a shell there would: `deno task` leaves an INIT_CWD alone that is already set, as it is by the task `test`. */
function startIn(
  cwd: string,
  args: readonly string[],
  options: { initCwd?: string; stdin?: boolean } = {},
): RunningScript {
  const { INIT_CWD: _, ...inherited } = Deno.env.toObject();
  const { initCwd, stdin = false } = options;
  const process = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    clearEnv: true,
    env: {
      ...inherited,
      NO_COLOR: "1",
      XDG_CONFIG_HOME: cwd,
      APPDATA: cwd,
      ...(initCwd === undefined ? {} : { INIT_CWD: initCwd }),
    },
    stdin: stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return new RunningScript(process, stdin, "SIGTERM");
}

/** What `http:server --dir …` serves at `/here.txt`. */
async function served(script: RunningScript): Promise<string> {
  const [, port] = await script.until(/Listening on \S+:(\d+)/);
  const response = await fetch(`http://127.0.0.1:${port}/here.txt`);
  return await response.text();
}

Deno.test("under deno task, a path in a flag starts at the caller's folder", async () => {
  await using folder = await makeFolder();
  const task = ["task", "-q", "--config", `${ROOT}deno.json`, "http:server", "--port", "0", "--dir"];
  for (
    const [cwd, dir] of [[`${folder.path}/inner`, "."], [folder.path, "inner"], ["/", `${folder.path}/inner`]] as const
  ) {
    await using script = startIn(cwd, [...task, dir]);
    assertEquals(await served(script), "from the caller's folder\n");
  }
});

Deno.test("under deno task in the root folder, a path has one slash", async () => {
  const task = ["task", "-q", "--config", `${ROOT}deno.json`, "tcp:server", "--tls", "--cert", "no/such.pem"];
  await using script = startIn("/", task);
  assertStringIncludes((await script.ended()).stderr, "[!] Cannot read --cert /no/such.pem: ");
});

Deno.test("without deno task, it starts at the current folder, whatever INIT_CWD says", async () => {
  await using folder = await makeFolder();
  const run = ["run", "--no-prompt", "-A", `${ROOT}http/server.ts`, "--port", "0", "--dir", "inner"];
  await using script = startIn(folder.path, run, { initCwd: "/nowhere" });
  assertEquals(await served(script), "from the caller's folder\n");
});

Deno.test("a certificate is read from the caller's folder, and tls:cert writes to it", async () => {
  await using folder = await makeFolder();
  const task = ["task", "-q", "--config", `${ROOT}deno.json`];
  await using maker = startIn(folder.path, [...task, "tls:cert", "--out", "made", "localhost"]);
  assertEquals((await maker.ended()).code, 0);
  assertEquals((await Deno.stat(`${folder.path}/made/localhost.pem`)).isFile, true);
  const files = ["--cert", "made/localhost.pem", "--key", "made/localhost-key.pem"];
  await using server = startIn(folder.path, [...task, "tcp:server", "--port", "0", "--tls", ...files]);
  await server.until(/Listening on \S+ \(TLS\)/);
});

Deno.test("the chat's /save writes to the caller's folder", async () => {
  await using folder = await makeFolder();
  const args = ["task", "-q", "--config", `${ROOT}deno.json`, "chat:server", "--port", "0", "--bind", "127.0.0.1"];
  await using script = startIn(folder.path, args, { stdin: true });
  await script.until(/Listening on/);
  await script.type("a line to keep\n/save kept.txt\n");
  await script.until(/kept\.txt/);
  assertStringIncludes(await Deno.readTextFile(`${folder.path}/kept.txt`), "a line to keep");
});
