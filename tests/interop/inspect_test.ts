import { assert, assertEquals } from "@std/assert";
import { type Remark, type WireEvent, wireTime } from "../../lib/wire/event.ts";
import { type Inspector, openInspect } from "../../lib/wire/inspect.ts";
import { startServer } from "../support/script.ts";
import { RemotePage } from "./remote_page.ts";
import { needsPrograms } from "./support.ts";

const CHROMIUM = await needsPrograms("chromium");
/** A folder for screenshots that a person may look at. */
const PICTURES = Deno.env.get("PICTURES");

const local = { hostname: "127.0.0.1", port: 7000 };

/** An inspector of events that the test makes up, and the page that shows it. */
class Shown implements AsyncDisposable {
  readonly page = new RemotePage();
  #inspect: Inspector;

  constructor() {
    const onTrouble = (message: string): void => assertEquals(message, "");
    this.#inspect = openInspect(0, { title: "tcp:server", role: "server", onTrouble });
  }

  async open(): Promise<void> {
    await this.page.visit(this.#inspect.url);
    await this.page.until(stateIs("live"));
  }

  emit(call: WireEvent["call"], flow: number, text?: string, remark?: Partial<Remark>): void {
    const [at, bytes] = [wireTime(), text === undefined ? null : new TextEncoder().encode(text)];
    const peer = { hostname: "127.0.0.1", port: 10_000 + flow };
    const remarks = remark === undefined ? [] : [{ at, flow, mark: "trouble", text: "", ...remark } as const];
    this.#inspect.event({ at, transport: "tcp", call, flow, local, peer, bytes, duration: 0 }, remarks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inspect.end();
    await this.page[Symbol.asyncDispose]();
  }
}

const stateIs = (state: string): string => `document.querySelector("#state").textContent === ${JSON.stringify(state)}`;
/** The texts of the visible rows of a list, by the class of the part. */
const textsIn = (list: string, part: string): string =>
  `[...document.querySelectorAll("#${list} [role=option]:not([hidden])")]
    .sort((one, other) => one.dataset.index - other.dataset.index)
    .map((row) => row.querySelector(".${part}")?.textContent ?? "")`;
const whatIs = (...texts: string[]): string =>
  `JSON.stringify(${textsIn("event-list", "what")}) === ${JSON.stringify(JSON.stringify(texts))}`;
const textOf = (selector: string): string => `document.querySelector(${JSON.stringify(selector)})?.textContent`;
const rowsShown = `document.querySelectorAll("[role=option]:not([hidden])").length`;

Deno.test(
  "Chromium -> tcp:server --inspect: arrows as they happen, bytes at a click, and after the end",
  CHROMIUM,
  async () => {
    await using server = await startServer("tcp:server", ["--inspect"]);
    const [, url = ""] = await server.script.until(/Inspect the wire at (\S+)/);
    await using page = new RemotePage();
    await page.visit(url);
    await page.until(stateIs("live"));
    assertEquals(await page.value("document.title"), "tcp:server | Plainwire");

    using client = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await client.write(new TextEncoder().encode("Grüße\n"));
    await client.read(new Uint8Array(100));
    await page.until(`${textsIn("event-list", "call")}.join() === "listen,accept,read,write,shutdown"`);
    assertEquals((await page.value<string[]>(textsIn("event-list", "what")))[2], "Grüße\\n");
    const arrows = `[...document.querySelectorAll("#event-list .lane")].map((lane) => lane.className)`;
    assertEquals((await page.value<string[]>(arrows)).slice(2, 4), ["lane right in", "lane left out"]);

    await page.click("#event-list [data-index='2']");
    await page.until(`${textOf("#bytes .hex")}?.startsWith("47 72 c3 bc c3 9f 65 0a")`);
    assertEquals(await page.value(textOf("#bytes .chars")), "Gr....e.");
    await page.click("[data-view=stream-text]");
    await page.until(`${textOf("#bytes .boundary .offset")} === "read 1: 8 bytes"`);

    const [name, capture] = await page.download("#download");
    assertEquals([name, capture.subarray(0, 4)], ["tcp-server.pcapng", Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a)]);
    assert(new TextDecoder().decode(capture).includes("Grüße\n"));

    assertEquals((await server.script.stop()).code, 0);
    await page.until(stateIs("the run has ended"));
    await page.click("#event-list [data-index='3']");
    await page.until(`${textOf("#bytes .boundary .offset")}?.startsWith("write 1: ")`);
    // The page closes its stream itself, which the browser reports as a request that failed.
    assertEquals(await page.problems(), [`failed: ${url}live`]);
  },
);

Deno.test("Chromium -> the inspector: a script that is killed", CHROMIUM, async () => {
  await using page = new RemotePage();
  {
    await using server = await startServer("tcp:server", ["--inspect"]);
    const [, url = ""] = await server.script.until(/Inspect the wire at (\S+)/);
    await page.visit(url);
    await page.until(stateIs("live"));
    await page.until(`${textsIn("event-list", "call")}.join() === "listen"`);
  }
  await page.until(stateIs("no connection to the script"));
  assertEquals(await page.value(textsIn("event-list", "call")), ["listen"]);
});

