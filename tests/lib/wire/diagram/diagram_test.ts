import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { Failure, UsageError } from "../../../../lib/errors.ts";
import { openDiagram } from "../../../../lib/wire/diagram/diagram.ts";
import { hello } from "./samples.ts";

const [EVENTS = []] = hello();
const options = (trouble: string[] = []) => ({
  title: "tcp:client",
  role: "client" as const,
  onTrouble: (message: string) => trouble.push(message),
});

/** A folder of its own, removed afterwards. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "plainwire-test-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openDiagram() opens the file at once, and draws at the end", async () => {
  await inFolder(async (folder) => {
    for (const [name, pattern] of [["a.svg", /^<svg /], ["a.html", /^<!doctype html>/]] as const) {
      const path = `${folder}/${name}`;
      const reader = openDiagram(path, options());
      assertEquals(await Deno.readTextFile(path), "");
      for (const event of EVENTS) reader.event(event, []);
      await reader.end?.();
      const picture = await Deno.readTextFile(path);
      assertMatch(picture, pattern);
      assertStringIncludes(picture, "Hello from server!");
    }
  });
});

Deno.test("openDiagram() keeps an older picture until the end, and leaves none of it", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.svg`;
    await Deno.writeTextFile(path, "older".repeat(10_000));
    const reader = openDiagram(path, options());
    assertEquals((await Deno.readTextFile(path)).length, 50_000);
    await reader.end?.();
    assertMatch(await Deno.readTextFile(path), /^<svg [^]*<\/svg>\n$/);
  });
});

Deno.test({
  name: "openDiagram() makes a file that only its owner can read",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await openDiagram(`${folder}/a.svg`, options()).end?.();
      assertEquals((await Deno.stat(`${folder}/a.svg`)).mode ?? 0, 0o100600);
    }),
});

Deno.test("openDiagram() refuses another ending, and a path that cannot be written", async () => {
  await inFolder((folder) => {
    assertThrows(() => openDiagram(`${folder}/a.png`, options()), UsageError, "its name must end in .svg or .html");
    assertThrows(
      () => openDiagram(`${folder}/none/a.svg`, options()),
      Failure,
      `Cannot write ${folder}/none/a.svg: no such file or directory`,
    );
    return Promise.resolve();
  });
});

Deno.test({
  name: "openDiagram() reports a full disk, and the run goes on",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      // /dev/full refuses every write; a link gives it a name that ends as it must. A device needs every permission.
      const path = `${folder}/full.svg`;
      await Deno.symlink("/dev/full", path);
      const code = `
        import { openDiagram } from "${import.meta.resolve("../../../../lib/wire/diagram/diagram.ts")}";
        const options = { title: "x", role: "client", onTrouble: (message) => console.log(message) };
        await openDiagram(${JSON.stringify(path)}, options).end();`;
      await Deno.writeTextFile(`${folder}/full.ts`, code);
      const config = new URL("../../../../deno.json", import.meta.url).pathname;
      const args = ["run", "--no-check", "--config", config, "--allow-all", `${folder}/full.ts`];
      const { stdout, code: exit } = await new Deno.Command(Deno.execPath(), { args }).output();
      assertEquals(exit, 0);
      assertMatch(new TextDecoder().decode(stdout), /^Cannot write .*full\.svg: .+\n$/);
    }),
});

Deno.test({
  name: "openDiagram() draws into a pipe or a device, too",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await Deno.symlink("/dev/null", `${folder}/null.svg`);
      const trouble: string[] = [];
      await openDiagram(`${folder}/null.svg`, options(trouble)).end?.();
      assertEquals(trouble, []);
    }),
});

Deno.test("openDiagram() draws if the process exits before the end, as by a second Ctrl-C", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.svg`;
    const code = `
      import { openDiagram } from "${import.meta.resolve("../../../../lib/wire/diagram/diagram.ts")}";
      openDiagram(${JSON.stringify(path)}, { title: "x", role: "client", onTrouble() {} });
      Deno.exit(130);`;
    await Deno.writeTextFile(`${folder}/exit.ts`, code);
    const config = new URL("../../../../deno.json", import.meta.url).pathname;
    const args = ["run", "--no-check", "--config", config, "--allow-read", "--allow-write", `${folder}/exit.ts`];
    const { code: exit } = await new Deno.Command(Deno.execPath(), { args, stderr: "null", stdout: "null" }).output();
    assertEquals(exit, 130);
    assertMatch(await Deno.readTextFile(path), /Nothing passed\./);
  });
});

Deno.test("openDiagram() draws 5,000 events in a moment", async () => {
  await inFolder(async (folder) => {
    const reader = openDiagram(`${folder}/a.html`, options());
    for (let index = 0; index < 5000; index++) {
      reader.event({ ...EVENTS[1] ?? never(), at: index, flow: 1 + index % 30 }, []);
    }
    const started = performance.now();
    await reader.end?.();
    assert(performance.now() - started < 3000);
  });
});

function never(): never {
  throw new Error("No event");
}
