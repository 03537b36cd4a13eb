import { assert, assertEquals } from "@std/assert";
import { type RunningServer, startServer } from "../support/script.ts";
import { join, LINES, load, say, showsLine, textIs, textOf } from "./chat_page.ts";
import { RemotePage } from "./remote_page.ts";
import { launch, needsPrograms } from "./support.ts";

const CHROMIUM = await needsPrograms("chromium");
/** A folder for screenshots that a person may look at. */
const PICTURES = Deno.env.get("PICTURES");
const room = (...args: string[]): Promise<RunningServer> =>
  startServer("chat:server", ["--bind", "127.0.0.1", ...args], { stdin: true });
const urlOf = ({ port }: RunningServer, scheme = "http"): string => `${scheme}://127.0.0.1:${port}/`;

/** Lines of every kind. */
async function talk(server: RunningServer, page: RemotePage): Promise<void> {
  await server.script.type("Good morning! The slides are at https://example.org/slides?week=3\n/me waves\n");
  await server.script.type("/msg alice only you can read this, and it is rather long for a phone\n");
  for (const line of ["hello", "I come a little later", "/me is on the train", "/msg server thanks", "/help", "/who"]) {
    await say(page, line);
  }
  await page.until(`${LINES}.some((line) => line.startsWith("2 here"))`);
}

async function picture(page: RemotePage, name: string): Promise<void> {
  if (PICTURES !== undefined) await page.picture(`${PICTURES}/${name}.png`);
}

/** Whether the page scrolls sideways, and which visible controls are smaller than a finger, or out of sight. */
const FAULTS_OF_SIZE = `(() => {
  const controls = [...document.querySelectorAll("button, input, textarea, summary, [role=option]")]
    .filter((control) => control.checkVisibility() && !control.closest("[inert]"));
  const faults = controls.flatMap((control) => {
    const { left, right, bottom, width, height } = control.getBoundingClientRect();
    const isOut = left < 0 || right > innerWidth || (control.id === "input" && bottom > innerHeight);
    return height < 44 || width < 44 || isOut ? [(control.id || control.textContent) + ": " + width + " x " + height] : [];
  });
  const { scrollWidth } = document.documentElement;
  const wide = [...document.querySelectorAll("#scroller, #panel, .choices")].filter((box) => box.scrollWidth > box.clientWidth);
  return [...faults, ...scrollWidth > innerWidth ? ["it scrolls sideways"] : [], ...wide.map(({ id }) => id + " does")];
})()`;

/** Expects no such fault that stays: the page follows its window with the next frame. */
async function expectWithinReach(page: RemotePage, where = ""): Promise<void> {
  await page.until(`${FAULTS_OF_SIZE}.length === 0`).catch(() => {});
  assertEquals(await page.value(FAULTS_OF_SIZE), [], where);
}

Deno.test(
  "Chromium -> the room's page: on a phone everything is within reach, also above its keyboard",
  CHROMIUM,
  async () => {
    await using server = await room();
    await using page = new RemotePage();
    await page.resize(360, 740);
    await load(page, urlOf(server));
    await picture(page, "phone-name");
    await join(page, urlOf(server), "alice");
    await talk(server, page);
    for (const [width, height] of [[360, 740], [320, 568], [360, 360], [640, 400], [1280, 800]] as const) {
      await page.resize(width, height);
      await expectWithinReach(page, `${width} x ${height}`);
      await page.until(`scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 2`);
      await picture(page, `light-${width}`);
    }
    await page.resize(360, 740);
    await page.fill("#input", "/");
    await expectWithinReach(page);
    await picture(page, "phone-commands");
    await page.fill("#input", "");
    await page.click("#open-panel");
    await page.until(
      `document.activeElement.id === "close-panel" && panel.getBoundingClientRect().right <= innerWidth`,
    );
    await expectWithinReach(page);
    await picture(page, "phone-members");
    await page.press("Escape");
    await page.until(`document.activeElement.id === "open-panel"`);
    await page.click("#open-panel");
    await page.click("text=write privately");
    await page.until(`input.value === "/msg server " && document.activeElement.id === "input"`);
    await page.fill("#input", "half a line");
    await page.click("#open-panel");
    await page.click("#rename");
    assertEquals(await page.value(textOf("#take-name")), "Use this name");
    await page.fill("#name", "server");
    await page.press("Enter");
    await page.until(textIs("#name-problem", "You are alice for now: the name server is taken."));
    await expectWithinReach(page);
    await page.click("text=Stay alice");
    await page.until(`!naming.open && document.activeElement.id === "input"`);
    assertEquals(await page.value(`input.value`), "half a line");
  },
);

