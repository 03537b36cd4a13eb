/** chat:nats, as it is tried out; and what it leaves behind. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { within } from "../../../lib/within.ts";
import { run, RunningScript, start, taskArgs } from "../../support/script.ts";
import { needsPrograms } from "../support.ts";
import { Guest } from "./servers.ts";

const NATS = await needsPrograms("nats-server", "pgrep");

/** A folder in which the store is made, and a running chat:nats. */
async function tryOut(): Promise<{ script: RunningScript; ports: number[]; folder: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir();
  const script = start("chat:nats", [], { env: { TMPDIR: folder } });
  await script.until(/north \| \[\+\] Listening[^]*south \| \[\+\] Listening/);
  const ports = [...script.stdout.matchAll(/Listening on 127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
  const dispose = async (): Promise<void> => {
    await script[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  };
  return { script, ports, folder, [Symbol.asyncDispose]: dispose };
}

/** Waits until no process names the folder and nothing is in it. */
async function leavesNothing(folder: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const running = await new Deno.Command("pgrep", { args: ["-f", folder] }).output();
    if (!running.success && [...Deno.readDirSync(folder)].length === 0) return;
    await within(new Promise(() => {}), 100);
  }
  throw new Error("a process or a folder is left");
}

Deno.test("chat:nats: two servers, one room; Ctrl-C leaves no process and no folder behind", NATS, async () => {
  await using tried = await tryOut();
  const [north = 0, south = 0] = tried.ports;
  await using alice = await Guest.join({ port: north }, "alice");
  await using bob = await Guest.join({ port: south }, "bob");
  await alice.says("hello, south");
  await bob.sees(/^alice: hello, south$/m);
  const [, third = ""] = await tried.script.until(/^ {2}deno task chat:server (.*)$/m);
  await using east = start("chat:server", ["--bind", "127.0.0.1", ...third.split(" ")]);
  await east.until(/Listening/);
  const { code, stdout } = await tried.script.stop();
  assertEquals(code, 0);
  assertMatch(stdout, /\[\+\] Done: 2 connections served\n$/);
  await leavesNothing(tried.folder);
});

Deno.test("chat:nats leaves nothing behind when it is killed, and ends when its nats-server does", NATS, async () => {
  {
    await using tried = await tryOut();
    await tried.script.stop("SIGKILL");
    await leavesNothing(tried.folder);
  }
  await using tried = await tryOut();
  const { stdout } = await new Deno.Command("pgrep", { args: ["-f", `^nats-server .*${tried.folder}`] }).output();
  Deno.kill(Number(new TextDecoder().decode(stdout)), "SIGKILL");
  const { code, stderr } = await tried.script.ended();
  assertEquals(code, 1);
  assertMatch(stderr, /^\[!\] Cannot go on: nats-server ended with code 137/m);
  await leavesNothing(tried.folder);
});

Deno.test("chat:nats without nats-server says how to get it; --port N has a second port", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const sh = (await new Deno.Command("sh", { args: ["-c", "command -v sh"] }).output()).stdout;
    await Deno.symlink(new TextDecoder().decode(sh).trim(), `${folder}/sh`);
    const { code, stdout, stderr } = await run("chat:nats", [], { env: { PATH: folder } });
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, "[!] Cannot start nats-server: it is not installed; `apt-get install nats-server`");
    assert(taskArgs("chat:nats").includes("--allow-run=sh"));
    const last = await run("chat:nats", ["--port", "65535"]);
    assertEquals([last.code, last.stderr], [
      2,
      "[!] Cannot use --port 65535: the second server needs the port after it\n",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
