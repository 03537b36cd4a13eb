import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Failure } from "../../../lib/errors.ts";
import {
  createFile,
  fileFailure,
  Mode,
  readFileIfThere,
  readSmallFile,
  replaceFile,
} from "../../../lib/tls/atomic_file.ts";

const posix = { ignore: Deno.build.os === "windows" };

/** Runs a test in a folder of its own, which in the end has exactly these files. */
async function inFolder(files: readonly string[], work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(names.sort(), [...files].sort(), "no temporary file is left");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("replaceFile() writes a file and replaces it", async () => {
  await inFolder(["a"], async (folder) => {
    for (const text of ["one", "", "x".repeat(300_000)]) {
      await replaceFile(`${folder}/a`, text, Mode.open);
      assertEquals(await readFileIfThere(`${folder}/a`), text);
    }
  });
});

Deno.test("createFile() lets one of several succeed, and touches nothing that is there", async () => {
  await inFolder(["a"], async (folder) => {
    const path = `${folder}/a`;
    const texts = Array.from({ length: 10 }, (_, index) => `${index}`);
    const created = await Promise.all(texts.map((text) => createFile(path, text, Mode.secret)));
    assertEquals(created.filter(Boolean).length, 1);
    assertEquals(await readFileIfThere(path), texts[created.indexOf(true)] ?? null);
    assert(!await createFile(path, "late", Mode.secret));
  });
});

Deno.test("both give the file its mode, also over one with another", posix, async () => {
  await inFolder(["a", "b"], async (folder) => {
    const mode = async (path: string): Promise<string> => ((await Deno.stat(path)).mode ?? 0).toString(8).slice(-3);
    await createFile(`${folder}/a`, "", Mode.secret);
    assertEquals(await mode(`${folder}/a`), "600");
    await replaceFile(`${folder}/b`, "", Mode.open);
    assertEquals(await mode(`${folder}/b`), "644");
    await replaceFile(`${folder}/b`, "", Mode.secret);
    assertEquals(await mode(`${folder}/b`), "600");
  });
});

Deno.test("readFileIfThere() tells a missing file from one that cannot be read", posix, async () => {
  await inFolder([], async (folder) => {
    assertEquals(await readFileIfThere(`${folder}/none`), null);
    const error = await assertRejects(() => readFileIfThere(folder), Failure);
    assertMatch(error.message, /^Cannot read \S+: is a directory$/);
  });
});

Deno.test("a failed write says so in words and leaves nothing", posix, async () => {
  await inFolder([], async (folder) => {
    for (const write of [replaceFile, createFile]) {
      const error = await assertRejects(() => write(`${folder}/none/a`, "secret", Mode.secret), Failure);
      assertMatch(error.message, /^Cannot write \S+\/none\/a: no such file or directory$/);
    }
  });
});

Deno.test("fileFailure() keeps a failure, and names a missing permission", { permissions: "none" }, async () => {
  const failure = new Failure(1, "Cannot x: y");
  assertEquals(fileFailure("z", failure), failure);
  const error = await assertRejects(() => readFileIfThere("/etc/hosts"), Failure);
  assertMatch(
    error.message,
    /^Cannot read \/etc\/hosts: Deno has no permission for "\/etc\/hosts"; add --allow-read, or/,
  );
});

Deno.test(
  "readSmallFile() takes regular files alone, and waits for no pipe",
  posix,
  () =>
    inFolder(["fifo", "large"], async (folder) => {
      await new Deno.Command("mkfifo", { args: [`${folder}/fifo`] }).output();
      await Deno.writeTextFile(`${folder}/large`, "x".repeat(1024 * 1024 + 1));
      for (
        const [path, why] of [
          [`${folder}/fifo`, "it is a pipe or a device, not a file"],
          ["/dev/zero", "it is a pipe or a device, not a file"],
          [`${folder}/large`, "it has more than 1048576 bytes"],
        ] as const
      ) {
        await assertRejects(() => readSmallFile(path), Error, why);
      }
    }),
);
