/** The QR code on a terminal, read by zbarimg. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { paintRow, qrRows } from "../../lib/console/qr.ts";
import { reachableAddresses } from "../../lib/net/listen.ts";
import { ENVIRONMENT, needs, taskArgs, type TaskName } from "../support/script.ts";
import { needsPrograms, peer } from "./support.ts";
import { pictureOf, Screen, type Theme } from "./terminal_picture.ts";

const ROOT = new URL("../../", import.meta.url);
const READER = await needsPrograms("zbarimg");
const PROGRAMS = await needsPrograms("tmux", "zbarimg", "openssl");
const LAN = needs(reachableAddresses("0.0.0.0").length > 0, "an IPv4 address on a network");
const AT_TERMINAL = { ignore: PROGRAMS.ignore || LAN.ignore };

/** Solarized: its black is a blue, its bright white a cream. */
const colours = { 30: 43, 107: 246 };
const DARK: Theme = { text: 148, background: 35, colours };
const LIGHT: Theme = { text: 104, background: 246, colours };

/** What zbarimg reads on a terminal; "" for nothing. */
async function scan(rows: readonly string[], theme: Theme): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".pgm" });
  try {
    await Deno.writeFile(file, pictureOf(rows, theme));
    const { code, stdout } = await peer("zbarimg", ["--quiet", "--raw", file]);
    // Code 4: it found none.
    assert(code === 0 || code === 4, String(code));
    return stdout.trim();
  } finally {
    await Deno.remove(file);
  }
}

/** Starts a script in a terminal with colours. */
async function atTerminal(
  task: TaskName,
  args: readonly string[],
  { rows, env = {} }: { rows: number; env?: Record<string, string> },
): Promise<Screen> {
  const command = [Deno.execPath(), ...taskArgs(task), "--port", "0", ...args];
  return await Screen.open(command, { rows, env: { ...ENVIRONMENT, NO_COLOR: "", ...env }, cwd: ROOT });
}

const URLS = [
  "http://10.0.0.2:8080/",
  "http://[2001:db8:1234:5678:9abc:def0:1234:5678]:23456/",
  "https://192.168.178.123:23456/",
];

Deno.test("zbarimg reads the code of a URL on a dark terminal and on a light one", READER, async () => {
  for (const url of URLS) {
    const code = (await qrRows(url)).map(paintRow);
    for (const theme of [DARK, LIGHT]) assertEquals(await scan(["[+] Listening", ...code, "> "], theme), url);
  }
});

Deno.test("without colours of its own a code is lost on a dark terminal: NO_COLOR means none", READER, async () => {
  const code = await qrRows("http://10.0.0.2:8080/");
  assertEquals([await scan(code, DARK), await scan(code, LIGHT)], ["", "http://10.0.0.2:8080/"]);
});

Deno.test(
  "a room's code fits on a terminal of 24 rows, between its ready line and the input line",
  AT_TERMINAL,
  async () => {
    await using screen = await atTerminal("chat:server", [], { rows: 24 });
    const rows = await screen.until(/^\* you are server;[^]*^server:/m);
    assertMatch(rows[0] ?? "", /Listening on 0\.0\.0\.0:\d+$/);
    assertMatch(rows[23] ?? "", /^server:/);
    const [, url = ""] = /or open in its browser: (\S+)/.exec(rows.join("\n")) ?? [];
    assertMatch(url, /^http:\/\/[\d.]+:\d+\/$/);
    for (const theme of [DARK, LIGHT]) assertEquals(await scan(rows, theme), url);
    assertMatch(await (await fetch(url)).text(), /^<!doctype html>/i, "the page of the room");
  },
);

Deno.test("a terminal that is too low, NO_COLOR and --no-qr leave the URL alone", AT_TERMINAL, async () => {
  for (
    const [args, options] of [[[], { rows: 23 }], [[], { rows: 50, env: { NO_COLOR: "1" } }], [["--no-qr"], {
      rows: 50,
    }]] as const
  ) {
    await using screen = await atTerminal("chat:server", args, options);
    const shown = (await screen.until(/^\* you are server;[^]*^server:/m)).join("\n");
    assertStringIncludes(shown, "or open in its browser: http://");
    assertEquals(/[█▀▄]/.test(shown), false, shown);
  }
});

Deno.test(
  "with --tls the code is that of an https URL, and the fingerprint is what browsers compute",
  AT_TERMINAL,
  async () => {
    for (const task of ["http:server", "http:threaded", "chat:server"] as const) {
      await using screen = await atTerminal(task, ["--bind", "0.0.0.0", "--tls", "--ephemeral"], { rows: 50 });
      const rows = await screen.until(/^\[\+\] Open https:/m);
      const shown = rows.join("\n");
      const [, url = ""] = /or open in its browser: (\S+)/.exec(shown) ?? [];
      assertEquals(await scan(rows, DARK), url);
      const certificate = await peer("openssl", ["s_client", "-connect", `${new URL(url).host}`], "Q\n");
      const { stdout } = await peer("openssl", ["x509", "-noout", "-fingerprint", "-sha256"], certificate.stdout);
      const [, fingerprint = "none"] = /sha256 Fingerprint=(\S+)/i.exec(stdout) ?? [];
      // It takes two rows.
      assertStringIncludes(shown.replace(/\n +/g, ""), fingerprint);
    }
  },
);
