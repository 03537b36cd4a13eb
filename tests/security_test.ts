/** The tables of `SECURITY.md`: the permissions are those of `deno.json`, the addresses those of the scripts, and each test exists. */
import { assert, assertEquals } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { commandOf, type Tasks } from "../lab/tasks.ts";
import type { FlagTable } from "../lib/script/flags.ts";
import { sourceOf } from "./support/modules.ts";
import { rowsOf } from "./support/tables.ts";

const page = await sourceOf("SECURITY.md");
const tasks: Tasks = config.tasks;

/** The tasks that run a script, and their commands. */
const running = new Map(
  Object.keys(tasks).map((name) => [name, commandOf(tasks, name)] as const)
    .filter(([name, command]) => /^(\w+=\S+ )*deno (run|test) /.test(command) && !name.startsWith("run:")),
);

/** Whether a task builds on another. */
function buildsOn(name: string, base: string): boolean {
  const [, next] = /^deno task -q (\S+) /.exec(tasks[name]?.command ?? "") ?? [];
  return next !== undefined && (next === base || buildsOn(next, base));
}

/** The names in code marks in a cell of a table. */
function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

/** The tasks that a name in a table stands for: itself, those that match it, or those that build on it. */
function tasksOf(name: string): string[] {
  if (name.startsWith("run:")) return [...running.keys()].filter((task) => buildsOn(task, name));
  if (!name.includes("*")) return [name];
  const pattern = new RegExp(`^${name.replaceAll("*", "[\\w-]+")}$`);
  return [...running.keys()].filter((task) => pattern.test(task));
}

Deno.test("SECURITY.md gives a reason for each permission of each task, and for no other", () => {
  const told = new Set<string>();
  for (const [permission = "", names = "", why = ""] of rowsOf(page, "permission")) {
    const [flag = ""] = namesIn(permission);
    assert(why !== "", `SECURITY.md gives no reason for ${flag}`);
    for (const task of namesIn(names).flatMap(tasksOf)) {
      const pair = `${task} ${flag}`;
      assert(!told.has(pair), `SECURITY.md has ${flag} twice for ${task}`);
      told.add(pair);
    }
  }
  const granted = new Set<string>();
  for (const [task, command] of running) {
    for (const [flag] of command.matchAll(/--(?:allow|deny)-[\w-]+(?:=(?:"[^"]*"|\S+))?|\s-A\b/g)) {
      granted.add(`${task} ${flag}`);
    }
  }
  for (const pair of granted) assert(told.has(pair), `SECURITY.md has no row for: ${pair}`);
  for (const pair of told) {
    assert(granted.has(pair), `SECURITY.md has a row for what deno.json does not grant: ${pair}`);
  }
});

/** Where a script listens unless told otherwise; `null` if it does not. */
async function defaultOf(file: string): Promise<string | null> {
  if (file.includes("/basic_")) {
    return /Deno\.listen(?:Datagram)?\(\{ hostname: "([^"]+)"/.exec(await sourceOf(file))?.[1] ?? null;
  }
  if (file === "lab/relay.ts") {
    const { parseListen } = await import("../lab/relay/address.ts");
    return parseListen("udp:9000").hostname;
  }
  const { script } = await import(new URL(`../${file}`, import.meta.url).href) as { script: { flags: FlagTable } };
  return script.flags["bind"]?.read([]) as string | undefined ?? null;
}

Deno.test("SECURITY.md says where each script listens", async () => {
  const told = new Map<string, string>();
  for (const [names = "", address = ""] of rowsOf(page, "listens on, unless told otherwise")) {
    for (const task of namesIn(names).flatMap(tasksOf)) told.set(task, address);
  }
  for (const [task, command] of running) {
    const file = command.split(" ").at(-1) ?? "";
    if (!/^(tcp|udp|http|chat|sum)\/|^lab\/relay|^lab\/wire_replay/.test(file) || task === "chat:nats") continue;
    const address = await defaultOf(file);
    const said = told.get(task);
    // A row for all basic programs stands for their clients too.
    if (address === null) assert(said === undefined || task.includes(":basic-"), `${task} does not listen`);
    else assertEquals(said, address, `SECURITY.md says ${said} for ${task}, which listens on ${address}`);
  }
  for (const task of told.keys()) assert(running.has(task), `SECURITY.md says where ${task} listens, which is no task`);
});

Deno.test("each test that SECURITY.md names exists", async () => {
  const rows = rowsOf(page, "attempt");
  assert(rows.length > 15);
  for (const [attempt = "", , tests = ""] of rows) {
    const links = [...tests.matchAll(/\[([^\]]+)\]\(([^()]+)\)/g)];
    assert(links.length > 0, `SECURITY.md names no test for: ${attempt}`);
    for (const [, name = "", path = ""] of links) {
      const source = await sourceOf(path).catch(() => null);
      assert(source !== null, `SECURITY.md links to ${path}, which does not exist`);
      const found = [...source.matchAll(/Deno\.test\(\s*(["`])(.*)\1/g)].some(([, , text]) => text === name);
      assert(found, `${path} has no test "${name}", which SECURITY.md names`);
    }
  }
});
