import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startServer } from "../support/script.ts";
import { needsPrograms, peer } from "./support.ts";

for (const task of ["http:server", "http:threaded"] as const) {
  Deno.test(`curl -> ${task}: GET, HEAD, keep-alive, an unknown path`, await needsPrograms("curl"), async () => {
    await using server = await startServer(task);
    const base = `http://127.0.0.1:${server.port}`;
    const page = await peer("curl", ["-sS", "--fail", "-A", "interop/1", `${base}/`]);
    assertEquals({ code: page.code, stderr: page.stderr }, { code: 0, stderr: "" });
    assertStringIncludes(page.stdout, "<h1>Hello!</h1>");
    await server.script.until(
      /----- HTTP REQUEST from 127\.0\.0\.1:\d+ -----\nGET \/ HTTP\/1\.1\n[^]*interop\/1[^]*\n-+\n/,
    );

    const head = await peer("curl", ["-sS", "-I", `${base}/`]);
    assertMatch(head.stdout, /^HTTP\/1\.1 200 OK\r\n/);
    assertMatch(head.stdout, /\r\n\r\n$/);

    const twice = await peer("curl", [
      "-sS",
      "-o",
      "/dev/null",
      "-o",
      "/dev/null",
      "-w",
      "%{num_connects} ",
      `${base}/`,
      `${base}/`,
    ]);
    assertEquals(twice.stdout, "1 0 ");

    const missing = await peer("curl", ["-sS", "-o", "/dev/null", "-w", "%{http_code}", `${base}/nowhere`]);
    assertEquals(missing.stdout, "404");
    assertEquals((await server.script.stop()).code, 0);
  });

  Deno.test(
    `curl with a foreign name that DNS points here -> ${task}: 421, and 200 with --host-name`,
    await needsPrograms("curl"),
    async () => {
      for (const [flags, status] of [[[], "421"], [["--host-name", "wiki.example"], "200"]] as const) {
        await using server = await startServer(task, flags);
        const { stdout } = await peer("curl", [
          "-sS",
          "-o",
          "/dev/null",
          "-w",
          "%{http_code}",
          "--resolve",
          `wiki.example:${server.port}:127.0.0.1`,
          `http://wiki.example:${server.port}/`,
        ]);
        assertEquals(stdout, status);
      }
    },
  );

  Deno.test(`a bad request line -> ${task}: 400, and the connection closes`, await needsPrograms("nc"), async () => {
    await using server = await startServer(task);
    const answer = await peer("nc", ["-N", "127.0.0.1", `${server.port}`], "hello\r\n\r\n");
    assertMatch(answer.stdout, /^HTTP\/1\.1 400 Bad Request\r\n/);
  });
}
