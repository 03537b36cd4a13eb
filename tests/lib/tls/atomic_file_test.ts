import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Failure, fileFailure } from "../../../lib/errors.ts";
import { createFile, Mode, readFileIfExists, readSmallFile, replaceFile } from "../../../lib/tls/atomic_file.ts";

const posix = { ignore: Deno.build.os === "windows" };

/** Runs a test in its own folder, which must hold exactly these files at the end. */
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
      assertEquals(await readFileIfExists(`${folder}/a`), text);
    }
  });
});

Deno.test("createFile() lets one of several calls succeed and never touches an existing file", async () => {
  await inFolder(["a"], async (folder) => {
    const path = `${folder}/a`;
    const texts = Array.from({ length: 10 }, (_, index) => `${index}`);
    const created = await Promise.all(texts.map((text) => createFile(path, text, Mode.secret)));
    assertEquals(created.filter(Boolean).length, 1);
    assertEquals(await readFileIfExists(path), texts[created.indexOf(true)] ?? null);
    assert(!await createFile(path, "late", Mode.secret));
  });
});

Deno.test("both set the file's mode, also when they replace a file with another mode", posix, async () => {
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

Deno.test("readFileIfExists() distinguishes a missing file from one that cannot be read", posix, async () => {
  await inFolder([], async (folder) => {
    assertEquals(await readFileIfExists(`${folder}/none`), null);
    const error = await assertRejects(() => readFileIfExists(folder), Failure);
    assertMatch(error.message, /^Cannot read \S+: it is a folder; name a file in it$/);
  });
});

Deno.test("a failed write gives the reason and leaves no file", posix, async () => {
  await inFolder([], async (folder) => {
    for (const write of [replaceFile, createFile]) {
      const error = await assertRejects(() => write(`${folder}/none/a`, "secret", Mode.secret), Failure);
      assertMatch(error.message, /^Cannot write \S+\/none\/a: no such file or directory$/);
    }
  });
});

Deno.test(
  "fileFailure() returns a Failure as it is, and names a missing permission",
  { permissions: "none" },
  async () => {
    const failure = new Failure(1, "Cannot x: y");
    assertEquals(fileFailure("z", failure), failure);
    const error = await assertRejects(() => readFileIfExists("/etc/hosts"), Failure);
    assertMatch(
      error.message,
      /^Cannot read \/etc\/hosts: Deno has no permission for "\/etc\/hosts"; add --allow-read, or/,
    );
  },
);

Deno.test(
  "readSmallFile() reads only regular files and does not block on a pipe",
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
