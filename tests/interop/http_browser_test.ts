import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startServer } from "../support/script.ts";
import type { Seen } from "./browser.ts";
import { having } from "./support.ts";

const DRIVER = new URL("./browser.ts", import.meta.url).pathname;

Deno.test(
  "Chromium -> http:server: the page, its forms, and nothing on the console",
  await having("chromium"),
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
    const seen: Seen = JSON.parse(new TextDecoder().decode(browser.stdout));
    assertEquals([seen.title, seen.heading, seen.trouble], ["Hello! | Plainwire", "Hello!", []]);
    assertStringIncludes(seen.text, "GET / HTTP/1.1");
    assertStringIncludes(seen.text, `User-Agent: ${seen.agent}`);
    assertStringIncludes(seen.text, `127.0.0.1:${server.port}`);
    assert(seen.requests.every((request) => request.startsWith(url)), "nothing is loaded from elsewhere");
    assertEquals(
      seen.requests.filter((request) => !/\/(echo|anything)?$/.test(request)),
      [],
      "and nothing but the pages themselves",
    );

    assertStringIncludes(seen.echo, "POST /echo HTTP/1.1");
    assertStringIncludes(seen.echo, "message=Gr%C3%BC%C3%9Fe+%26+%3Cb%3Emore%3C%2Fb%3E");
    const { method, form } = JSON.parse(seen.anything);
    assertEquals([method, form], ["POST", { message: "Grüße & <b>more</b>" }]);
    assertStringIncludes(seen.file, 'filename="note.txt"');
    assertStringIncludes(seen.file, "file content");

    const [page, window] = seen.narrow;
    assert(page <= window, `the page is ${page} px wide in a window of ${window}`);
    await server.script.until(/POST \/anything HTTP\/1\.1\n/);
  },
);