/** The texts whose contrast with what is behind them is below 4.5, computed from what is shown. */
const FAINT = `(() => {
  const partsOf = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => [red, green, blue].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    const parts = partsOf(getComputedStyle(element).backgroundColor);
    return parts[3] === 0 ? behind(element.parentElement) : parts;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  for (let text; (text = texts.nextNode()) !== null;) {
    const element = text.parentElement;
    if (text.data.trim() === "" || !element.checkVisibility({ visibilityProperty: true }) || element.closest("script")) continue;
    const [one, other] = [partsOf(getComputedStyle(element).color), behind(element)].map(luminance);
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(text.data.trim() + ": " + contrast.toFixed(2));
  }
  return faint;
})()`;

Deno.test("Chromium -> the room's page: every text has enough contrast, light and dark", CHROMIUM, async () => {
  await using server = await room();
  await using page = new RemotePage();
  await join(page, urlOf(server), "alice");
  await talk(server, page);
  await server.script.type("/mute alice\n");
  await page.until(`${LINES}.some((line) => line.includes("muted"))`);
  await say(page, "unheard");
  await page.until(`document.querySelector(".failed") !== null`);
  for (const value of ["light", "dark"]) {
    await page.devTools("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
    await page.until(`matchMedia("(prefers-color-scheme: ${value})").matches`);
    assertEquals(await page.value(FAINT), [], value);
    await picture(page, `desktop-${value}`);
  }
  await page.resize(360, 740);
  await picture(page, "phone-dark");
  await server.script.type("/unmute alice\n");
  await page.until(`${LINES}.some((line) => line.includes("no longer muted"))`);
  await page.click("text=Send again");
  await page.until(`${showsLine("unheard")} && document.querySelector(".failed") === null`);
});

interface AccessibilityNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
}

/** What a screen reader finds: roles with their names. */
async function accessible(page: RemotePage): Promise<string[]> {
  const { nodes } = await page.devTools<{ nodes: AccessibilityNode[] }>("Accessibility.getFullAXTree");
  return nodes.filter(({ ignored }) => !ignored).map(({ role, name }) => `${role?.value} ${name?.value ?? ""}`.trim());
}

Deno.test(
  "Chromium -> the room's page: a screen reader finds each control by its role and name",
  CHROMIUM,
  async () => {
    await using server = await room();
    await using page = new RemotePage();
    await page.resize(360, 740);
    await load(page, urlOf(server));
    const first = await accessible(page);
    for (
      const node of ["dialog What shall the others call you?", "textbox Your name, one word", "button Join the room"]
    ) {
      assert(first.includes(node), `${node} in ${first}`);
    }
    await join(page, urlOf(server), "alice");
    await talk(server, page);
    await page.fill("#input", "/");
    const found = await accessible(page);
    const expected = [
      ...[
        "banner",
        "main",
        "status",
        "button 2 here",
        "log What was said",
        "textbox Your line to everyone, or a command",
      ],
      ...[
        "button Send",
        "listbox What you may mean",
        "option /who who is here",
        "heading Chat room",
        "heading What is said",
      ],
    ];
    for (const node of expected) assert(found.includes(node), `${node} in ${found.join(", ")}`);
    const controls = /^(?:button|textbox|link|option|listbox|log|dialog|heading|region|list|DisclosureTriangle)$/;
    assertEquals(found.filter((node) => controls.test(node)), [], "a role without a name");
    assertEquals(await page.value(`document.querySelector("#log").ariaLive`), "polite");
    await page.fill("#input", "");
    await page.click("#open-panel");
    const drawer = await accessible(page);
    for (
      const node of [
        "complementary Members and help",
        "button server write privately",
        "heading 2 here",
        "button Close",
      ]
    ) {
      assert(drawer.includes(node), `${node} in ${drawer.join(", ")}`);
    }
    assert(!drawer.includes("button Send"), "what is behind the drawer is out of reach");
  },
);

