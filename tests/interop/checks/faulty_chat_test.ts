/** The checks of a room pass a room that is right, and each finds its fault. */
import { assert, assertEquals } from "@std/assert";
import { protocol } from "../../../lab/checks/chat/checks.ts";
import { failures, NAMED, runningAt } from "../../lab/checks/chat/support.ts";
import { type Fault, TinyRoom } from "../../lab/checks/chat/tiny_room.ts";

/** For each fault, the checks that find it, of those that are tried. */
const FAULTS: Readonly<Record<Fault, readonly string[]>> = {
  "a read is a line": ["split-line", "line-and-a-half", "split-characters", "several-speakers"],
  "one prefix per read": ["two-lines", "forged-line", "forged-notice"],
  "half lines are passed on": ["mixed-halves"],
  "the rest is inherited": ["half-line-inherited"],
  "no line end": ["line-ends"],
  "twice": ["everyone-once"],
  "history twice": ["newcomer"],
  "backwards": ["order"],
  "ten members": ["twenty-members"],
  "an empty line is the end": ["empty-line"],
  "two line ends": ["crlf"],
  "fatal decoder": ["invalid-utf8"],
  "latin1": ["utf8"],
  "raw controls": ["escape-sequences", "bidi-override", "lone-cr"],
  "cut at NUL": ["nul"],
  "telnet is text": ["telnet-negotiation"],
  "long lines are cut": ["long-line"],
  "no limit": ["endless-line"],
  "no names shown": ["name-shown"],
  "any name": ["name-taken", "name-case", "name-empty", "name-long", "name-controls", "name-forging"],
  "case matters": ["name-case"],
  "names stay taken": ["name-free-again"],
  "the name's read is dropped": ["join-and-line"],
  "no farewell": ["quit", "quit-crlf"],
  "farewell needs LF": ["quit-crlf"],
  "farewell anywhere": ["quit-in-sentence"],
  "farewell before the line": ["line-and-quit"],
  "the last line is lost": ["half-close"],
  "a reset ends the room": ["reset-mid-line", "many-resets", "connect-and-go"],
  "resets are not told": ["leaving-told"],
  "names one by one": ["silent-client"],
  "one writer for all": ["slow-reader"],
  "one reader for all": ["flood"],
  "a hundred connections": ["many-connections"],
};

Deno.test("a room that is right passes every check", async () => {
  await using room = new TinyRoom();
  const { failed, skipped, passed, unclear } = await failures(runningAt(room.port));
  assertEquals([failed, skipped], [{}, []]);
  assert(passed.length + unclear.length >= 40, "all of them were tried");
});

/** Those that move megabytes are tried by themselves, so that they do not disturb the others' times. */
const HEAVY: readonly string[] = ["endless-line", "slow-reader", "flood", "many-connections"];

/** Tries one check against a room of its own, since some faults end a room; returns whether it fails, if only where the machine is too busy to be sure. */
async function isFound(fault: Fault, name: string): Promise<boolean> {
  await using room = new TinyRoom(fault);
  // Where nobody is greeted, nobody waits for it.
  const dialect = { ...NAMED, greets: fault !== "names one by one" };
  const { failed, unclear } = await failures(runningAt(room.port), { dialect, only: [name], patience: 600 });
  return name in failed || unclear.includes(name);
}

Deno.test("each fault is found, and each check finds one", async () => {
  const pairs = Object.entries(FAULTS).flatMap(([fault, names]) =>
    names.map((name) => [fault as Fault, name] as const)
  );
  const missed: string[] = [];
  const attempt = async ([fault, name]: readonly [Fault, string]): Promise<void> => {
    if (!await isFound(fault, name)) missed.push(`${fault}: ${name}`);
  };
  await Promise.all(pairs.filter(([, name]) => !HEAVY.includes(name)).map(attempt));
  for (const pair of pairs.filter(([, name]) => HEAVY.includes(name))) await attempt(pair);
  assertEquals(missed, []);
  const finding = new Set(pairs.map(([, name]) => name));
  const own = protocol.checks.filter((check) => (check.skip?.(NAMED) ?? null) === null).map(({ name }) => name);
  assertEquals(own.filter((name) => !finding.has(name)), ["two-members"]);
});
