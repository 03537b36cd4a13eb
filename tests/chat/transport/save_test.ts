import { assertEquals, assertRejects } from "@std/assert";
import { saveInside } from "../../../chat/transport/save.ts";
import { Failure } from "../../../lib/errors.ts";

/** A folder with a subfolder, and another folder outside it. */
async function withFolders(test: (folders: { inside: string; outside: string }) => Promise<void>): Promise<void> {
  const both = await Deno.realPath(await Deno.makeTempDir());
  const [inside, outside] = [`${both}/inside`, `${both}/outside`];
  try {
    await Deno.mkdir(`${inside}/below`, { recursive: true });
    await Deno.mkdir(outside);
    await test({ inside, outside });
  } finally {
    await Deno.remove(both, { recursive: true });
  }
}

Deno.test("saveInside() writes new files directly in the folder", async () => {
  await withFolders(async ({ inside }) => {
    for (const path of ["one", "./two", `${inside}/three`, "below/../four"]) await saveInside(inside, path, path);
    const found = Array.from(Deno.readDirSync(inside), ({ name }) => name).sort();
    assertEquals(found, ["below", "four", "one", "three", "two"]);
    assertEquals(await Deno.readTextFile(`${inside}/four`), "below/../four");
  });
});

Deno.test("saveInside() writes nothing outside while a folder in the path is swapped for a link", async () => {
  await withFolders(async ({ inside, outside }) => {
    let swapping = true;
    const swaps = (async () => {
      while (swapping) {
        await Deno.rename(`${inside}/below`, `${inside}/aside`);
        await Deno.symlink(outside, `${inside}/below`);
        await Deno.remove(`${inside}/below`);
        await Deno.rename(`${inside}/aside`, `${inside}/below`);
      }
    })();
    for (let file = 0; file < 300; file++) await saveInside(inside, `below/${file}`, "text").catch(() => {});
    swapping = false;
    await swaps;
    assertEquals([...Deno.readDirSync(outside)], []);
  });
});

Deno.test("saveInside() writes nothing outside the folder, by any path", async () => {
  await withFolders(async ({ inside, outside }) => {
    await Deno.symlink(outside, `${inside}/dirlnk`);
    await Deno.symlink(`${inside}/dirlnk`, `${inside}/twice`);
    await Deno.mkdir(`${inside}-too`);
    const paths = [
      "below/x",
      "dirlnk/x",
      "twice/x",
      "../outside/x",
      `${outside}/x`,
      `${inside}/../x`,
      `../inside-too/x`,
      "..",
      "none/x",
      "below/none/../x",
    ];
    for (const path of paths) {
      const error = await assertRejects(() => saveInside(inside, path, "text"), Failure);
      assertEquals(error.message, `it can only be a file in ${inside}; give a name without a folder`, path);
    }
    assertEquals([...Deno.readDirSync(outside)], []);
  });
});

Deno.test("saveInside() opens no existing file, link or FIFO", async () => {
  await withFolders(async ({ inside, outside }) => {
    await Deno.writeTextFile(`${inside}/file`, "kept");
    await Deno.symlink(`${outside}/new`, `${inside}/link`);
    const { success } = await new Deno.Command("mkfifo", { args: [`${inside}/fifo`] }).output();
    for (const name of ["file", "link", "below", ...(success ? ["fifo"] : [])]) {
      await assertRejects(() => saveInside(inside, name, "text"), Deno.errors.AlreadyExists);
    }
    assertEquals([await Deno.readTextFile(`${inside}/file`), [...Deno.readDirSync(outside)]], ["kept", []]);
    await assertRejects(() => saveInside(inside, "file/x", "text"), Failure, inside);
  });
});
