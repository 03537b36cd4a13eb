/**
 * http:server is an HTTP/1.1 server by hand: it shows each visitor the request that came over the wire.
 *
 * ```sh
 * deno task http:server
 * deno run --no-prompt --allow-net --allow-sys=networkInterfaces --allow-read http/server.ts
 * ```
 *
 * Try it, in a second terminal:
 *
 * ```
 * $ curl 127.0.0.1:8080                 $ deno task http:server
 * <!doctype html>                       [+] Listening on 127.0.0.1:8080
 * ...                                   ----- HTTP REQUEST from 127.0.0.1:52884 -----
 *                                       GET / HTTP/1.1
 *                                       Host: 127.0.0.1:8080
 * ```
 *
 * @module
 */
import { announce, listenTcp } from "../lib/listen.ts";
import { admissionFlags, bindFlags, serveOptions } from "../lib/options.ts";
import { runScript, type Script } from "../lib/script.ts";
import { totalsLine } from "../lib/server.ts";
import { httpFlags, httpSettings, urlOf } from "./options.ts";
import { serveHttp } from "./serve.ts";

const flags = {
  ...bindFlags({ bind: "127.0.0.1", port: 8080 }),
  ...admissionFlags,
  ...httpFlags,
};

/** What `http:server` says of itself. */
export const script: Script<typeof flags> = {
  name: "http:server",
  role: "server",
  summary: "HTTP/1.1 server by hand that shows each request as it came",
  example: {
    flags: "--port 8000 --log common",
    does: "Serves http://127.0.0.1:8000/ and logs each request as one line in the Common Log Format.",
  },
  flags,
};

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async ({ options, events, signal }) => {
    const settings = await httpSettings(options);
    using listener = listenTcp({ hostname: options.bind, port: options.port });
    announce(events, listener, (endpoint) => `curl ${urlOf(endpoint)}`);
    events.emit({ event: "notice", message: `Open ${urlOf(listener.addr)}` });
    const totals = await serveHttp(listener, settings, { ...serveOptions(options), events, signal });
    return totalsLine(totals, events);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
