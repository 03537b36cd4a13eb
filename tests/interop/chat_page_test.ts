import { assertEquals } from "@std/assert";
import { type RunningServer, start, startServer } from "../support/script.ts";
import { BreakablePath, countOf, join, LINES, load, say, showsLine, textIs, textOf } from "./chat_page.ts";
import { DevToolsTab } from "./devtools.ts";
import { RemotePage } from "./remote_page.ts";
import { launch, needsPrograms } from "./support.ts";

const CHROMIUM = await needsPrograms("chromium");
const room = (...args: string[]): Promise<RunningServer> =>
  startServer("chat:server", ["--bind", "127.0.0.1", ...args], { stdin: true });

Deno.test(
  "Chromium -> chat:server: two tabs, chat:client, nc and the operator in one room",
  await needsPrograms("chromium", "nc"),
  async () => {
    await using server = await room();
    const url = `http://127.0.0.1:${server.port}/`;
    await using page = new RemotePage();
    await join(page, url, "Zoë");
    await page.tab(1);
    await load(page, url);
    // The name that the browser remembers is the first tab's.
    await page.until(`${textOf("#name-problem")}.includes("is taken")`);
    await page.fill("#name", "Дмитрий");
    await page.press("Enter");
    await page.until(textIs("#own-name", "Дмитрий"));
    await using client = start("chat:client", ["--port", `${server.port}`, "--name", "Ada"], { stdin: true });
    await client.until(/you are Ada/);
    await using nc = launch("nc", ["127.0.0.1", `${server.port}`]);
    await nc.type("/nick bob\n");
    await nc.until(/you are bob/);
    await page.until(`[...document.querySelectorAll("#members bdi")].map((name) => name.textContent).join() ===
      "Дмитрий,Ada,bob,server,Zoë"`);

    await say(page, "Grüße 漢😀");
    await page.until(`${countOf("Grüße 漢😀")} === 1`);
    assertEquals(await page.value(`document.querySelector("#log .own .mark").textContent`), " ✓ sent");
    await nc.until(/Дмитрий: Grüße 漢😀\n/);
    await client.until(/Дмитрий: Grüße 漢😀\n/);
    await server.script.until(/Дмитрий: Grüße 漢😀\n/);
    await nc.type("/me waves\n/msg Zoë psst\n");
    await client.type("from the client\n");
    await server.script.type("from the operator\n");
    await page.until(showsLine("from the operator"));
    await page.until(`${LINES}.join().includes("Ada: from the client")`);
    await page.tab(0);
    await page.until(`${LINES}.includes("bob to you only: psst") && ${showsLine("waves")}`);
    await page.until(`${LINES}.includes("server: from the operator") && ${LINES}.includes("Дмитрий: Grüße 漢😀")`);
    await say(page, "/msg bob back");
    await nc.until(/Zoë \(to you\): back\n/);
    await page.until(`${LINES}.includes("to bob only: back")`);
    await page.tab(1);
    assertEquals(await page.value(showsLine("psst")), false);
    await say(page, "/quit");
    await page.until(textIs("#why", "You have left."));
    await nc.until(/\* Дмитрий left \(quit\)\n/);
    await page.click("#again");
    await page.until(`${textIs("#state", "connected")} && ${countOf("Grüße 漢😀")} === 1`);
    await nc.until(/Дмитрий left \(quit\)\n\* Дмитрий joined\n/);
    assertEquals(await page.problems(), []);
  },
);

