import { assertEquals, assertRejects } from "@std/assert";
import { Exit, Failure } from "../../../lib/errors.ts";
import { type Delay, LATE } from "../../../lab/checks/own_delay.ts";
import { fakeCheck, FakeServer, late, resultsOf } from "./support.ts";

const outcomes = (results: Awaited<ReturnType<typeof resultsOf>>): string[] =>
  results.map(({ check, outcome, reason }) => `${check.name} ${outcome}${reason === "" ? "" : `: ${reason}`}`);

Deno.test("runChecks() tells a check that passes from one that fails, breaks off, or cannot be tried", async () => {
  const results = await resultsOf([
    fakeCheck("passes"),
    fakeCheck("fails", { run: (trial) => trial.fail("nothing came") }),
    fakeCheck("breaks", { run: () => Promise.reject(new TypeError("x is undefined")) }),
    fakeCheck("skips", { skip: () => "no echo" }),
    fakeCheck("gives-up", { run: (trial) => trial.skip("too few files") }),
  ], new FakeServer());
  assertEquals(outcomes(results), [
    "passes passed",
    "fails failed: nothing came",
    "breaks failed: the check itself broke off: TypeError: x is undefined",
    "skips skipped: no echo",
    "gives-up skipped: too few files",
  ]);
});

Deno.test("runChecks() ends a check that never ends, closes what it had open, and goes on", async () => {
  let closed = false;
  const hangs = fakeCheck("hangs", {
    limit: 20,
    run: (trial) => {
      trial.own({ [Symbol.dispose]: () => void (closed = true) });
      return new Promise(() => {});
    },
  });
  const results = await resultsOf([hangs, fakeCheck("next")], new FakeServer());
  assertEquals(outcomes(results), ["hangs failed: the check was not over after 0.02 s", "next passed"]);
  assertEquals(closed, true);
});

Deno.test("runChecks() tries a failed check again where it was late itself, and then says nothing of the server", async () => {
  const fails = fakeCheck("one", { run: (trial) => trial.fail("nothing came") });
  const outcomesOf = async (...delays: number[]): Promise<string> => {
    let tries = 0;
    const measure = (): Delay => late(delays[tries++] ?? 0);
    const [outcome = ""] = outcomes(await resultsOf([fails], new FakeServer(), { measure }));
    return `${tries}: ${outcome}`;
  };
  assertEquals(await outcomesOf(LATE - 1), "1: one failed: nothing came");
  assertEquals(await outcomesOf(LATE, 0), "2: one failed: nothing came");
  assertEquals(
    await outcomesOf(400, 400, 400),
    "3: one skipped: this machine is too busy to tell: lab:check itself was 0.4 s late (nothing came)",
  );
});

Deno.test("runChecks() does not try a check again that ended the server", async () => {
  const server = new FakeServer({ restart: true });
  let tries = 0;
  const kills = fakeCheck("kills", {
    run: () => {
      tries++;
      server.up = false;
      return Promise.resolve();
    },
  });
  const results = await resultsOf([kills], server, { measure: () => late(LATE) });
  assertEquals(outcomes(results), ["kills failed: the server has exited with code 7"]);
  assertEquals(tries, 1);
});

Deno.test("runChecks() fails a check after which the server is gone, and skips what follows", async () => {
  const server = new FakeServer();
  const kills = fakeCheck("kills", { run: () => Promise.resolve(void (server.up = false)) });
  const results = await resultsOf([fakeCheck("first"), kills, fakeCheck("next")], server);
  assertEquals(outcomes(results), [
    "first passed",
    "kills failed: the server has exited with code 7",
    "next skipped: the server is gone since check 2, kills",
  ]);
  assertEquals(results[1]?.lastWords, "last words");
});

Deno.test("runChecks() gives the server the time that the check says to recover from it", async () => {
  const server = new FakeServer();
  const checks = [fakeCheck("one"), fakeCheck("crowd", { recovery: 5000 })];
  const given: number[] = [];
  const alive = ({ patience }: { patience: number }): Promise<void> => Promise.resolve(void given.push(patience));
  await resultsOf(checks, server, { patience: 50, protocol: { ...server.protocol(checks), alive } });
  assertEquals(given, [50, 5000]);
});

Deno.test("runChecks() starts the server again where it can, and stops asking where that fails", async () => {
  const server = new FakeServer({ restart: true });
  const kills = fakeCheck("kills", {
    run: (trial) => {
      server.up = false;
      return trial.fail("no answer");
    },
  });
  assertEquals(outcomes(await resultsOf([kills, fakeCheck("next")], server)), [
    "kills failed: no answer; the server has exited with code 7",
    "next passed",
  ]);
  server.restart = () => Promise.reject(new Failure(Exit.failed, "Cannot start it"));
  const [, next] = outcomes(await resultsOf([kills, fakeCheck("next")], server));
  assertEquals(next, "next skipped: the server is gone since check 1, kills");
});

Deno.test("runChecks() lets a check that may do so end its server, if with exit code 0; it may serve for a moment more", async () => {
  const server = new FakeServer({ restart: true });
  let stopping = false;
  let code = 0;
  server.ending = () => {
    if (stopping) server.up = stopping = false;
    return Promise.resolve(server.up ? null : `the server has exited with code ${code}`);
  };
  Object.assign(server, { endedWell: () => code === 0 });
  const run = (): Promise<void> => Promise.resolve(void (stopping = true));
  const checks = [fakeCheck("stops", { mayEnd: true, run }), fakeCheck("next")];
  assertEquals(outcomes(await resultsOf(checks, server)), ["stops passed", "next passed"]);
  code = 1;
  assertEquals(outcomes(await resultsOf(checks, server)), [
    "stops failed: the server has exited with code 1",
    "next passed",
  ]);
});

Deno.test("runChecks() ends at once when its signal aborts, also within a check", async () => {
  const stop = new AbortController();
  const check = fakeCheck("long", { run: (trial) => (stop.abort(new Error("Ctrl-C")), trial.pause(60_000)) });
  await assertRejects(() => resultsOf([check], new FakeServer(), { signal: stop.signal }), Error, "Ctrl-C");
});

Deno.test("runChecks() draws a check's chance from the seed and the check's name, and from nothing else", async () => {
  const drawn: number[] = [];
  const draws = (name: string): ReturnType<typeof fakeCheck> =>
    fakeCheck(name, { run: (trial) => Promise.resolve(void drawn.push(trial.random())) });
  await resultsOf([draws("split"), draws("merge")], new FakeServer(), { seed: 7 });
  await resultsOf([draws("split")], new FakeServer(), { seed: 8 });
  await resultsOf([draws("merge")], new FakeServer(), { seed: 7 });
  assertEquals(new Set(drawn.slice(0, 3)).size, 3);
  assertEquals(drawn[3], drawn[1]);
});
