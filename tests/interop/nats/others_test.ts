import { assert, assertEquals } from "@std/assert";
import { newSessionKey } from "../../../chat/session_lines.ts";
import { eventsIn } from "../../support/script.ts";
import { needsPrograms } from "../support.ts";
import { Guest, serve } from "./servers.ts";
import { Broker } from "./support.ts";

const nats = await needsPrograms("nats-server");

/** How often a text has a line that matches. */
function count(text: string, line: RegExp): number {
  return text.split("\n").filter((each) => line.test(each)).length;
}

Deno.test("two servers that are asked for one name at once give it once, 50 times of 50", nats, async () => {
  await using broker = await Broker.start();
  await using one = await serve(`nats://${broker.address}`);
  await using two = await serve(`nats://${broker.address}`);
  await using ann = await Guest.connect(one);
  await using ben = await Guest.connect(two);
  for (let round = 0; round < 50; round++) {
    // Two of its keys are the same, which one is the first differs.
    const name = `ΖΟΕ${round}`;
    const outcome = (guest: Guest): Promise<RegExpMatchArray> =>
      guest.sees(new RegExp(`(you are ${name};|the name ${name} is taken)`));
    await Promise.all([ann.says(`/nick ${name}`), ben.says(`/nick ${name}`)]);
    const outcomes = (await Promise.all([outcome(ann), outcome(ben)])).map(([, found = ""]) => found.slice(0, 3));
    assertEquals(outcomes.toSorted(), ["the", "you"], `round ${round}`);
  }
});

Deno.test("/who lists the members of three servers; the operator's says which server each is on", nats, async () => {
  await using broker = await Broker.start();
  const url = `nats://${broker.address}`;
  await using one = await serve(url);
  await using two = await serve(url, ["--json"]);
  await using three = await serve(url, ["--name", "server"]);
  await three.script.until(/The name server is taken on another server of the room; you are server-3/, "stderr");
  await using alice = await Guest.join(one, "alice");
  await using bob = await Guest.join(two, "bob");
  await using carol = await Guest.join(three, "carol");
  for (const name of ["server", "alice", "server-2", "bob"]) {
    await carol.sees(new RegExp(`here with you: server-3, .*\\b${name}\\b`));
  }
  await alice.says("/who");
  const [, names = ""] = await alice.sees(/\* 6 here: (.*)/);
  assertEquals(names.split(", ").toSorted(), ["alice", "bob", "carol", "server", "server-2", "server-3"]);
  await one.script.type("/who\n");
  const [list] = await one.script.until(/NAME +SERVER\n(.+\n){6}/);
  for (const [name, { port }] of [["alice", one], ["bob", two], ["carol", three], ["server-2", two]] as const) {
    assert(new RegExp(`^${name} +127\\.0\\.0\\.1:${port}\\b`, "m").test(list), list);
  }
  await two.script.type("/who\n");
  await two.script.until(/"event":"result".*carol/);
  const members = eventsIn(two.script.stdout).find(({ event }) => event === "result")?.members as {
    name: string;
    server: string;
  }[];
  assertEquals(members.find(({ name }) => name === "carol")?.server, `127.0.0.1:${three.port}`);
  await bob.says("/who");
  await bob.sees(/6 here/);
});

Deno.test("/msg reaches a member of another server, and is confirmed or refused", nats, async () => {
  await using broker = await Broker.start();
  await using one = await serve(`nats://${broker.address}`);
  await using two = await serve(`nats://${broker.address}`);
  await using alice = await Guest.join(one, "alice");
  await using bob = await Guest.join(two, "bob");
  await alice.says("/msg bob psst");
  await bob.sees(/^alice \(to you\): psst$/m);
  await alice.sees(/sent to bob only/);
  two.script.signal("SIGSTOP");
  const asked = performance.now();
  await alice.says("/msg bob are you there?");
  await alice.sees(/did not confirm it: that may not have been sent/);
  const waited = performance.now() - asked;
  two.script.signal("SIGCONT");
  assert(waited < 4000, `${waited} ms`);
});

Deno.test("a kick reaches a member of another server, and its ban holds on all, later ones too", nats, async () => {
  await using broker = await Broker.start();
  const url = `nats://${broker.address}`;
  await using one = await serve(url);
  await using two = await serve(url);
  await using eve = await Guest.join(two, "eve");
  await one.script.type("/kick eve 5\n");
  await eve.sees(/Cannot serve you: the operator has kicked you out for 5 minutes/);
  // That very moment it tries the others.
  await using again = await Guest.connect(one);
  await again.sees(/Cannot serve you: the operator has banned you, 5 minutes left/);
  await using three = await serve(url);
  await using third = await Guest.connect(three);
  await third.sees(/Cannot serve you: the operator has banned you/);
  await three.script.type("/unban eve\n");
  await three.script.until(/eve \(127\.0\.0\.1\) is no longer banned\n/).catch(() => {});
  for (const server of [one, two, three]) {
    await using guest = await Guest.connect(server);
    await guest.sees(/here with you/);
  }
});