Deno.test(
  "Chromium -> chat:server: what is written and said while the page is offline arrives once, in order",
  await needsPrograms("chromium", "nc"),
  async () => {
    await using server = await room("--rate", "0");
    await using path = new BreakablePath(server.port);
    await using page = new RemotePage();
    await join(page, path.url, "alice");
    await using nc = launch("nc", ["127.0.0.1", `${server.port}`]);
    await nc.type("/nick bob\nbefore\n");
    await page.until(showsLine("before"));

    for (const round of [1, 2]) {
      // Once the network is gone, and the browser knows it; once it only seems to be there.
      const goOffline = (offline: boolean): Promise<unknown> =>
        page.devTools("Network.emulateNetworkConditions", {
          offline,
          latency: 0,
          downloadThroughput: -1,
          uploadThroughput: -1,
        });
      if (round === 1) await goOffline(true);
      path.set(round === 1 ? "cut" : "held");
      if (round === 1) await page.until(textIs("#state", "offline: lines wait here"));
      for (let line = 1; line <= 5; line++) await say(page, `alice ${round}.${line}`);
      await nc.type(Array.from({ length: 40 }, (_, line) => `bob ${round}.${line}\n`).join(""));
      await server.script.until(new RegExp(`bob ${round}\\.39\n`));
      assertEquals(await page.value(`document.querySelectorAll("#waiting .bubble").length`), 5);
      if (round === 2) path.set("cut");
      path.set("open");
      if (round === 1) await goOffline(false);
      await page.until(`document.querySelectorAll("#waiting .bubble").length === 0`);
      await page.until(showsLine(`bob ${round}.39`));
    }
    const expected = [1, 2].flatMap((round) => [
      ...Array.from({ length: 5 }, (_, line) => `alice ${round}.${line + 1}`),
    ]);
    const theirs = [1, 2].flatMap((round) => Array.from({ length: 40 }, (_, line) => `bob ${round}.${line}`));
    const seen = await page.value<string[]>(
      `[...document.querySelectorAll("#log .said .text")].map((line) => line.textContent)`,
    );
    assertEquals(seen.filter((line) => line.startsWith("alice")), expected);
    assertEquals(seen.filter((line) => line.startsWith("bob")), theirs);
    const said = [...nc.stdout.matchAll(/^alice: (.*)$/gm)].map(([, line]) => line);
    assertEquals(said, expected);
    assertEquals(nc.stdout.includes("left"), false, "nobody was told");
  },
);

Deno.test(
  "Chromium -> chat:server: a tab that sleeps while its connection dies misses nothing",
  await needsPrograms("chromium", "nc"),
  async () => {
    await using server = await room();
    await using path = new BreakablePath(server.port);
    await using tab = await DevToolsTab.open("about:blank");
    await tab.load(path.url);
    await tab.until(`document.querySelector("#naming")?.open === true`);
    await tab.value(
      `document.querySelector("#name").value = "alice", document.querySelector("#naming button").click()`,
    );
    await tab.until(textIs("#state", "connected"));
    await using nc = launch("nc", ["127.0.0.1", `${server.port}`]);
    await nc.type("/nick bob\n");
    await tab.until(`${LINES}.includes("bob joined")`);
    await tab.send("Page.setWebLifecycleState", { state: "frozen" });
    path.set("cut");
    path.set("open");
    await nc.type("one\ntwo\n");
    await server.script.until(/two\n/);
    assertEquals(await tab.value(`[document.hidden, ${showsLine("one")}]`), [true, false]);
    await tab.send("Page.setWebLifecycleState", { state: "active" });
    await tab.until(`${showsLine("two")} && ${textIs("#state", "connected")}`);
    assertEquals(await tab.value(`[${countOf("one")}, ${countOf("two")}]`), [1, 1]);
    assertEquals(await tab.value(`document.title`), "(2) Chat room", "what came to a tab that is out of sight");
    assertEquals(nc.stdout.includes("alice left"), false);
  },
);

Deno.test(
  "Chromium -> chat:server: a server that is started again is found again",
  await needsPrograms("chromium"),
  async () => {
    await using page = new RemotePage();
    let port = 0;
    {
      await using server = await room();
      port = server.port;
      await join(page, `http://127.0.0.1:${port}/`, "alice");
    }
    await page.until(textIs("#state", "offline: lines wait here"));
    await say(page, "still there?");
    await using again = start("chat:server", ["--bind", "127.0.0.1", "--port", `${port}`], { stdin: true });
    await again.until(/alice: still there\?\n/);
    await page.until(`${countOf("still there?")} === 1 && ${textIs("#state", "connected")}`);
  },
);

