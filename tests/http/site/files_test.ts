import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { segmentsOf } from "../../../http/site/files.ts";
import { type Answered, answersIn, serve, type ServedHttp } from "../serving.ts";

const MODIFIED = new Date(Date.UTC(2020, 1, 3, 4, 5, 6));
const DATE = "Mon, 03 Feb 2020 04:05:06 GMT";

/** A server with a temporary folder. */
async function site(
  files: Readonly<Record<string, string | Uint8Array>>,
  dotfiles = false,
): Promise<ServedHttp & { root: string; above: string }> {
  const above = await Deno.realPath(await Deno.makeTempDir());
  const root = `${above}/site`;
  await Deno.mkdir(root);
  for (const [name, content] of Object.entries(files)) {
    const folder = name.slice(0, Math.max(0, name.lastIndexOf("/")));
    await Deno.mkdir(`${root}/${folder}`, { recursive: true });
    await Deno.writeFile(`${root}/${name}`, typeof content === "string" ? new TextEncoder().encode(content) : content);
    await Deno.utime(`${root}/${name}`, MODIFIED, MODIFIED);
  }
  const server = serve({}, { dir: { root, dotfiles } });
  return {
    ...server,
    root,
    above,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(above, { recursive: true });
    },
  };
}

async function ask(server: ServedHttp, path: string, fields = "", method = "GET"): Promise<Answered> {
  const text = await server.ask(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}Connection: close\r\n\r\n`);
  const [answer] = answersIn(text, [method]);
  assert(answer !== undefined);
  return answer;
}

Deno.test("--dir serves files with their types, lengths and validators", async () => {
  await using server = await site({
    "a.html": "<p>hi</p>",
    "b.TXT": "b",
    "c.unknown-type": "c",
    "d.json": "{}",
    "e f&é.css": "x",
  });
  const html = await ask(server, "/a.html");
  assertEquals([html.status, html.body, html.fields.get("content-type")], [
    200,
    "<p>hi</p>",
    "text/html; charset=UTF-8",
  ]);
  assertEquals(html.fields.get("last-modified"), DATE);
  assertMatch(html.fields.get("etag") ?? "", /^"[\da-f]+-9"$/);
  assertEquals(html.fields.get("accept-ranges"), "bytes");
  const type = async (path: string): Promise<string | undefined> =>
    (await ask(server, path)).fields.get("content-type");
  assertEquals(await type("/b.TXT"), "text/plain; charset=UTF-8");
  assertEquals(await type("/c.unknown-type"), "application/octet-stream");
  assertEquals(await type("/d.json"), "application/json; charset=UTF-8");
  assertEquals(await type("/e%20f%26%C3%A9.css"), "text/css; charset=UTF-8");
  assertEquals((await ask(server, "/a.html?query")).status, 200);
  const head = await ask(server, "/a.html", "", "HEAD");
  assertEquals([head.status, head.fields.get("content-length"), head.body], [200, "9", ""]);
});

Deno.test("--dir evaluates conditions: ETag, If-None-Match, Last-Modified, If-Modified-Since", async () => {
  await using server = await site({ "a.txt": "hello" });
  const etag = (await ask(server, "/a.txt")).fields.get("etag") ?? "";
  for (
    const fields of [
      `If-None-Match: ${etag}\r\n`,
      `If-None-Match: "x", W/${etag}\r\n`,
      `If-Modified-Since: ${DATE}\r\n`,
    ]
  ) {
    const answer = await ask(server, "/a.txt", fields);
    assertEquals([answer.status, answer.fields.get("etag"), answer.body], [304, etag, ""], fields);
  }
  assertEquals((await ask(server, "/a.txt", 'If-None-Match: "x"\r\n')).status, 200);
  assertEquals((await ask(server, "/a.txt", 'If-Match: "x"\r\n')).status, 412);
  assertEquals((await ask(server, "/a.txt", `If-Match: "x", ${etag}\r\n`)).status, 200);
  // A listing has no tag.
  assertEquals((await ask(server, "/", `If-Match: ${etag}\r\n`)).status, 412);
  await Deno.writeTextFile(`${server.root}/a.txt`, "other");
  assertEquals((await ask(server, "/a.txt", `If-None-Match: ${etag}\r\n`)).body, "other");
});

Deno.test("--dir serves single ranges: 206, 416, If-Range (H21)", async () => {
  await using server = await site({ "a.txt": "0123456789" });
  const part = async (range: string, more = ""): Promise<unknown[]> => {
    const { status, fields, body } = await ask(server, "/a.txt", `Range: ${range}\r\n${more}`);
    return [status, fields.get("content-range"), body];
  };
  assertEquals(await part("bytes=0-0"), [206, "bytes 0-0/10", "0"]);
  assertEquals(await part("bytes=-3"), [206, "bytes 7-9/10", "789"]);
  assertEquals(await part("bytes=5-"), [206, "bytes 5-9/10", "56789"]);
  assertEquals((await part("bytes=10-")).slice(0, 2), [416, "bytes */10"]);
  for (const all of ["bytes=0-1,4-5", "bytes=5-2", "lines=1-2", "x"]) {
    assertEquals(await part(all), [200, undefined, "0123456789"], all);
  }
  const etag = (await ask(server, "/a.txt")).fields.get("etag") ?? "";
  assertEquals((await part("bytes=0-0", `If-Range: ${etag}\r\n`))[0], 206);
  assertEquals((await part("bytes=0-0", `If-Range: ${DATE}\r\n`))[0], 206);
  assertEquals((await part("bytes=0-0", 'If-Range: "old"\r\n'))[0], 200);
});

Deno.test("9110 14.2: --dir ignores ranges in a HEAD request", async () => {
  await using server = await site({ "a.txt": "0123456789" });
  const { status, fields, body } = await ask(server, "/a.txt", "Range: bytes=0-0\r\n", "HEAD");
  assertEquals([status, fields.get("content-length"), fields.get("content-range"), body], [200, "10", undefined, ""]);
});

Deno.test("9110 8.8.2.1: --dir sends no Last-Modified in the future", async () => {
  await using server = await site({ "a.txt": "later" });
  const later = new Date(Date.now() + 86_400_000);
  await Deno.utime(`${server.root}/a.txt`, later, later);
  const { fields } = await ask(server, "/a.txt");
  assert(Date.parse(fields.get("last-modified") ?? "") <= Date.parse(fields.get("date") ?? ""));
});

Deno.test("9110 8.8.2.1: --dir sends no Last-Modified later than Date, which is read from a slower clock", async () => {
  await using server = await site({ "a.txt": "later" });
  const later = new Date(Date.now() + 86_400_000);
  await Deno.utime(`${server.root}/a.txt`, later, later);
  // While one connection is open, the clock is read only now and then.
  using client = await server.client();
  await client.send("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await client.until(/later$/);
  const { now } = Date;
  Date.now = () => now() + 5000;
  try {
    const { fields } = await ask(server, "/a.txt");
    assert(Date.parse(fields.get("last-modified") ?? "") <= Date.parse(fields.get("date") ?? ""));
  } finally {
    Date.now = now;
  }
});

Deno.test("--dir answers 404 for files without read permission, of any size", async () => {
  await using server = await site({ "small.txt": "x", "large.bin": new Uint8Array(200_000) });
  for (const name of ["small.txt", "large.bin"]) await Deno.chmod(`${server.root}/${name}`, 0o000);
  // The superuser may read everything.
  const readable = await Deno.open(`${server.root}/small.txt`).then((file) => (file.close(), true), () => false);
  for (const name of ["small.txt", "large.bin"]) {
    assertEquals((await ask(server, `/${name}`)).status, readable ? 200 : 404, name);
  }
});

Deno.test("--dir serves nothing outside the folder, however the path is spelled (H20)", async () => {
  await using server = await site({ "a.txt": "inside", "sub/b.txt": "b", "link.txt": "" });
  await Deno.writeTextFile(`${server.above}/secret.txt`, "secret");
  await Deno.mkdir(`${server.above}/site-more`);
  await Deno.writeTextFile(`${server.above}/site-more/secret.txt`, "secret");
  await Deno.writeTextFile(`${server.root}/new\nline.txt`, "x");
  await Deno.symlink(`${server.above}/secret.txt`, `${server.root}/out.txt`);
  await Deno.symlink(server.above, `${server.root}/up`);
  await Deno.symlink(`${server.above}/site-more`, `${server.root}/more`);
  await Deno.symlink(`${server.root}/a.txt`, `${server.root}/in.txt`);
  await Deno.symlink(`${server.root}/loop`, `${server.root}/loop`);
  await Deno.symlink("/dev/zero", `${server.root}/device`);
  const paths = [
    "/../secret.txt",
    "/sub/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/%2E%2e%2fsecret.txt",
    "/..%2fsecret.txt",
    "/.%2e/secret.txt",
    "/sub/../a.txt",
    "/./a.txt",
    "//a.txt",
    "/sub//b.txt",
    "/%5c..%5csecret.txt",
    "/a.txt%00",
    "/a.txt%00.html",
    "/new%0Aline.txt",
    "/%ff",
    "/..;/secret.txt",
    "/..%5csecret.txt",
    "/out.txt",
    "/up/",
    "/up/secret.txt",
    "/more/secret.txt",
    "/loop",
    "/device",
    "/a.txt/",
    "/a.txt/x",
    `/${"x".repeat(300)}`,
    "/nowhere",
  ];
  for (const path of paths) {
    const answer = await ask(server, path);
    assertEquals([answer.status, /secret$/.test(answer.body)], [404, false], path);
  }
  for (const path of ["/..\\secret.txt", "/\\secret.txt", "/%zz", "/%"]) {
    assertEquals((await ask(server, path)).status, 400, path);
  }
  assertEquals((await ask(server, "/in.txt")).body, "inside");
  assertEquals(server.events.names.filter((name) => name === "error"), []);
});

Deno.test("segmentsOf() splits a path, or returns null if it names no file", { permissions: "none" }, () => {
  assertEquals(segmentsOf("/"), []);
  assertEquals(segmentsOf("/a/b.c"), ["a", "b.c"]);
  assertEquals(segmentsOf("/a/"), ["a"]);
  assertEquals(segmentsOf("/%C3%A9%20%3F"), ["é ?"]);
  for (const path of ["//", "/a//b", "/..", "/a/..", "/%2e", "/a%2fb", "/%5c", "/%00", "/%0d", "/%7f", "/%", "/%ff"]) {
    assertEquals(segmentsOf(path), null, path);
  }
});

Deno.test("--dir lists a folder with escaped names, or serves its index.html", async () => {
  await using server = await site({
    "z.txt": "12345",
    "<b>&é.txt": "x",
    "docs/index.html": "<h1>index</h1>",
    "empty/.keep": "",
  });
  await Deno.symlink(server.above, `${server.root}/out`);
  await Deno.writeTextFile(`${server.root}/new\nline`, "x");
  await Deno.writeTextFile(`${server.root}/back\\slash`, "x");
  const list = await ask(server, "/");
  assertEquals([list.status, list.fields.get("content-type")], [200, "text/html; charset=utf-8"]);
  const row = '<a href="./z.txt">z.txt</a></th><td class="n">5 B</td><td class="n">';
  assertStringIncludes(list.body, `${row}<time datetime="2020-02-03T04:05Z">2020-02-03 04:05</time></td>`);
  assertStringIncludes(list.body, '<a href="./%3Cb%3E%26%C3%A9.txt">&lt;b&gt;&amp;&#233;.txt</a>');
  // Where the heading that says so is hidden.
  assertMatch(list.body, /@media\(max-width:34rem\)\{.*thead\{display:none\}.*\.files time::after\{content:" UTC"\}/);
  assert(list.body.indexOf("docs/") < list.body.indexOf("z.txt"), "folders first");
  assert(!/href="[^"]*(out|line|slash)/.test(list.body), "entries that cannot be requested are not listed");
  assertEquals((await ask(server, "/docs/")).body, "<h1>index</h1>");
  for (const query of ["", "?a=1&b"]) {
    const { status, fields } = await ask(server, `/docs${query}`);
    assertEquals([status, fields.get("location")], [301, `/docs/${query}`]);
  }
  assertStringIncludes((await ask(server, "/empty/")).body, '<a href="../">../</a>');
});

Deno.test("9110 10.2.2: --dir makes no Location from an invalid target, nor one that leads elsewhere", async () => {
  await using server = await site({ "sub/a.txt": "", "a b[1]/a.txt": "" });
  const location = async (path: string, fields = ""): Promise<[number, string | undefined]> => {
    const answer = await ask(server, path, fields);
    return [answer.status, answer.fields.get("location")];
  };
  for (const path of ['/sub?<script>"x', "/sub?\\", "/sub?a=%zz", "/sub?#x", "/sub?\xe9", "/sub[]", "/sub?{}"]) {
    assertEquals(await location(path), [400, undefined], path);
  }
  assertEquals(await location("/sub?a[]=1&b[c]=2"), [301, "/sub/?a%5B%5D=1&b%5Bc%5D=2"]);
  assertEquals(await location("/a%20b%5b1%5d?%5b"), [301, "/a%20b%5B1%5D/?%5b"]);
  for (const path of ["//sub", "//evil.example/sub", "/%2fevil.example", "//evil.example/..", "/.//sub"]) {
    assertEquals(await location(path), [404, undefined], path);
  }
  // The path alone, so that neither host nor scheme of the target or of Host get into it.
  assertEquals(await location("http://127.0.0.1:81/sub?x", ""), [301, "/sub/?x"]);
});

Deno.test("a listing has the folder's name as heading and title, and a way up to every folder above", async () => {
  await using server = await site({ "a b/<c>/d.txt": "", "a b/<c>/empty/x/y": "" });
  const { body } = await ask(server, "/a%20b/%3Cc%3E/");
  assertStringIncludes(body, "<title>/a b/&lt;c&gt;/</title>");
  assertStringIncludes(
    body,
    '<h1 class="path"><a href="../../">/</a><wbr><a href="../">a b/</a><wbr>&lt;c&gt;/</h1>',
  );
  assertStringIncludes(body, '<tbody>\n<tr><th scope="row"><a href="../">../</a>');
  const root = (await ask(server, "/")).body;
  assertStringIncludes(root, "<title>/</title>");
  assertStringIncludes(root, '<h1 class="path">/</h1>');
  assert(!root.includes("../"), "there is nothing above the root");
  await Deno.remove(`${server.root}/a b/<c>/empty/x`, { recursive: true });
  assertStringIncludes((await ask(server, "/a%20b/%3Cc%3E/empty/")).body, "There are no files here.");
});

Deno.test("a listing sorts a link to a folder among the folders, and answers HEAD", async () => {
  await using server = await site({ "a.txt": "a", "m/x": "" });
  await Deno.symlink("m", `${server.root}/b`);
  await Deno.symlink("m", `${server.root}/z`);
  const got = await ask(server, "/");
  assertEquals([...got.body.matchAll(/href="\.\/([^"]+)"/g)].map(([, name]) => name), ["b/", "m/", "z/", "a.txt"]);
  const head = await ask(server, "/", "", "HEAD");
  assertEquals([head.status, head.fields.get("content-length"), head.body], [200, `${got.body.length}`, ""]);
});

/** Dotfiles at any depth, and links to them and from them. */
const HIDDEN = [
  "/.env",
  "/%2eenv",
  "/%2Eenv",
  "/.git/",
  "/.git",
  "/.git/config",
  "/%2egit/config",
  "/sub/.git/config",
  "/sub/.git/",
  "/...",
  "/link-to-hidden",
  "/link-to-hidden-folder/",
  "/link-to-hidden-folder/config",
  "/.hidden-link",
  "/index/",
];

async function siteWithDotfiles(dotfiles: boolean): Promise<Awaited<ReturnType<typeof site>>> {
  const files = {
    ".env": "SECRET",
    ".git/config": "SECRET",
    "sub/.git/config": "SECRET",
    "...": "SECRET",
    "a.txt": "a",
  };
  const server = await site({ ...files, "index/.html": "SECRET" }, dotfiles);
  const { root } = server;
  await Deno.symlink(".env", `${root}/link-to-hidden`);
  await Deno.symlink(".git", `${root}/link-to-hidden-folder`);
  await Deno.symlink("a.txt", `${root}/.hidden-link`);
  await Deno.symlink(".html", `${root}/index/index.html`);
  return server;
}

Deno.test("--dir neither serves nor lists names that start with a dot, at any depth and through links", async () => {
  await using server = await siteWithDotfiles(false);
  for (const path of HIDDEN) {
    for (const method of ["GET", "HEAD", "DELETE", "OPTIONS"]) {
      const answer = await ask(server, path, "", method);
      // This folder is there, but its index is hidden.
      if (path !== "/index/") assertEquals(answer.status, 404, `${method} ${path}`);
      assert(!answer.body.includes("SECRET"), path);
    }
  }
  const names = async (path: string): Promise<unknown[]> =>
    [...(await ask(server, path)).body.matchAll(/href="\.\/([^"]+)"/g)].map(([, name]) => name);
  assertEquals(await names("/"), ["index/", "sub/", "a.txt"]);
  assertEquals([await names("/sub/"), await names("/index/")], [[], []]);
  assertEquals((await ask(server, "/a.txt")).status, 200);
});

Deno.test("--dotfiles serves and lists them", async () => {
  await using server = await siteWithDotfiles(true);
  for (const path of HIDDEN.filter((path) => !path.endsWith("/") && path !== "/.git")) {
    assertEquals((await ask(server, path)).status, 200, path);
  }
  assertEquals((await ask(server, "/index/")).body, "SECRET");
  const { body } = await ask(server, "/");
  for (const name of [".env", ".git/", "..."]) assertStringIncludes(body, `href="./${encodeURI(name)}"`);
  for (const path of ["/..", "/%2e%2e/", "/."]) assertEquals((await ask(server, path)).status, 404, path);
});

Deno.test("a root below a hidden folder is served: only what is inside it counts", async () => {
  await using server = await site({ ".hidden/a.txt": "a" });
  const dir = { root: `${server.root}/.hidden`, dotfiles: false };
  await using inner = serve({}, { dir });
  assertEquals((await ask(inner, "/a.txt")).body, "a");
  assertStringIncludes((await ask(inner, "/")).body, 'href="./a.txt"');
});

Deno.test("--dir keeps the other routes, and allows only GET, HEAD and OPTIONS of a file", async () => {
  await using server = await site({ "a.txt": "a", "cookie": "a file of that name" });
  assertEquals((await ask(server, "/status/204")).status, 204);
  assertEquals((await ask(server, "/cookie")).body, "a file of that name");
  for (const method of ["DELETE", "PUT", "POST"]) {
    const answer = await ask(server, "/a.txt", "", method);
    assertEquals([answer.status, answer.fields.get("allow")], [405, "GET, HEAD, OPTIONS"], method);
  }
  const options = await ask(server, "/a.txt", "", "OPTIONS");
  assertEquals([options.status, options.fields.get("allow")], [204, "GET, HEAD, OPTIONS"]);
  for (const name of ["content-length", "content-type"]) assert(!options.fields.has(name), name);
  assertEquals((await ask(server, "/nowhere", "", "DELETE")).status, 404);
});

Deno.test("9110 15.5.6: --dir has one list of methods for each path: that of OPTIONS and 405, and what it serves", async () => {
  await using server = await site({ "a.txt": "a", "docs/index.html": "<h1>", "empty/b.txt": "", "echo": "a file" });
  const read = "GET, HEAD, OPTIONS";
  const all = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
  const cases: [path: string, allow: string | undefined, kind: string][] = [
    ["/", read, "is a folder"],
    ["/docs/", read, "is a folder"],
    ["/docs", read, "is a folder"],
    ["/empty/", read, "is a folder"],
    ["/a.txt", read, "is a file"],
    ["/echo", read, "is a file"],
    ["/cookie", read, "path"],
    ["/anything", all, "path"],
    ["/nowhere", undefined, ""],
    ["/a.txt/", undefined, ""],
  ];
  const check = async (path: string, allow: string | undefined, kind: string): Promise<void> => {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]) {
      const { status, fields, body } = await ask(server, path, "Content-Length: 0\r\n", method);
      const what = `${method} ${path}`;
      if (allow === undefined) assertEquals([status, fields.get("allow")], [404, undefined], what);
      else if (method === "OPTIONS") assertEquals([status, fields.get("allow")], [204, allow], what);
      else if (allow.split(", ").includes(method)) assert(status < 400 && !fields.has("allow"), what);
      else {
        assertEquals([status, fields.get("allow")], [405, allow], what);
        assertStringIncludes(body, `this ${kind}`, what);
      }
    }
  };
  for (const [path, allow, kind] of cases) await check(path, allow, kind);
  await Deno.writeTextFile(`${server.root}/index.html`, "<h1>");
  await check("/", read, "is a folder");
});

Deno.test("--dir streams a large file, and a client that disconnects midway leaves no file open", async () => {
  const large = new Uint8Array(3_000_000);
  for (let at = 0; at < large.length; at += 65_536) crypto.getRandomValues(large.subarray(at, at + 65_536));
  await using server = await site({ "large.bin": large });
  using client = await server.client();
  await client.send("GET /large.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const bytes = await client.restBytes();
  assertEquals(bytes.subarray(-large.length), large);
  using part = await server.client();
  await part.send(
    "GET /large.bin HTTP/1.1\r\nHost: localhost\r\nRange: bytes=100000-2899999\r\nConnection: close\r\n\r\n",
  );
  assertEquals((await part.restBytes()).subarray(-2_800_000), large.subarray(100_000, 2_900_000));
  using leaver = await server.client();
  await leaver.send("GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await leaver.read();
  // The leak sanitizer would find the file.
  leaver.close();
});