Deno.test(
  "a server is killed: sessions go on elsewhere, the others have left, their names are free",
  nats,
  async () => {
    await using broker = await Broker.start();
    const url = `nats://${broker.address}`;
    await using one = await serve(url);
    await using two = await serve(url);
    await using three = await serve(url);
    await using witness = await Guest.join(three, "witness");
    const key = newSessionKey();
    await using alice = await Guest.connect(one);
    await alice.says(`/session ${key}`, "/nick alice", "/line a1 hello", "/line a2 how are you?");
    await alice.sees(/\+a1 \d+\n/);
    const [, epoch = ""] = await alice.sees(/^= (\S+) \d+$/m);
    const [, place = ""] = await alice.sees(/^#(\d+) alice: hello$/m);
    await using _bob = await Guest.join(one, "bob");
    await witness.sees(/bob joined/);
    await one.script.stop("SIGKILL");
    const killed = performance.now();
    // It has its name and its place, and its lines are not said twice.
    await using back = await Guest.connect(two);
    await back.says(`/session ${key} ${epoch}-${place}`, "/line a2 how are you?", "/line a3 I am back");
    await back.sees(/\* you are alice;/);
    await back.sees(new RegExp(`^= ${epoch} ${place}\\n#\\d+ alice: how are you\\?$`, "m"));
    await witness.sees(/alice: I am back/);
    await witness.sees(/\* bob left \(server gone\)/);
    const gone = performance.now() - killed;
    assert(gone > 6000 && gone < 14_000, `gone after ${gone} ms`);
    await using heir = await Guest.join(two, "bob");
    await heir.says("now it is my name");
    await witness.sees(/bob: now it is my name/);
    assertEquals(count(witness.text, /bob left/), 1);
    assertEquals(count(witness.text, /alice left|alice joined/), 1);
    assertEquals(count(witness.text, /how are you/), 1);
    await using again = await serve(url);
    await using late = await Guest.connect(again);
    await late.sees(/here with you: .*alice/);
  },
);

Deno.test("Ctrl-C: who has no session has left at once; who has one goes on elsewhere", nats, async () => {
  await using broker = await Broker.start();
  const url = `nats://${broker.address}`;
  await using one = await serve(url);
  await using two = await serve(url);
  await using witness = await Guest.join(two, "witness");
  const key = newSessionKey();
  await using alice = await Guest.connect(one);
  await alice.says(`/session ${key}`, "/nick alice", "last words of alice");
  await using bob = await Guest.join(one, "bob");
  await bob.says("last words of bob");
  // Its connection there is still open.
  await using moved = await Guest.connect(two);
  await moved.says(`/session ${key}`);
  await moved.sees(/\* you are alice;/);
  // Until its old server has heard where it is, which takes a moment, a session that comes back there is a new one.
  await bob.says("/who");
  await bob.sees(/\d here: .*alice/);
  await using home = await Guest.connect(one);
  await home.says(`/session ${key}`, "home again");
  await home.sees(/\* you are alice;/);
  await witness.sees(/alice: home again/);
  const { code } = await one.script.stop("SIGINT");
  assertEquals(code, 0);
  await witness.sees(/bob left \(server stopped\)/);
  await using back = await Guest.connect(two);
  await back.says(`/session ${key}`, "here I am");
  await witness.sees(/alice: here I am/);
  await using name = await Guest.join(two, "bob");
  await name.says("at once");
  await witness.sees(/bob: at once/);
  for (const line of [/alice left/, /guest-\d+ joined/, /is now/]) {
    assertEquals(
      count(witness.text, line),
      0,
      witness.text,
    );
  }
});

Deno.test("a server that stands still for long has left, and is there again when it goes on", nats, async () => {
  await using broker = await Broker.start();
  const url = `nats://${broker.address}`;
  await using one = await serve(url);
  await using two = await serve(url);
  await using alice = await Guest.join(one, "alice");
  await using witness = await Guest.join(two, "witness");
  one.script.signal("SIGSTOP");
  await witness.sees(/\* alice left \(server gone\)/);
  one.script.signal("SIGCONT");
  await witness.sees(/left \(server gone\)[^]*\* alice joined/);
  await alice.says("I was asleep", "/msg witness psst");
  await witness.sees(/alice: I was asleep/);
  await witness.sees(/alice \(to you\): psst/);
  await witness.says("/who");
  await witness.sees(/\* 4 here/);
  assertEquals(count(alice.text, /witness left/), 0);
});

Deno.test("the broker is killed while names are claimed: each has one holder, nobody has left", nats, async () => {
  await using broker = await Broker.start();
  const url = `nats://${broker.address}`;
  await using one = await serve(url);
  await using two = await serve(url);
  await using witness = await Guest.join(one, "witness");
  await using stack = new AsyncDisposableStack();
  const guests: Guest[] = [];
  for (let number = 0; number < 40; number++) {
    guests.push(stack.use(await Guest.connect(number % 2 === 0 ? one : two)));
  }
  // Two want each name.
  const claims = guests.map((guest, number) => guest.says(`/nick name${number >> 1}`));
  await broker.signal("SIGKILL");
  await Promise.all(claims);
  await Promise.all(guests.map((guest) => guest.sees(/you are name|you are still guest/)));
  await using late = await Guest.connect(one);
  await late.sees(/here with you/);
  await late.says("/nick late");
  await late.sees(/names cannot be changed now: the room's other servers cannot be reached/);
  await broker.start();
  await Promise.all([one, two].map(({ script }) => script.until(/The broker \S+ is back/)));
  const settled = /you are name|the name name\d+ is taken/;
  await Promise.all(guests.map(async (guest, number) => {
    if (!settled.test(guest.text)) await guest.says(`/nick name${number >> 1}`);
    await guest.sees(settled);
  }));
  const holders = guests.filter(({ text }) => /you are name/.test(text)).map(({ text }) =>
    /you are (name\d+)/.exec(text)?.[1]
  );
  assertEquals(new Set(holders).size, holders.length);
  assertEquals(holders.length, 20);
  await witness.says("/who");
  const [, names = ""] = await witness.sees(/\* 44 here: (.*)/);
  assertEquals(new Set(names.split(", ")).size, 44);
  assertEquals(count(witness.text, / left \(/), 0);
});
