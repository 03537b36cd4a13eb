/** A folder whose entries are swapped while its files are requested. */
import { assert, assertEquals } from "@std/assert";
import { fileSite } from "../../../http/site/files.ts";
import { changedAt, isMissing, openInside, type TestHooks } from "../../../http/site/inside.ts";
import { routes } from "../../../http/site/routes.ts";
import { answersIn, serve, type ServedHttp } from "../serving.ts";
import { requestOf } from "../requests.ts";

Deno.test("changedAt() is a time that a date can express", { permissions: "none" }, () => {
  assertEquals(changedAt({ mtimeMs: 1.5, ctimeMs: 2000 }), 1.5);
  // What the runtime reports for a file on tmpfs, of times that are too large and too small.
  for (const mtimeMs of [NaN, -1e14]) assertEquals(changedAt({ mtimeMs, ctimeMs: 2000 }), 2000);
});

/** `site` with a file and a folder in it, and beside it `out`, which must not be served. */
async function tree(): Promise<AsyncDisposable & { root: string; out: string }> {
  const above = await Deno.realPath(await Deno.makeTempDir());
  const [root, out] = [`${above}/site`, `${above}/out`];
  for (const folder of [root, out]) {
    await Deno.mkdir(`${folder}/dir`, { recursive: true });
    for (const name of ["a.txt", "dir/a.txt"]) {
      await Deno.writeTextFile(`${folder}/${name}`, folder === root ? "inside" : "SECRET");
    }
    await Deno.writeTextFile(`${folder}/dir/only-${folder === root ? "inside" : "SECRET"}.txt`, "");
  }
  return {
    root,
    out,
    [Symbol.asyncDispose]: () => Deno.remove(above, { recursive: true }),
  };
}

/** Reads a path, if it can be opened. */
async function read(root: string, path: string, steps: TestHooks = {}): Promise<string | null> {
  const opened = await openInside({ root, dotfiles: false }, `${root}/${path}`, steps).catch((error) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (opened?.kind !== "file") return opened?.kind ?? null;
  await using file = opened;
  const buffer = new Uint8Array(100);
  return new TextDecoder().decode(buffer.subarray(0, await file.read(buffer, 0)));
}

/** Moves a file or folder aside and puts a link in its place. */
function swapFor(target: string, path: string): void {
  Deno.renameSync(path, `${path}.away`);
  Deno.symlinkSync(target, path);
}

function swapBack(path: string): void {
  Deno.removeSync(path);
  Deno.renameSync(`${path}.away`, path);
}

Deno.test("openInside() opens files and folders, and follows links that stay inside", async () => {
  await using site = await tree();
  const { root, out } = site;
  await Deno.symlink("dir/a.txt", `${root}/in`);
  await Deno.symlink("../out", `${root}/up`);
  assertEquals(await read(root, "a.txt"), "inside");
  assertEquals(await read(root, "dir/a.txt"), "inside");
  assertEquals(await read(root, "in"), "inside");
  assertEquals([await read(root, "dir"), await read(root, ".")], ["folder", "folder"]);
  assertEquals([await read(root, "up/a.txt"), await read(root, "up")], [null, null]);
  assertEquals(await read(root, "../out/a.txt"), null);
  assertEquals(await read(out, "a.txt"), "SECRET");
});

for (
  const [what, path, swapped, target] of [
    ["a file", "a.txt", "a.txt", "../out/a.txt"],
    ["a folder", "dir/a.txt", "dir", "../out/dir"],
  ] as const
) {
  Deno.test(`openInside() does not follow a link that replaces ${what} after the check`, {
    // Without all permissions the runtime resolves links itself before it opens a path: O_NOFOLLOW alone would not help.
    permissions: { read: true, write: true },
  }, async () => {
    await using site = await tree();
    const at = `${site.root}/${swapped}`;
    let swaps = 0;
    const found = (): void => {
      if (swaps++ === 0) swapFor(target, at);
    };
    const once = await read(site.root, path, { found });
    assertEquals(once, null);
    swapBack(at);
    // Swapped and swapped back: the open file is not the one at the path.
    let looks = 0;
    const back = (): void => {
      if (looks++ % 2 === 0) swapFor(target, at);
      else swapBack(at);
    };
    const result = await read(site.root, path, { found: back });
    assert(result !== "SECRET", String(result));
  });
}

Deno.test("openInside() reopens a file that was replaced meanwhile", async () => {
  await using site = await tree();
  let replaced = 0;
  const opened = (path: string): void => {
    if (replaced++ > 0) return;
    Deno.writeTextFileSync(`${path}.new`, "newer");
    Deno.renameSync(`${path}.new`, path);
  };
  assertEquals(await read(site.root, "dir/a.txt", { opened }), "newer");
});

Deno.test("openInside() returns null for a FIFO without waiting for a writer", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using site = await tree();
  await new Deno.Command("mkfifo", { args: [`${site.root}/fifo`] }).output();
  assertEquals(await read(site.root, "fifo"), null);
  const found = (path: string): void => {
    Deno.removeSync(path);
    Deno.renameSync(`${site.root}/fifo`, path);
  };
  const swapped = await read(site.root, "a.txt", { found });
  assertEquals(swapped, null);
});