Deno.test(
  "Chromium -> the room's page: the keyboard alone: completion, recall, several lines, input methods",
  CHROMIUM,
  async () => {
    await using server = await room();
    await using page = new RemotePage();
    await join(page, urlOf(server), "alice");
    const value = "input.value";
    await page.type("/m");
    await page.until(`!choices.hidden`);
    for (const key of ["ArrowDown", "ArrowDown", "Tab"]) await page.press(key);
    assertEquals(await page.value(value), "/msg ");
    await page.type("SE");
    await page.press("Tab");
    assertEquals(await page.value(value), "/msg server ");
    await page.press("Tab");
    assertEquals(
      await page.value(`document.activeElement.id`),
      "send",
      "Tab goes on where there is nothing to complete",
    );
    await page.fill("#input", "/");
    await page.press("Escape");
    assertEquals(await page.value(`choices.hidden`), true);
    await say(page, "first");
    await say(page, "second");
    await page.until(showsLine("second"));
    for (
      const [key, line] of [["ArrowUp", "second"], ["ArrowUp", "first"], ["ArrowDown", "second"], ["ArrowDown", ""]]
    ) {
      await page.press(key ?? "");
      assertEquals(await page.value(value), line);
    }
    await page.fill("#input", "か");
    await page.value(`input.dispatchEvent(new KeyboardEvent("keydown",
    { key: "Enter", isComposing: true, bubbles: true, cancelable: true }))`);
    assertEquals(await page.value(value), "か", "Enter chose a character");
    const lines = Array.from({ length: 7 }, (_, line) => `line ${line}`);
    await page.fill("#input", lines.join("\n"));
    await page.press("Enter");
    assertEquals(await page.value(textOf("#problem")), "These are 7 lines. Send once more to send them all.");
    await page.press("Enter");
    await page.until(showsLine("line 6"));
    assertEquals(await page.value(value), "");
  },
);

Deno.test(
  "Chromium -> the room's page: a reader who has scrolled up stays there, and is told how much is new",
  CHROMIUM,
  async () => {
    await using server = await room();
    await using page = new RemotePage();
    await join(page, urlOf(server), "alice");
    await server.script.type(Array.from({ length: 60 }, (_, line) => `line ${line}\n`).join(""));
    await page.until(showsLine("line 59"));
    await page.until(`scroller.scrollTop > 0`);
    await page.value(`scroller.scrollTop = 100`);
    await page.until(`!newest.hidden`);
    await server.script.type("one more\nand another\n");
    await page.until(textIs("#newest", "2 new lines ↓"));
    assertEquals(await page.value(`scroller.scrollTop`), 100);
    await page.click("#newest");
    await page.until(`newest.hidden && scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 2`);
  },
);

Deno.test(
  "Chromium -> the room's page: what a member writes is text",
  await needsPrograms("chromium", "nc"),
  async () => {
    await using server = await room("--max-message", "65536");
    await using page = new RemotePage();
    await page.resize(360, 740);
    await join(page, urlOf(server), "alice");
    await using nc = launch("nc", ["127.0.0.1", `${server.port}`]);
    const hostile = `<img src=x onerror="document.title='bad'"><script>document.title='bad'</script>`;
    await nc.type(`/nick bob\n${hostile}\n\u202egnp.exe\u202c \x1b[31m\n/me ${hostile}\n${"W".repeat(60_000)}\nlast\n`);
    await page.until(showsLine("last"));
    assertEquals(await page.value(`[document.title, document.querySelectorAll("img, #log script").length]`), [
      "Chat room",
      0,
    ]);
    assertEquals(await page.value(`[${showsLine(hostile)}, ${showsLine("W".repeat(60_000))}]`), [true, true]);
    await expectWithinReach(page);
    // Should a mistake ever write markup, the policy of the page refuses it.
    assertEquals(
      await page.value(`(() => { try { document.body.innerHTML = "x"; } catch (error) { return error.name; } })()`),
      "TypeError",
    );
  },
);

Deno.test(
  "Chromium -> the room's page with TLS: it connects, and shows the fingerprints to compare",
  CHROMIUM,
  async () => {
    await using server = await room("--tls");
    const [, pin = ""] = await server.script.until(/(sha256:[0-9a-f]{64})/);
    await using page = new RemotePage();
    await join(page, urlOf(server, "https"), "alice");
    const codes = await page.value<string[]>(
      `[...document.querySelectorAll("#panel dd")].map((code) => code.textContent)`,
    );
    assertEquals(codes[1], pin);
    const [certificate = ""] = codes;
    assert(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/.test(certificate), certificate);
    await page.click("#panel summary");
    await picture(page, "desktop-tls");
  },
);
