/** The answers of the routes, over the wire. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Answered, answersIn, serve, type ServedHttp } from "../serving.ts";

const HOST = "Host: localhost:8080\r\n";

async function ask(server: ServedHttp, method: string, path: string, fields = "", body = ""): Promise<Answered> {
  const length = body === "" ? "" : `Content-Length: ${new TextEncoder().encode(body).length}\r\n`;
  const text = await server.ask(
    `${method} ${path} HTTP/1.1\r\n${HOST}${fields}${length}Connection: close\r\n\r\n${body}`,
  );
  const [answer] = answersIn(text, [method]);
  assert(answer !== undefined);
  return answer;
}

Deno.test("POST / returns the body under its own media type, sandboxed for browsers", async () => {
  await using server = serve();
  const json = await ask(server, "POST", "/", "Content-Type: application/json; charset=utf-8\r\n", '{"a":"é"}');
  assertEquals([json.status, json.fields.get("content-type"), json.fields.get("content-length")], [
    200,
    "application/json; charset=utf-8",
    "10",
  ]);
  assertEquals(json.fields.get("x-content-type-options"), "nosniff");
  assertMatch(json.fields.get("content-security-policy") ?? "", /^sandbox/);
  assertEquals((await ask(server, "POST", "/", "", "x")).fields.get("content-type"), "application/octet-stream");
  assertEquals(
    (await ask(server, "POST", "/", "Content-Type: a/b\xff\r\n", "x")).fields.get("content-type"),
    "application/octet-stream",
  );
  for (
    const bad of [
      "text",
      "text/",
      "/html",
      "a/b, c/d",
      "a/b/c",
      "a b/c",
      "a/b c",
      "a/b\t;c=d",
      "a/b;c=\td",
      "a/b;c",
      'a/b;c="d',
      "a/b;c=d e",
    ]
  ) {
    const { fields } = await ask(server, "POST", "/", `Content-Type: ${bad}\r\n`, "x");
    assertEquals(fields.get("content-type"), "application/octet-stream", bad);
  }
  for (const good of ["a/b ;c=d;e=f", 'a/b; c="d; \\" e"', "a/b;", "a/b; ;c=d"]) {
    assertEquals((await ask(server, "POST", "/", `Content-Type: ${good}\r\n`, "x")).fields.get("content-type"), good);
  }
  assertEquals((await ask(server, "POST", "/")).body, "");
});

Deno.test("9110 8.4: POST / returns the body with its codings, which are part of what it is", async () => {
  await using server = serve();
  const coded = async (codings: string): Promise<string | undefined> =>
    (await ask(server, "POST", "/", `Content-Encoding: ${codings}\r\n`, "x")).fields.get("content-encoding");
  assertEquals(await coded("gzip"), "gzip");
  assertEquals(await coded("deflate\r\nContent-Encoding: gzip"), "deflate, gzip");
  for (const bad of ["", "a b", "gzip,", "\xff"]) assertEquals(await coded(bad), undefined, bad);
});

Deno.test("/echo returns the whole request as received, including chunk framing", async () => {
  await using server = serve();
  const request =
    `POST /echo?a HTTP/1.1\r\n${HOST}x-ODD:  kept \r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3;x\r\nabc\r\n0\r\nT: v\r\n\r\n`;
  const [answer] = answersIn(await server.ask(request));
  assertEquals([answer?.fields.get("content-type"), answer?.body], ["text/plain; charset=utf-8", request]);
  assertMatch(
    (await ask(server, "DELETE", "/echo", "", "body")).body,
    /^DELETE \/echo HTTP\/1\.1\r\n[^]*\r\n\r\nbody$/,
  );
});

Deno.test("/echo holds no more than the limit, however small the chunks are (H13)", async () => {
  await using server = serve({ maxBody: 10_000 });
  const small = `${"0000000000000001\r\nx\r\n".repeat(4000)}0\r\n\r\n`;
  const post = (path: string): string =>
    `POST ${path} HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${small}`;
  assertEquals(answersIn(await server.ask(post("/echo")))[0]?.status, 413);
  // Without chunk framing, only the data counts.
  assertEquals(answersIn(await server.ask(post("/anything")))[0]?.status, 200);
});

Deno.test("/anything returns the request as JSON in the shape of httpbin", async () => {
  await using server = serve();
  const form = await ask(
    server,
    "POST",
    "/anything?a=1&b=2&a=3",
    "Content-Type: application/x-www-form-urlencoded\r\nX-Two: 1\r\nx-two: 2\r\n",
    "n=%C3%A9&m=1&m=2",
  );
  assertEquals(form.fields.get("content-type"), "application/json");
  assertEquals(JSON.parse(form.body), {
    args: { a: ["1", "3"], b: "2" },
    data: "",
    files: {},
    form: { n: "é", m: ["1", "2"] },
    headers: {
      Host: "localhost:8080",
      "Content-Type": "application/x-www-form-urlencoded",
      "X-Two": "1,2",
      "Content-Length": "16",
      Connection: "close",
    },
    json: null,
    method: "POST",
    origin: "127.0.0.1",
    url: "http://localhost:8080/anything?a=1&b=2&a=3",
  });
  const json = JSON.parse(
    (await ask(server, "PUT", "/anything", "Content-Type: application/json\r\n", '{"a":[1]}')).body,
  );
  assertEquals([json.method, json.data, json.json], ["PUT", '{"a":[1]}', { a: [1] }]);
  const deeper = JSON.parse((await ask(server, "GET", "/anything/a/b?__proto__=1")).body);
  assertEquals([deeper.url, JSON.stringify(deeper.args)], [
    "http://localhost:8080/anything/a/b?__proto__=1",
    '{"__proto__":"1"}',
  ]);
});

Deno.test("/anything returns JSON unchanged, and is not slowed down by hostile input", async () => {
  await using server = serve();
  const json = async (body: string): Promise<{ size: number; status: number; body: string }> => {
    const answer = await ask(server, "POST", "/anything", "Content-Type: application/json\r\n", body);
    return { size: answer.body.length, status: answer.status, body: answer.body };
  };
  assertStringIncludes((await json(' {"a":  [1.50, 1e400]}\n')).body, '"json": {"a":  [1.50, 1e400]},');
  assertStringIncludes((await json("{not json")).body, '"json": null,');
  // Indenting this would take gigabytes; recursion would overflow the stack.
  const deep = await json("[".repeat(50_000) + "]".repeat(50_000));
  assertEquals(deep.status, 200);
  assert(deep.size < 500_000, String(deep.size));
  const started = performance.now();
  const many = await ask(
    server,
    "POST",
    "/anything",
    "Content-Type: application/x-www-form-urlencoded\r\n",
    "a&".repeat(100_000),
  );
  assertEquals(JSON.parse(many.body).form.a.length, 100_000);
  assert(performance.now() - started < 5000, "in linear time");
});

Deno.test("/anything parses multipart forms, and returns other bodies as data", async () => {
  await using server = serve();
  const body =
    '--x\r\nContent-Disposition: form-data; name="t"\r\n\r\ntext\r\n--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nfile\r\n--x--\r\n';
  const parts = JSON.parse(
    (await ask(server, "POST", "/anything", "Content-Type: multipart/form-data; boundary=x\r\n", body)).body,
  );
  assertEquals([parts.form, parts.files, parts.data], [{ t: "text" }, { f: "file" }, ""]);
  const broken = JSON.parse(
    (await ask(server, "POST", "/anything", "Content-Type: multipart/form-data; boundary=y\r\n", "no parts")).body,
  );
  assertEquals([broken.form, broken.data], [{}, "no parts"]);
  const raw = new Uint8Array([
    ...new TextEncoder().encode(`POST /anything HTTP/1.1\r\n${HOST}Content-Length: 2\r\nConnection: close\r\n\r\n`),
    0xff,
    0xfe,
  ]);
  const [binary] = answersIn(await server.ask(raw));
  assertEquals(JSON.parse(binary?.body ?? "").data, "data:application/octet-stream;base64,//4=");
});

Deno.test("/cookie returns the cookies as name=value lines", async () => {
  await using server = serve();
  assertEquals((await ask(server, "GET", "/cookie", "Cookie: a=1; b=2\r\nCookie: c=\r\n")).body, "a=1\nb=2\nc=\n");
  assertEquals((await ask(server, "GET", "/cookie")).body, "");
});

Deno.test("9111 5.2.2.5: no cache may store an answer that shows the visitor's request", async () => {
  await using server = serve();
  const large = "x".repeat(100_000);
  for (
    const [method, path, body] of [
      ["GET", "/", ""],
      ["HEAD", "/", ""],
      ["POST", "/", "x"],
      ["GET", "/echo", ""],
      ["POST", "/echo", large],
      ["GET", "/anything", ""],
      ["PUT", "/anything/x", large],
      ["GET", "/cookie", ""],
    ] as const
  ) {
    assertEquals(
      (await ask(server, method, path, "", body)).fields.get("cache-control"),
      "no-store",
      `${method} ${path}`,
    );
  }
  for (const path of ["/status/200", "/bytes/1"]) {
    assert(!(await ask(server, "GET", path)).fields.has("cache-control"), path);
  }
});

Deno.test("/status/N answers with that status and its required fields", async () => {
  await using server = serve();
  for (
    const [status, field] of [
      [201, ""],
      [302, "location"],
      [401, "www-authenticate"],
      [405, "allow"],
      [206, "content-range"],
      [426, "upgrade"],
      [599, ""],
    ] as const
  ) {
    const answer = await ask(server, "GET", `/status/${status}`);
    assertEquals(answer.status, status);
    if (field !== "") assert(answer.fields.has(field), field);
  }
  for (const status of [204, 205, 304]) {
    const text = await server.ask(`GET /status/${status} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    assert(!/content-type/i.test(text), `${status} has no content, and so no type`);
  }
  for (const bad of ["100", "199", "600", "0", "x", "", "1e2", "+200", "200/x"]) {
    const { status, body } = await ask(server, "GET", `/status/${bad}`);
    const why = "400 Bad Request: Cannot serve /status/N: N must be a whole number from 200 to 599\n";
    assertEquals([status, body], [400, why], bad);
  }
  assertEquals((await ask(server, "PATCH", "/status/201", "", "body")).status, 201);
});

Deno.test("/delay/S, /bytes/N, /stream/N and /redirect/N obey their parameters within limits", async () => {
  await using server = serve();
  const started = performance.now();
  assertEquals((await ask(server, "GET", "/delay/0.05")).body, "Answered after 0.05 s\n");
  assert(performance.now() - started >= 49);
  const bytes = await server.ask(`GET /bytes/200000 HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
  assertMatch(bytes, /\r\nContent-Length: 200000\r\n/);
  assertEquals((await ask(server, "GET", "/bytes/0")).fields.get("content-length"), "0");
  const stream = await server.ask(`GET /stream/2 HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
  assertStringIncludes(stream, '\r\n\r\n12\r\n{"line":0,"of":2}\n\r\n12\r\n{"line":1,"of":2}\n\r\n0\r\n\r\n');
  assertEquals([(await ask(server, "GET", "/stream/0")).body], [""]);
  assertEquals((await ask(server, "GET", "/redirect/3")).fields.get("location"), "/redirect/2");
  assertEquals((await ask(server, "GET", "/redirect/1")).fields.get("location"), "/");
});

Deno.test("/delay/S, /bytes/N, /stream/N and /redirect/N name the range of their parameter if it is not in it", async () => {
  await using server = serve();
  const cases = [
    [
      ["/delay/61", "/delay/-1", "/delay/x", "/delay/"],
      "/delay/S: S must be a number of seconds from 0 to 60, such as 1.5",
    ],
    [["/bytes/999999999999", "/bytes/104857601", "/bytes/x"], "/bytes/N: N must be a whole number from 0 to 104857600"],
    [["/stream/10001", "/stream/x"], "/stream/N: N must be a whole number from 0 to 10000"],
    [["/redirect/101", "/redirect/1.5", "/redirect/0"], "/redirect/N: N must be a whole number from 1 to 100"],
  ] as const;
  for (const [paths, rule] of cases) {
    for (const path of paths) {
      const { status, body } = await ask(server, "GET", path);
      assertEquals([status, body], [400, `400 Bad Request: Cannot serve ${rule}\n`], path);
    }
  }
});

/** The text that a browser shows for markup from the page. */
function shownText(markup: string): string {
  return markup.replace(/<[^>]*>/g, "").replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

Deno.test("the page shows exactly the bytes of the head that brought it", async () => {
  await using server = serve({ maxRequests: 3 });
  const request = (line: string, fields = ""): string => `${line}\r\n${HOST}${fields}\r\n`;
  const texts = [
    await server.ask(request("GET / HTTP/1.1", "Connection: close\r\n")),
    await server.ask(request("GET / HTTP/1.0")),
    // Bodies whose length has one digit more or less, and an answer in the middle of a pipeline.
    await server.ask(request("GET / HTTP/1.1", `X: ${"<".repeat(900)}\r\nConnection: close\r\n`)),
    (await server.ask(
      request("GET /status/204 HTTP/1.1") + request("GET /?a HTTP/1.1") + request("GET /status/204 HTTP/1.1"),
    ))
      .replace(/^.*?\r\n\r\n/s, "").replace(/HTTP\/1\.1 204.*/s, ""),
    (await server.ask(request("GET / HTTP/1.0", "Connection: keep-alive\r\n") + request("GET /status/204 HTTP/1.0")))
      .replace(
        /HTTP\/1\.1 204.*/s,
        "",
      ),
  ];
  const connection: (string | undefined)[] = [];
  for (const text of texts) {
    const [answer] = answersIn(text);
    const [head = ""] = text.split(/(?<=\r\n\r\n)/);
    const section = /<h2 id="answer">.*?<\/section>/s.exec(answer?.body ?? "")?.[0] ?? "";
    const lines = [...section.matchAll(/<code class="l">(.*?)<\/code>/g)].map(([, line]) =>
      `${shownText(line ?? "")}\r\n`
    );
    assertEquals(lines.join(""), head);
    assertStringIncludes(section, `<dd>${answer?.body.length} bytes: this page</dd>`);
    assertEquals(Number(answer?.fields.get("content-length")), answer?.body.length);
    connection.push(answer?.fields.get("connection"));
  }
  assertEquals(connection, ["close", "close", "close", undefined, "keep-alive"]);
});

Deno.test("9110 9.3.7, 15.5.6: OPTIONS and 405 list the allowed methods (H10, H11, 11, 28)", async () => {
  await using server = serve();
  const cases = [["*", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"], ["/", "GET, HEAD, POST, OPTIONS"], [
    "/cookie",
    "GET, HEAD, OPTIONS",
  ]] as const;
  for (const [path, allow] of cases) {
    const options = await ask(server, "OPTIONS", path);
    assertEquals([options.status, options.fields.get("allow"), options.body], [204, allow, ""]);
    for (const name of ["content-length", "content-type"]) assert(!options.fields.has(name), name);
  }
  // Without even a slash, an absolute target means the server as a whole (9112 3.2.4).
  for (const [target, allow] of [["http://localhost", cases[0][1]], ["http://localhost/", cases[1][1]]] as const) {
    assertEquals((await ask(server, "OPTIONS", target)).fields.get("allow"), allow, target);
  }
  const body = await server.ask(
    `OPTIONS / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabcGET /status/201 HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
  );
  assertEquals(answersIn(body).map(({ status }) => status), [204, 201]);
  for (const method of ["DELETE", "TRACE"]) {
    const refused = await ask(server, method, "/");
    assertEquals([refused.status, refused.fields.get("allow")], [405, "GET, HEAD, POST, OPTIONS"], method);
    assertEquals((await ask(server, method, "/cookie")).fields.get("allow"), "GET, HEAD, OPTIONS", method);
  }
  for (const method of ["OPTIONS", "TRACE"]) assertEquals((await ask(server, method, "/nowhere")).status, 404);
});

Deno.test("9110 9.1: unknown methods get 501, CONNECT 405, and the connection closes (H10, H11, 28)", async () => {
  await using server = serve();
  const next = `GET /status/200 HTTP/1.1\r\n${HOST}\r\n`;
  for (
    const [line, status] of [["BREW /", 501], ["get /", 501], ["-X /", 501], [
      "CONNECT localhost:80",
      405,
    ]] as const
  ) {
    const answers = answersIn(await server.ask(`${line} HTTP/1.1\r\n${HOST}\r\n${next}`));
    assertEquals(answers.map((answer) => answer.status), [status], line);
    assertEquals(answers[0]?.fields.has("allow"), status === 405, line);
  }
});

Deno.test("9110 13.1.1, 13.1.2: conditions of a request for what has no validators", async () => {
  await using server = serve();
  const cases: [method: string, path: string, fields: string, status: number][] = [
    ["GET", "/", 'If-Match: "x"\r\n', 412],
    ["POST", "/echo", 'If-Match: "x"\r\nIf-Match: "y"\r\n', 412],
    ["GET", "/echo", "If-Match: *\r\n", 200],
    ["HEAD", "/", "If-None-Match: *\r\n", 304],
    ["GET", "/echo", "If-None-Match: *\r\n", 304],
    ["GET", "/delay/0", "If-None-Match:  * \r\n", 304],
    ["GET", "/bytes/9", "If-None-Match: *\r\n", 304],
    ["PUT", "/anything", "If-None-Match: *\r\n", 412],
    ["GET", "/echo", 'If-None-Match: "x"\r\n', 200],
    ["GET", "/echo", 'If-Match: "x"\r\nIf-None-Match: *\r\n', 412],
    // 9110 13.2.1: they are ignored where the answer is another anyway, and by methods that select nothing.
    ["GET", "/nowhere", 'If-Match: "x"\r\n', 404],
    ["GET", "/status/503", "If-None-Match: *\r\n", 503],
    ["GET", "/redirect/1", "If-None-Match: *\r\n", 302],
    ["DELETE", "/", 'If-Match: "x"\r\n', 405],
    ["OPTIONS", "/", 'If-Match: "x"\r\nIf-None-Match: *\r\n', 204],
  ];
  for (const [method, path, fields, status] of cases) {
    const answer = await ask(server, method, path, fields);
    assertEquals(answer.status, status, `${method} ${path} ${fields}`);
    if (status === 304) assertEquals([answer.fields.has("content-type"), answer.body], [false, ""]);
  }
  // 9110 15.4.5: what a cache must know.
  const unchanged = await ask(server, "GET", "/echo", "If-None-Match: *\r\n");
  assertEquals(unchanged.fields.get("cache-control"), "no-store");
});

Deno.test("9110 14.5: a PUT of a part gets 400", async () => {
  await using server = serve();
  const fields = "Content-Range: bytes 0-1/9\r\n";
  assertEquals((await ask(server, "PUT", "/anything", fields, "ab")).status, 400);
  assertEquals((await ask(server, "POST", "/anything", fields, "ab")).status, 200);
});

Deno.test("9112 3.2.2: an absolute target is served by its path, without the query", async () => {
  await using server = serve();
  for (
    const path of [
      "http://elsewhere.example:81/status/201",
      "/status/201?x",
      "HTTP://localhost:/status/201?a/b",
    ]
  ) {
    assertEquals((await ask(server, "GET", path)).status, 201, path);
  }
  assertEquals((await ask(server, "GET", "http://localhost?x")).status, 200);
  assertEquals((await ask(server, "GET", "/%73tatus/%320%31")).status, 201);
  assertEquals((await ask(server, "GET", "/status%2f201")).status, 404);
});