Deno.test("Chromium -> chat:server: where no WebSocket passes, events and POST do", CHROMIUM, async () => {
  await using server = await room();
  await using path = new BreakablePath(server.port);
  path.breaksWebSockets = true;
  await using page = new RemotePage();
  await load(page, path.url);
  await page.fill("#name", "alice");
  await page.press("Enter");
  await say(page, "early");
  await page.until(
    `${textOf("#state")}.startsWith("connected without WebSocket") && ${textIs("#open-panel", "2 here")}`,
  );
  for (const line of ["one", "two", "three"]) await say(page, line);
  await server.script.until(/early\n[^]*one\n[^]*two\n[^]*three\n/);
  await server.script.type("back\n");
  await page.until(showsLine("back"));
  assertEquals(await page.value(LINES + `.filter((line) => line.startsWith("You"))`), [
    "You: early",
    "You: one",
    "You: two",
    "You: three",
  ]);
});

Deno.test(
  "Chromium -> chat:server: a reload keeps the name, the lines and the place; a copy of the tab gets its own",
  CHROMIUM,
  async () => {
    await using server = await room();
    await using page = new RemotePage();
    const url = `http://127.0.0.1:${server.port}/`;
    await join(page, url, "alice");
    for (const line of ["one", "two"]) await say(page, line);
    await page.until(`${countOf("two")} === 1`);
    await load(page, url);
    await page.until(`${textIs("#state", "connected")} && ${textIs("#own-name", "alice")}`);
    await say(page, "three");
    await page.until(`${countOf("three")} === 1`);
    const said = `[...document.querySelectorAll("#log .said .text")].map((line) => line.textContent)`;
    assertEquals(await page.value(said), ["one", "two", "three"]);
    assertEquals(server.script.stdout.includes("left"), false);

    const stored = await page.value(
      `(dispatchEvent(new Event("pagehide")), sessionStorage.getItem("plainwire-session"))`,
    );
    await page.tab(1);
    await load(page, url);
    await page.value(`sessionStorage.setItem("plainwire-session", ${JSON.stringify(stored)})`);
    // Leaving the page stores this tab's own session, so what a copied tab begins with is put in its place.
    await page.value(
      `addEventListener("pagehide", () => sessionStorage.setItem("plainwire-session", ${JSON.stringify(stored)}))`,
    );
    await load(page, url);
    await page.until(`${textOf("#name-problem")}.includes("is taken")`);
    await page.tab(0);
    await say(page, "still alice");
    await page.until(`${countOf("still alice")} === 1 && ${textIs("#own-name", "alice")}`);
  },
);

Deno.test(
  "Chromium -> chat:server: a tab that is opened after the last one has closed takes its seat",
  CHROMIUM,
  async () => {
    await using server = await room();
    await using page = new RemotePage();
    const url = `http://127.0.0.1:${server.port}/`;
    await join(page, url, "alice");
    await say(page, "one");
    await page.until(`${countOf("one")} === 1`);
    await page.visit("about:blank");
    await page.tab(1);
    await load(page, url);
    await page.until(`${textIs("#state", "connected")} && ${textIs("#own-name", "alice")}`);
    await say(page, "two");
    await page.until(`${countOf("two")} === 1 && ${countOf("one")} === 1`);
    // A tab that is still open keeps its seat.
    await page.tab(2);
    await load(page, url);
    await page.until(`${textOf("#name-problem")}.includes("is taken")`);
    assertEquals(server.script.stdout.includes("left"), false);
  },
);

Deno.test("Chromium -> chat:server: who is kicked stays out until it asks to join again", CHROMIUM, async () => {
  await using server = await room();
  await using page = new RemotePage();
  await join(page, `http://127.0.0.1:${server.port}/`, "alice");
  await server.script.type("/kick alice\n");
  await page.until(`${textOf("#why")}.startsWith("The server has ended this: ")`);
  assertEquals(await page.value(`document.querySelector("#input").disabled`), true);
  await page.click("#again");
  await page.until(`${textOf("#why")}.includes("banned you")`);
  await server.script.type("/unban 127.0.0.1\n");
  await server.script.until(/no longer banned/);
  await page.click("#again");
  await page.until(textIs("#state", "connected"));
});
