import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { atPort, run, startServer } from "../../support/script.ts";

/** A folder whose name a shell takes apart, removed afterwards. */
async function folder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "plainwire it's a " });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("two readers never share a file, however its path is written", async () => {
  await using place = await folder();
  const { path } = place;
  for (
    const [one, other, flags, ...more] of [
      ["--trace", "--capture", ["a.svg", "b/../a.svg"]],
      ["--capture", "--diagram", ["./a.svg", "a.svg"]],
      ["--trace", "--diagram", ["a.svg", "a.svg"]],
      // Where the capture goes on.
      ["--capture", "--trace", ["x.svg", "x.1.svg"], "--capture-max", "1M"],
    ] as const
  ) {
    const args = [one, `${path}/${flags[0]}`, other, `${path}/${flags[1]}`, ...more];
    const { code, stdout, stderr } = await run("udp:client", ["--port", "9", ...args]);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /^\[!\] Cannot use ".+\.svg" for both --\w+ and --\w+: each needs its own file\n$/);
    for (const flag of [one, other]) assertStringIncludes(stderr, flag);
  }
  assertEquals(Array.from(Deno.readDirSync(path)), []);
});

Deno.test("a file where the tasks may not write: the error says where they may", async () => {
  for (const flag of ["--trace", "--capture", "--diagram"]) {
    const { code, stderr } = await run("udp:client", ["--port", "9", flag, "/usr/a.svg"]);
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^\[!\] Cannot write \/usr\/a\.svg: the tasks may write only where you typed the command, and in /,
    );
  }
});

Deno.test("the notice of a capture quotes its path for the shell", async () => {
  await using place = await folder();
  await using server = await startServer("tcp:server");
  const args = [...atPort("tcp:client", server.port), "--capture", `${place.path}/a.pcapng`];
  const { code, stderr } = await run("tcp:client", args);
  assertEquals(code, 0);
  assertStringIncludes(stderr, `: wireshark '${place.path.replace("'", "'\\''")}/a.pcapng'\n`);
});
