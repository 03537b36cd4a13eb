import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startServer } from "../support/script.ts";
import type { PageReport } from "./browser.ts";
import { needsPrograms } from "./support.ts";

const DRIVER = new URL("./browser.ts", import.meta.url).pathname;

Deno.test(
  "Chromium -> http:server: the page, its forms, and nothing on the console",
  await needsPrograms("chromium"),
  async () => {
    await using server = await startServer("http:server");
    const url = `http://127.0.0.1:${server.port}/`;
    const browser = await new Deno.Command("sh", {
      args: [
        "-c",
        'exec "$0" run --no-lock --no-config --quiet --allow-all "$1" "$2" "$(command -v chromium)"',
        Deno.execPath(),
        DRIVER,
        url,
      ],
    }).output();
    const errors = new TextDecoder().decode(browser.stderr);
    assert(browser.success, errors);
    const report: PageReport = JSON.parse(new TextDecoder().decode(browser.stdout));
    assertEquals([report.title, report.heading, report.problems], ["Hello! | Plainwire", "Hello!", []]);
    assertStringIncludes(report.text, "GET / HTTP/1.1");
    assertStringIncludes(report.text, `User-Agent: ${report.agent}`);
    assertStringIncludes(report.text, `127.0.0.1:${server.port}`);
    assert(report.requests.every((request) => request.startsWith(url)), "nothing is loaded from another host");
    assertEquals(
      report.requests.filter((request) => !/\/(echo|anything|cookie|cookie\/set\?colour=blue)?$/.test(request)),
      [],
      "only the pages themselves are loaded",
    );

    assertStringIncludes(report.echo, "POST /echo HTTP/1.1");
    assertStringIncludes(report.echo, "message=Gr%C3%BC%C3%9Fe+%26+%3Cb%3Emore%3C%2Fb%3E");
    const { method, form } = JSON.parse(report.anything);
    assertEquals([method, form], ["POST", { message: "Grüße & <b>more</b>" }]);
    assertStringIncludes(report.file, 'filename="note.txt"');
    assertStringIncludes(report.file, "file content");

    assertEquals([report.cookie, report.sendsBadValue], ["colour=blue\n", false]);
    assertStringIncludes(report.remembered, "Cookie: colour=blue");
    assertEquals(report.missing, ["404 Not Found", url]);
    // The answer is on the page as it came, and nothing about it is missing.
    assertStringIncludes(report.text, "HTTP/1.1 200 OK");
    assertStringIncludes(report.text, "Content-Security-Policy: default-src 'none';");

    const [page, window] = report.narrow;
    assert(page <= window, `the page is ${page} px wide in a window of ${window}`);
    await server.script.until(/POST \/anything HTTP\/1\.1\n/);
  },
);
