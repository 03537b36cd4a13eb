import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Failure } from "../../../lib/errors.ts";
import { FileOutput } from "../../../lib/wire/file_output.ts";

const posix = { ignore: Deno.build.os === "windows" };
const linux = { ignore: Deno.build.os !== "linux" };
const NO_TROUBLE = {
  onTrouble: (message: string): void => {
    throw new Error(message);
  },
};

/** Runs a test with the path of a file that does not exist yet. */
async function withPath(work: (path: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(`${folder}/out`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until a file has a size. */
async function sized(path: string, size: number): Promise<void> {
  while ((await Deno.stat(path)).size < size) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("FileOutput empties an old file at once, and a new one is its owner's only", posix, async () => {
  await withPath(async (path) => {
    using output = new FileOutput(path, NO_TROUBLE);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    output.end();
    await Deno.writeTextFile(path, "old");
    using _again = new FileOutput(path, NO_TROUBLE);
    assertEquals((await Deno.stat(path)).size, 0);
  });
});

Deno.test("FileOutput writes what waits after its delay, without being asked", async () => {
  await withPath(async (path) => {
    using output = new FileOutput(path, { ...NO_TROUBLE, delay: 5 });
    output.write(new Uint8Array(10));
    await sized(path, 10);
    output.write(new Uint8Array(10));
    await sized(path, 20);
  });
});

Deno.test("FileOutput keeps every byte in order, whatever the sizes of the pieces", async () => {
  await withPath(async (path) => {
    const output = new FileOutput(path, { ...NO_TROUBLE, delay: 1e6 });
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for (const [index, length] of [1, 70_000, 0, 200_000, 3, 600_000, 64 * 1024, 5].entries()) {
      const piece = new Uint8Array(length).fill(index + 1);
      pieces.push(piece);
      if (index % 2 === 0) output.write(piece);
      else {
        const space = output.reserve(length + 7);
        assert(space.length >= length + 7);
        space.set(piece);
        output.commit(length);
      }
    }
    const whole = new Uint8Array(await new Blob(pieces).arrayBuffer());
    assertEquals(output.size, whole.length);
    output.end();
    output.end();
    output.write(Uint8Array.of(1));
    const written = await Deno.readFile(path);
    assertEquals(written.length, whole.length);
    assertEquals(whole.findIndex((byte, at) => byte !== written[at]), -1);
  });
});

Deno.test("FileOutput holds no more than its buffer back", async () => {
  await withPath(async (path) => {
    using output = new FileOutput(path, { ...NO_TROUBLE, delay: 1e6 });
    const piece = new Uint8Array(100_000);
    for (let count = 0; count < 20; count++) output.write(piece);
    assert((await Deno.stat(path)).size >= 20 * piece.length - 256 * 1024);
  });
});

Deno.test("FileOutput writes the rest when the process exits on the spot", async () => {
  await withPath(async (path) => {
    const module = new URL("../../../lib/wire/file_output.ts", import.meta.url);
    const code = `import { FileOutput } from ${JSON.stringify(module)};
      new FileOutput(Deno.args[0], { onTrouble() {}, delay: 1e6 }).write(new Uint8Array(9));
      Deno.exit(0);`;
    const args = ["eval", code, path];
    await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
    assertEquals((await Deno.stat(path)).size, 9);
  });
});

Deno.test("FileOutput reports a full disk once and lets the run go on", linux, async () => {
  const module = new URL("../../../lib/wire/file_output.ts", import.meta.url);
  // In a process of its own: a device needs every permission.
  const code = `import { FileOutput } from ${JSON.stringify(module)};
    const output = new FileOutput("/dev/full", { onTrouble: (message) => console.log(message) });
    for (let count = 0; count < 3; count++) {
      output.write(new Uint8Array(10));
      output.flush();
    }
    output.end();`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code], stderr: "inherit" }).output();
  const told = new TextDecoder().decode(stdout);
  assertEquals(told, "Cannot write /dev/full: no space left on device; the run goes on without it\n");
});

Deno.test("a file that cannot be opened is a failure that names it", posix, () => {
  const error = assertThrows(() => new FileOutput("/none/a", NO_TROUBLE), Failure);
  assertMatch(error.message, /^Cannot write \/none\/a: no such file or directory$/);
});
