/**
 * http:server is a hand-written HTTP/1.1 server that shows each visitor the request as received.
 *
 * ```sh
 * deno task http:server
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,PLAINWIRE,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$INIT_CWD,/tmp,$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-net --allow-sys=networkInterfaces,hostname http/server.ts
 * ```
 *
 * Try it, in a second terminal:
 *
 * ```
 * $ curl 127.0.0.1:8080                 $ deno task http:server
 * <!doctype html>                       [+] Listening on 127.0.0.1:8080
 * …                                     …
 *                                       ----- HTTP REQUEST from 127.0.0.1:52884 -----
 *                                       GET / HTTP/1.1
 *                                       Host: 127.0.0.1:8080
 *                                       …
 *                                       ---------------------------------------------
 *                                       [+] 127.0.0.1:52884 GET / -> 200, 8.92 kB in 0.42 ms
 * ```
 *
 * @module
 */
import { urlOf } from "../lib/addr.ts";
import { reserveOutput } from "../lib/console/log.ts";
import { announce, BACKLOG } from "../lib/net/listen.ts";
import { pageLink } from "../lib/script/page_link.ts";
import { admissionFlags, bindFlags, serveOptions } from "../lib/script/shared_flags.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { totalsLine } from "../lib/totals.ts";
import { serverTls } from "../lib/script/tls_flags.ts";
import { httpFlags, httpSettings, siteFlags } from "./flags.ts";
import { curlCommand } from "./join.ts";
import { serveHttp } from "./serve/serve.ts";

const flags = {
  ...bindFlags({ bind: "127.0.0.1", port: 8080 }),
  ...siteFlags,
  ...admissionFlags,
  ...httpFlags,
};

/** The description of `http:server`. */
export const script: Script<typeof flags> = {
  name: "http:server",
  role: "server",
  summary: "Hand-written HTTP/1.1 server that shows each request as received",
  example: {
    flags: "--port 8000 --dir .",
    does: "Serves the files of this folder at http://127.0.0.1:8000/.",
  },
  flags,
};

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, events } = run;
    if (options.log === "common") reserveOutput(events, "request");
    const secrets = await serverTls(run, { alpn: ["http/1.1"] });
    const tls = secrets !== null;
    const settings = await httpSettings(options, secrets?.settings ?? null);
    const at = { hostname: options.bind, port: options.port, tcpBacklog: BACKLOG };
    using listener = await run.listenTcp(() => Deno.listen(at), at);
    const page = await pageLink(run, listener.addr, secrets?.certificate ?? null);
    announce(events, listener, (endpoint) => curlCommand(endpoint, secrets?.fingerprint ?? null), { tls, page });
    events.emit({ event: "notice", message: `Open ${urlOf(listener.addr, { tls })}` });
    const totals = await serveHttp(listener, settings, serveOptions(run));
    return totalsLine(totals, events);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
