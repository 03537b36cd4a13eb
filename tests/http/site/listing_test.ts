/** Listings of large folders. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { CutOffError } from "../../../lib/errors.ts";
import { MemoryBudget } from "../../../lib/memory.ts";
import { listing } from "../../../http/site/listing.ts";
import { Refusal } from "../../../http/request/refusal.ts";
import { requestOf } from "../requests.ts";
import { answersIn, serve } from "../serving.ts";

/** A folder with `count` empty files. */
async function folderOf(count: number): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  for (let index = 0; index < count; index++) Deno.writeTextFileSync(`${path}/f${`${index}`.padStart(5, "0")}`, "");
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

Deno.test("a listing has at most the first thousand entries by name, and says how many more there are", async () => {
  await using folder = await folderOf(1234);
  await Deno.mkdir(`${folder.path}/z-folder`);
  const memory = new MemoryBudget(0);
  await using server = serve({}, { dir: folder.path, memory });
  const [answer] = answersIn(await server.ask(GET));
  const names = [...(answer?.body ?? "").matchAll(/href="\.\/([^"]+)"/g)].map(([, name]) => name);
  assertEquals([names.length, names[0], names[1], names.at(-1)], [1000, "z-folder/", "f00000", "f00998"]);
  assertStringIncludes(answer?.body ?? "", "<p>The first 1000 entries; 235 more are not listed.</p>");
  assert(memory.used <= 128 * 1024, "the memory is released");
});

Deno.test("a listing shows neither FIFOs nor links that lead out, and does not block on them", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = await folderOf(2);
  await new Deno.Command("mkfifo", { args: [`${folder.path}/fifo`] }).output();
  await Deno.symlink("fifo", `${folder.path}/to-fifo`);
  await Deno.symlink("/etc", `${folder.path}/out`);
  await Deno.symlink("f00000", `${folder.path}/in`);
  await using server = serve({}, { dir: folder.path });
  const names = [...(await server.ask(GET)).matchAll(/href="\.\/([^"]+)"/g)].map(([, name]) => name);
  assertEquals(names, ["f00000", "f00001", "in"]);
});

Deno.test("a listing ends when its client disconnects", async () => {
  await using folder = await folderOf(20);
  let steps = 0;
  const request = requestOf(GET, {
    throwIfGone: () => {
      if (++steps > 5) throw new CutOffError("it has disconnected");
    },
  });
  await assertRejects(
    () => listing({ root: folder.path, dotfiles: false }, folder.path, [], request, () => true),
    CutOffError,
  );
  assertEquals(steps, 6);
});

Deno.test("a listing counts memory while it is made, or gets 503", async () => {
  await using folder = await folderOf(1);
  await using server = serve({}, { dir: folder.path, memory: new MemoryBudget(10_000) });
  assertMatch(await server.ask(GET), /^HTTP\/1\.1 503 /);
});

Deno.test("a listing shows nothing of a folder that a link swaps in only while it is read", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = await folderOf(0);
  const dir = folder.path;
  await Deno.mkdir(`${dir}/site/sub/d`, { recursive: true });
  await Deno.mkdir(`${dir}/other`);
  await Deno.writeTextFile(`${dir}/other/SECRET`, "");
  await Deno.writeTextFile(`${dir}/site/sub/d/public`, "");
  const { readDir } = Deno;
  let reads = 0;
  // Swaps at the worst moments, every other time, and sets the folder's mtime back.
  Deno.readDir = async function* (path) {
    const swap = ++reads % 2 === 1;
    if (swap) {
      await Deno.rename(`${dir}/site/sub/d`, `${dir}/site/sub/aside`);
      await Deno.symlink(`${dir}/other`, `${dir}/site/sub/d`);
    } else {
      await Deno.remove(`${dir}/site/sub/d/SECRET`);
    }
    yield* await Array.fromAsync(readDir(path));
    if (swap) {
      await Deno.remove(`${dir}/site/sub/d`);
      await Deno.rename(`${dir}/site/sub/aside`, `${dir}/site/sub/d`);
      // A file of the same name, so that the later check of each entry does not detect it.
      await Deno.writeTextFile(`${dir}/site/sub/d/SECRET`, "");
    }
    await Deno.utime(`${dir}/site/sub`, 1e9, 1e9);
  };
  try {
    await using server = serve({}, { dir: `${dir}/site` });
    const answer = await server.ask(GET.replace("/ ", "/sub/d/ "));
    assertEquals(answer.slice(0, 12), "HTTP/1.1 200");
    assert(!answer.includes("SECRET") && reads > 2, answer);
  } finally {
    Deno.readDir = readDir;
  }
});

Deno.test(
  "a listing shows nothing of a link that permanently replaced the folder, and handles a folder that was removed",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    const folder = await Deno.realPath(await Deno.makeTempDir());
    try {
      await Deno.mkdir(`${folder}/out`);
      await Deno.writeTextFile(`${folder}/out/secret`, "");
      await Deno.mkdir(`${folder}/site`);
      await Deno.symlink("../out", `${folder}/site/link`);
      for (const name of ["link", "gone"]) {
        const request = requestOf(`GET /${name}/ HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        const answer = listing(
          { root: `${folder}/site`, dotfiles: false },
          `${folder}/site/${name}`,
          [name],
          request,
          () => true,
        );
        assertEquals((await assertRejects(() => answer, Refusal)).status, 503);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("a folder without read permission gets 404, not a message that it keeps changing", async () => {
  await using folder = await folderOf(0);
  await Deno.mkdir(`${folder.path}/shut`);
  await using server = serve({}, { dir: folder.path });
  const { readDir } = Deno;
  Deno.readDir = () => {
    throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  };
  try {
    assertMatch(await server.ask(GET.replace("/ ", "/shut/ ")), /^HTTP\/1\.1 404 /);
  } finally {
    Deno.readDir = readDir;
  }
});

Deno.test("files and listings below a folder that keeps changing are served", async () => {
  await using folder = await folderOf(0);
  const dir = folder.path;
  await Deno.mkdir(`${dir}/a/b`, { recursive: true });
  await Deno.writeTextFile(`${dir}/a/b/f.txt`, "here");
  await using server = serve({}, { dir });
  let changing = true;
  const changes = (async () => {
    while (changing) {
      await Deno.writeTextFile(`${dir}/new`, "");
      await Deno.rename(`${dir}/new`, `${dir}/g.txt`);
    }
  })();
  for (const path of ["/a/b/f.txt", "/a/b/", "/a/"]) {
    for (let count = 0; count < 5; count++) {
      const answer = await server.ask(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      assertEquals(answer.slice(0, 12), "HTTP/1.1 200", path);
    }
  }
  changing = false;
  await changes;
});
