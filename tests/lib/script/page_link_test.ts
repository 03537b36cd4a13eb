import { assertEquals } from "@std/assert";
import { Log } from "../../../lib/console/log.ts";
import { LineOutput } from "../../../lib/console/output.ts";
import { qrRows } from "../../../lib/console/qr.ts";
import { NO_EVENTS } from "../../../lib/events.ts";
import { pageLink } from "../../../lib/script/page_link.ts";
import { FakeSink } from "../fakes.ts";

const permissions = "none";
const AT = { hostname: "10.0.0.2", port: 80 };

/** The log of a terminal. */
function log({ colour = true, quiet = false, json = false } = {}): Log {
  const out = new LineOutput(new FakeSink());
  return new Log({ role: "server", json, quiet, colour, out, err: out });
}

Deno.test("pageLink() has the URLs and, with TLS, the fingerprint of the certificate", { permissions }, async () => {
  const run = { options: { noQr: false }, events: NO_EVENTS };
  assertEquals(await pageLink(run, AT, null), { urls: ["http://10.0.0.2:80/"] });
  const secure = { urls: ["https://[fd00::2]:80/"], certificate: "AB:CD" };
  assertEquals(await pageLink(run, { hostname: "fd00::2", port: 80 }, "AB:CD"), secure);
  assertEquals(await pageLink(run, { hostname: "127.0.0.1", port: 80 }, null), { urls: ["http://127.0.0.1:80/"] });
});

Deno.test("pageLink() has the code of an address that others reach, for a log that shows it, without --no-qr", {
  permissions,
}, async () => {
  const code = async (hostname: string, { noQr = false, events = log() } = {}): Promise<readonly string[]> =>
    (await pageLink({ options: { noQr }, events }, { hostname, port: 80 }, null)).qr ?? [];
  assertEquals(await code("10.0.0.2"), await qrRows("http://10.0.0.2:80/"));
  assertEquals(await code("fd00::2"), await qrRows("http://[fd00::2]:80/"));
  assertEquals(await code("10.0.0.2", { noQr: true }), []);
  for (const options of [{ colour: false }, { quiet: true }]) {
    assertEquals(await code("10.0.0.2", { events: log(options) }), []);
  }
  // Only for this machine; a URL that no browser opens; addresses that it may not read.
  for (const hostname of ["127.0.0.1", "::1", "fe80::1%eth0", "0.0.0.0"]) assertEquals(await code(hostname), []);
});
