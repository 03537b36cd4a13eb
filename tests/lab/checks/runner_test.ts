import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Exit, Failure } from "../../../lib/errors.ts";
import type { Check } from "../../../lab/checks/check.ts";
import { LATE } from "../../../lab/checks/own_delay.ts";
import { fakeCheck, FakeServer, resultsOf } from "./support.ts";

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

/** Keeps this program from running without working, as a busy machine does. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Lets it work itself. */
function work(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

Deno.test("runChecks() tries a failed check again where it was late itself, and then says nothing of the server", async () => {
  let tries = 0;
  const failing = (before: (tries: number) => void): Partial<Check<unknown>> => ({
    run: async (trial) => {
      await trial.pause(1);
      before(++tries);
      trial.fail("nothing came");
    },
  });
  const outcomesOf = async (check: Partial<Check<unknown>>): Promise<string> => {
    tries = 0;
    const [outcome = ""] = outcomes(await resultsOf([fakeCheck("one", check)], new FakeServer()));
    return `${tries}: ${outcome}`;
  };
  assertEquals(await outcomesOf(failing(() => {})), "1: one failed: nothing came");
  assertEquals(await outcomesOf(failing((number) => number === 1 && block(LATE + 50))), "2: one failed: nothing came");
  assertEquals(await outcomesOf(failing(() => work(LATE + 50))), "1: one failed: nothing came");
  assertMatch(
    await outcomesOf(failing(() => block(LATE + 50))),
    /^3: one skipped: this machine is too busy to tell: lab:check itself was 0\.\d s late \(nothing came\)$/,
  );
});

Deno.test("runChecks() does not try a check again that ended the server", async () => {
  const server = new FakeServer({ restart: true });
  let tries = 0;
  const kills = fakeCheck("kills", {
    run: () => {
      tries++;
      block(LATE + 50);
      server.up = false;
      return Promise.resolve();
    },
  });
  assertEquals(outcomes(await resultsOf([kills], server)), ["kills failed: the server has exited with code 7"]);
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
