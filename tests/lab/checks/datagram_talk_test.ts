import { assert, assertEquals, assertRejects } from "@std/assert";
import { CheckSkipped } from "../../../lab/checks/check.ts";
import { Trial } from "../../../lab/checks/trial.ts";
import { RawPeer } from "../../support/sockets.ts";
import { turn } from "../../support/time.ts";

/** A trial of a server at this port. */
function trialOf(port: number): Trial<null> {
  const server = { hostname: "127.0.0.1", port };
  return new Trial({ server, dialect: null, patience: 5000, random: () => 0, signal: AbortSignal.any([]) });
}

Deno.test("DatagramTalk.ask() asks again until an answer comes, and keeps who else has sent", async () => {
  using server = new RawPeer();
  using other = new RawPeer();
  using trial = trialOf(server.port);
  const talk = await trial.openDatagram();
  const answer = talk.ask("hello", 600);
  await server.receive();
  // The first is left unanswered, as if it were lost.
  const { text, port } = await server.receive();
  await server.send(`${text}!`, port);
  assertEquals(new TextDecoder().decode(await answer ?? new Uint8Array()), "hello!");
  assertEquals(talk.strangers, []);
  await other.send("psst", port);
  assert(await talk.untilCount(2, 5000));
  assertEquals(talk.strangers.map(({ port }) => port), [other.port]);
  assertEquals(trial.steps.list.map(({ kind }) => kind), ["send", "silence", "send", "receive", "receive"]);
  await turn();
});

Deno.test("DatagramTalk.ask() does not wait where nobody listens", async () => {
  const free = new RawPeer();
  const { port } = free;
  free.close();
  using trial = trialOf(port);
  const began = performance.now();
  assertEquals(await (await trial.openDatagram()).ask("hello", 30_000), null);
  assert(performance.now() - began < 10_000);
  assertEquals(trial.steps.list.at(-1)?.kind, "refused");
  await turn();
});

Deno.test("DatagramTalk.send() skips the check where the system sends no such datagram; after close() nothing waits", async () => {
  using server = new RawPeer();
  using trial = trialOf(server.port);
  const talk = await trial.openDatagram();
  await assertRejects(() => talk.send(new Uint8Array(65_508)), CheckSkipped, "no datagram of 65,508 bytes");
  const waiting = talk.untilCount(1, 30_000);
  talk.close();
  assertEquals(await waiting, false);
  await turn();
});
