/** `deno task bench` end to end: a short measurement, and Ctrl-C. */
import { assert, assertEquals } from "@std/assert";
import { run, start } from "../support/script.ts";
import { needsPrograms } from "./support.ts";

const PROGRAMS = await needsPrograms("gcc", "node");

Deno.test("bench measures ours and the others, and tells each measurement as JSON", PROGRAMS, async () => {
  const { code, stdout, stderr } = await run("bench", ["udp", "--seconds", "0.1", "--rounds", "1", "--json"]);
  assertEquals([code, stderr], [0, ""], stdout);
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const measured = events.filter(({ event }) => event === "measured");
  for (const server of ["plainwire", "Node dgram", "bare Deno.listenDatagram", "C recvfrom"]) {
    const [one, many] = measured.filter((measurement) => measurement.server === server);
    assertEquals([one.case, many.case, one.round], ["window 1", "window 32", 1]);
    for (const { figures } of [one, many]) {
      assert(figures.rate > 100 && figures.p50 > 0 && figures.p99 >= figures.p50, JSON.stringify(figures));
    }
  }
});

/** What a shell command prints. */
async function shell(command: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", command], stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}

/** The fields of `/proc/PID/stat` of all processes: the process, its parent, its group. */
async function processes(): Promise<{ pid: number; parent: number; group: number }[]> {
  return (await shell("cat /proc/[0-9]*/stat")).trim().split("\n").map((line) => {
    const [parent = 0, group = 0] = line.slice(line.lastIndexOf(")") + 4).split(" ").map(Number);
    return { pid: parseInt(line), parent, group };
  });
}

for (const [signal, code] of [["SIGINT", 130], ["SIGKILL", 137]] as const) {
  Deno.test(`a benchmark that ends by ${signal} leaves no server behind`, PROGRAMS, async () => {
    await using bench = start("bench", ["udp", "--seconds", "0.3", "--rounds", "99", "--json"]);
    // The second server is measured, so both are running.
    await bench.until(/Node dgram/);
    const started = (await processes()).filter(({ parent, pid, group }) => parent === bench.pid && pid === group);
    assert(started.length >= 2, "servers lead groups of their own");
    const [folder = ""] = /\/tmp\/plainwire-bench-\w+/.exec(await shell(`cat /proc/${started[0]?.pid}/cmdline`)) ?? [];
    assertEquals((await bench.stop(signal)).code, code);
    const groups = new Set(started.map(({ group }) => group));
    const left = async (): Promise<number> => (await processes()).filter(({ group }) => groups.has(group)).length;
    // Nobody waits for what a killed one has started.
    for (const limit = Date.now() + 5000; await left() > 0;) assert(Date.now() < limit, "servers are left");
    // Nor removes its files.
    assertEquals(
      await Deno.remove(folder, { recursive: true }).then(() => "there", () => "gone"),
      signal === "SIGINT" ? "gone" : "there",
    );
  });
}