async function ask(server: ServedHttp, path: string): Promise<string> {
  const text = await server.ask(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const [answer] = answersIn(text);
  return answer?.status === 200 ? answer.body : String(answer?.status);
}

Deno.test("--dir serves nothing outside while links are constantly swapped in", async () => {
  await using site = await tree();
  const { root } = site;
  await using server = serve({}, { dir: root });
  await Deno.symlink("../out/a.txt", `${root}/link`);
  await Deno.symlink("../out/dir", `${root}/linkdir`);
  let swapping = true;
  const swapper = (async () => {
    const exchange = async (one: string, other: string): Promise<void> => {
      await Deno.rename(`${root}/${one}`, `${root}/away`);
      await Deno.rename(`${root}/${other}`, `${root}/${one}`);
      await Deno.rename(`${root}/away`, `${root}/${other}`);
    };
    while (swapping) {
      await Promise.all([exchange("a.txt", "link"), exchange("dir", "linkdir").catch(() => {})]).catch(() => {});
    }
  })();
  const seen = new Map<string, number>();
  try {
    for (let count = 0; count < 200; count++) {
      const asked = count % 20 === 0 ? ["/dir/", "/a.txt", "/dir/a.txt"] : ["/a.txt", "/dir/a.txt"];
      const bodies = await Promise.all(asked.map((path) => ask(server, path)));
      for (const body of bodies) seen.set(body, (seen.get(body) ?? 0) + 1);
    }
  } finally {
    swapping = false;
    await swapper;
  }
  assertEquals([...seen.keys()].filter((body) => body.includes("SECRET")), []);
});

Deno.test("an index.html that is a FIFO or a link to the outside is ignored", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using site = await tree();
  await new Deno.Command("mkfifo", { args: [`${site.root}/index.html`] }).output();
  await Deno.symlink("../../out/a.txt", `${site.root}/dir/index.html`);
  await using server = serve({}, { dir: site.root });
  for (const path of ["/", "/dir/"]) assert((await ask(server, path)).includes("a.txt</a>"), path);
});

Deno.test("a large file that is replaced before it is sent is cut off, not mixed", async () => {
  await using site = await tree();
  await Deno.writeFile(`${site.root}/large`, new Uint8Array(200_000));
  const request = requestOf("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const { body } = await fileSite({ root: site.root, dotfiles: false }, routes)(request.head, request.target).answer(
    request,
  );
  assert("pieces" in body);
  await Deno.writeFile(`${site.root}/new`, new Uint8Array(200_000));
  await Deno.rename(`${site.root}/new`, `${site.root}/large`);
  const failure = await Array.fromAsync(body.pieces()).then(() => null, (error) => error);
  assertEquals(failure?.message, "the file has changed");
});