Deno.test("Chromium -> the inspector: the filters, pause, and the keyboard", CHROMIUM, async () => {
  await using shown = new Shown();
  const { page } = shown;
  for (const flow of [1, 2]) {
    shown.emit("accept", flow);
    shown.emit("read", flow, `question ${flow}`);
    shown.emit("writing", flow, `answer ${flow}`, { text: "A mistake.", ...(flow === 2 ? { mistake: 3 } : {}) });
    shown.emit("write", flow, `answer ${flow}`);
  }
  await shown.open();
  const all = ["from 127.0.0.1:10001", "question 1", "answer 1", "from 127.0.0.1:10002", "question 2", "answer 2"];
  await page.until(whatIs(...all));
  await page.choose("#way", "in");
  await page.until(whatIs("question 1", "question 2"));
  await page.choose("#way", "");
  await page.fill("#text", "ANSWER");
  await page.until(whatIs("answer 1", "answer 2"));
  await page.click("#mistakes");
  await page.until(whatIs("answer 2"));
  assertEquals(await page.value(textOf(".event-row.mistake .remark")), "[mistake 3] A mistake.");
  await page.click("#mistakes");
  await page.fill("#text", "");

  await page.until(`${textsIn("flow-list", "peer")}.join() === "All events,127.0.0.1:10001,127.0.0.1:10002"`);
  await page.click("#flow-list [data-index='1']");
  await page.until(whatIs(...all.slice(0, 3)));
  // The click has put the focus into the events; Enter opens the one that the arrow keys have chosen.
  for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.press(key);
  await page.until(`${textOf("#bytes .chars")} === "question 1"`);
  await page.press("Escape");
  await page.until(`document.querySelector("#bytes").checkVisibility() === false`);
  await page.click("#flow-list [data-index='0']");

  await page.click("#pause");
  shown.emit("read", 1, "more");
  await page.until(`${textOf("#pause")} === "Resume (1 new)"`);
  assert(await page.value(whatIs(...all)), "nothing moves");
  await page.click("#pause");
  await page.until(whatIs(...all, "more"));
  assertEquals(await page.problems(), []);
});

Deno.test("Chromium -> the inspector: what a peer sends is text, wherever it is shown", CHROMIUM, async () => {
  await using shown = new Shown();
  const { page } = shown;
  const hostile =
    "<script>document.title='bad'</script><img src=x onerror=\"document.title='bad'\">\u202e\0\x1b[31m\u2028";
  shown.emit("read", 1, hostile, { text: hostile, why: hostile });
  await shown.open();
  await page.until(`document.querySelectorAll("#event-list .event-row").length === 1`);
  await page.click("#event-list [data-index='0']");
  for (const view of ["hex", "text", "stream-hex", "stream-text"]) {
    await page.click(`[data-view=${view}]`);
    await page.until(`document.querySelector('[data-view=${view}]').ariaSelected === "true"`);
    await page.until(
      `document.querySelector("#bytes").textContent.includes("${view.endsWith("text") ? "\\\\u202e" : "<script>"}")`,
    );
  }
  assertEquals(await page.value("document.title"), "tcp:server | Plainwire");
  assertEquals(await page.value(`document.querySelectorAll("img, body script").length`), 0);
  assertEquals(await page.value(`/[\\u202e\\0\\x1b\\u2028]/.test(document.body.textContent)`), false);
  assertEquals(await page.problems(), []);
});

Deno.test(
  "Chromium -> the inspector: 1,000 connections and 120,000 events, of which it says what it dropped",
  CHROMIUM,
  async () => {
    await using shown = new Shown();
    const { page } = shown;
    for (let flow = 1; flow <= 1000; flow++) shown.emit("accept", flow);
    for (let count = 0; count < 119_000; count++) shown.emit("read", 1 + count % 1000, `message ${count}`);
    await shown.open();
    await page.until(`${textsIn("event-list", "what")}.at(-1) === "message 118999"`);
    await page.until(`${textOf("#totals")}.includes("1,000 open of 1,000")`);
    assertEquals(
      await page.value(textOf("#notice")),
      "The script has dropped the oldest 20,000 events; 20,000 of them before this page could show them.",
    );
    assert(await page.value<number>(rowsShown) < 120, "only visible rows are in the document");
    await page.value(`document.querySelector("#event-list").scrollTop = 0`);
    await page.until(`${textsIn("event-list", "what")}[0] === "message 19000"`);
    await page.fill("#find", "127.0.0.1:10777");
    await page.until(`${textsIn("flow-list", "number")}.join() === ",#777"`);
    await page.click("#flow-list [data-index='1']");
    await page.until(`${textsIn("event-list", "what")}.at(-1) === "message 118776"`);
    if (PICTURES !== undefined) await page.picture(`${PICTURES}/crowd.png`);
    assertEquals(await page.problems(), []);
  },
);

Deno.test(
  "Chromium -> the inspector: a phone shows one thing at a time, without scrolling sideways",
  CHROMIUM,
  async () => {
    await using shown = new Shown();
    const { page } = shown;
    shown.emit("accept", 1);
    shown.emit("read", 1, "x".repeat(500), { text: "A long sentence. ".repeat(20), mistake: 2 });
    await page.resize(360, 700);
    await shown.open();
    const visible =
      `["flows", "events", "detail"].filter((pane) => document.querySelector("." + pane).checkVisibility()).join()`;
    const isNarrow = `document.documentElement.scrollWidth <= 360 &&
    [...document.querySelectorAll(".list, .pane-head, .top")].every((part) => part.scrollWidth <= 360)`;
    for (const [pane, next] of [["flows", "#flow-list [data-index='1']"], ["events", "#event-list [data-index='1']"]]) {
      await page.until(`${visible} === "${pane}"`);
      assert(await page.value(isNarrow), pane);
      if (PICTURES !== undefined) await page.picture(`${PICTURES}/phone-${pane}.png`);
      await page.click(next ?? "");
    }
    await page.until(`${visible} === "detail"`);
    await page.until(`${textOf("#bytes .chars")} === "xxxxxxxx"`);
    assert(await page.value(isNarrow), "detail");
    await page.click(".detail .back");
    await page.until(`${visible} === "events"`);
    await page.click(".events .back");
    await page.until(`${visible} === "flows"`);
    assertEquals(await page.problems(), []);
  },
);
