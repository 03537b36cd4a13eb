import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { roomPage, type RoomPageOptions, STYLES } from "../../../../chat/transport/web/page.ts";

const PAGE = new URL("../../../../chat/transport/web/page/", import.meta.url);
const tls: RoomPageOptions["tls"] = { certificate: "3A:7F:00", pin: "sha256:ab12" };

/** The texts of the modules by their names. */
async function modules(): Promise<Map<string, string>> {
  const files = await Array.fromAsync(Deno.readDir(PAGE), ({ name }) => name);
  const scripts = files.filter((name) => name.endsWith(".js"));
  return new Map(
    await Promise.all(scripts.map(async (name) => [name, await Deno.readTextFile(new URL(name, PAGE))] as const)),
  );
}

/** The contents of each element of a kind in the page. */
const insides = (html: string, tag: string): string[] =>
  [...html.matchAll(new RegExp(`<${tag}(?: [^>]*)?>([^]*?)</${tag}>`, "g"))].map(([, text = ""]) => text);

Deno.test("the page is one file below 60 kB that names nothing outside, and its policy allows just that", async () => {
  for (const encrypted of [null, tls]) {
    const { html, policy } = await roomPage({ room: "7b", maxLine: 99, tls: encrypted });
    assert(new TextEncoder().encode(html).length < 60_000);
    assertEquals(/\{\{|<link (?!rel="icon" href="data:,")|\s(?:src|action|style|on\w+)=/.exec(html), null);
    for (const [tag, directive] of [["script", "script-src"], ["style", "style-src"]] as const) {
      const [text = "", ...others] = insides(html, tag);
      assert(text.length > 1000);
      assertEquals(others, []);
      const hash = createHash("sha256").update(text).digest("base64");
      assert(policy.includes(`${directive} 'sha256-${hash}'`), directive);
    }
    assert(policy.startsWith("default-src 'none'; "));
  }
});

Deno.test("the page escapes what its server is called, and shows the fingerprints with TLS only", async () => {
  const { html } = await roomPage({ room: "</title><script>\x1b[1m\u202e", maxLine: 99, tls });
  assertEquals(insides(html, "title"), ["&lt;/title&gt;&lt;script&gt;␛[1m\\u202e"]);
  assert(html.includes("<code>3A:7F:00</code>") && html.includes("<code>sha256:ab12</code>"));
  const { html: plain } = await roomPage({ room: "$& 7b", maxLine: 99, tls: null });
  assert(plain.includes("not encrypted") && !plain.includes("fingerprint"));
  assertEquals(insides(plain, "title"), ["$&amp; 7b"]);
});

Deno.test("the page's modules can be one script: each comes after those that it imports, and no name stands twice", async () => {
  const found = await modules();
  const { html } = await roomPage({ room: "", maxLine: 99, tls: null });
  const [script = ""] = insides(html, "script");
  const names = [...script.matchAll(/^(?:async )?(?:class|const|let|function) (\w+)/gm)].map(([, name = ""]) => name);
  assertEquals(names.filter((name, at) => names.indexOf(name) !== at), []);
  assertEquals(/^(?:import|export)\b|^\s*(?:\/\*|\/\/|\* )/m.exec(script)?.[0], undefined);
  // What a browser would say of a syntax error.
  new Function(`return async () => {${script}}`);
  for (const [name, text] of found) {
    const declared = [...text.matchAll(/^export (?:async )?(?:class|const|function) (\w+)/gm)].map(([, own = ""]) =>
      own
    );
    for (const own of declared) assert(names.includes(own), `${name}: ${own}`);
    for (const [, , from = ""] of text.matchAll(/^import \{([^}]*)\} from "\.\/(\w+\.js)"/gm)) {
      assert(found.has(from), `${name} imports ${from}`);
    }
  }
});

/** The colours of a scheme, by their names. */
function colours(dark: boolean): Map<string, string> {
  const css = STYLES.join("");
  const blocks = [...css.matchAll(/:root \{([^}]*)\}/g)].slice(0, dark ? 2 : 1).map(([, block = ""]) => block);
  return new Map(
    blocks.flatMap((block) => [...block.matchAll(/--(\w[\w-]*): (#\w+);/g)]).map((
      [, name = "", value = ""],
    ) => [name, value]),
  );
}

/** The relative luminance of a colour (WCAG 2.2). */
function luminance(colour: string): number {
  const digits = colour.length === 4
    ? [...colour.slice(1)].map((digit) => digit + digit)
    : colour.slice(1).match(/../g);
  const [red = 0, green = 0, blue = 0] = (digits ?? []).map((pair) => {
    const part = parseInt(pair, 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const NAME_COLOURS = Array.from({ length: 8 }, (_, at) => `c${at}`);
/** What stands on what, and the least contrast: 4.5 for text, 3 for the edges of controls (WCAG 2.2, 1.4.3 and 1.4.11). */
const PAIRS: readonly (readonly [string, string, number])[] = [
  ...["ink", "soft", "bad", "warn"].flatMap((ink) => [[ink, "paper", 4.5], [ink, "card", 4.5]] as const),
  ...["ink", "soft"].flatMap((ink) => [[ink, "own", 4.5], [ink, "private", 4.5]] as const),
  ...NAME_COLOURS.flatMap((name) => [[name, "paper", 4.5], [name, "card", 4.5]] as const),
  ["on-accent", "accent", 4.5],
  ...["edge", "accent"].flatMap((edge) => [[edge, "paper", 3], [edge, "card", 3]] as const),
];

Deno.test("every text has enough contrast, in the light and in the dark", () => {
  for (const dark of [false, true]) {
    const known = colours(dark);
    for (const [ink, paper, least] of PAIRS) {
      const [one = NaN, other = NaN] = [ink, paper].map((name) => luminance(known.get(name) ?? "#"));
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      assert(contrast >= least, `${ink} on ${paper}${dark ? " (dark)" : ""}: ${contrast.toFixed(2)}`);
    }
  }
});
