/**
 * http:threaded is http:server with one worker per core; each accepts connections on the same port.
 *
 * ```sh
 * deno task http:threaded
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,PLAINWIRE,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$INIT_CWD,/tmp,$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-net --allow-sys=networkInterfaces,hostname http/threaded.ts
 * ```
 *
 * Try it, in a second terminal:
 *
 * ```
 * $ curl 127.0.0.1:8080                 $ deno task http:threaded
 * <!doctype html>                       [+] Listening on 127.0.0.1:8080
 * …                                     …
 *                                       [+] Open http://127.0.0.1:8080/, served by 2 workers
 *                                       ----- HTTP REQUEST from 127.0.0.1:52884 -----
 *                                       GET / HTTP/1.1
 *                                       …
 *                                       [+] 127.0.0.1:52884 GET / -> 200, 8.92 kB in 0.42 ms
 * ```
 *
 * @module
 */
import { urlOf } from "../lib/addr.ts";
import { UsageError } from "../lib/errors.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { orderByTime, reserveOutput } from "../lib/console/log.ts";
import { announce } from "../lib/net/listen.ts";
import { pageLink } from "../lib/script/page_link.ts";
import { admissionFlags, bindFlags } from "../lib/script/shared_flags.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { totalsLine } from "../lib/totals.ts";
import { plural } from "../lib/text.ts";
import { serverTls } from "../lib/script/tls_flags.ts";
import { runWorkers } from "./threads/workers.ts";
import { httpFlags, httpSettings, siteFlags } from "./flags.ts";
import { curlCommand } from "./join.ts";

const flags = {
  ...bindFlags({ bind: "127.0.0.1", port: 8080 }),
  workers: flag.integer("number of threads; 0 = one per core", { default: 0, min: 0, max: 256 }),
  ...siteFlags,
  ...admissionFlags,
  ...httpFlags,
};

/** The description of `http:threaded`. */
export const script: Script<typeof flags> = {
  name: "http:threaded",
  role: "server",
  summary: "HTTP/1.1 server with one worker per core on one port",
  example: {
    flags: "--workers 4 --quiet",
    does: "Serves http://127.0.0.1:8080/ with four threads and logs no requests.",
  },
  flags,
  check: ({ given }) => {
    // Deno.listen shares a port among workers; only node:net could reset a connection.
    if (given.has("resetAfter")) throw new UsageError("Cannot use --reset-after with http:threaded: use http:server");
  },
};

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, events, signal, wire, faults } = run;
    if (options.log === "common") reserveOutput(events, "request");
    if (options.once && options.workers > 1) {
      throw new UsageError("Cannot use --once with more than one worker: it serves one client");
    }
    const { once, maxConnections, maxMemory, allow, json, bind: hostname, port } = options;
    // Windows gives all connections to the first listener.
    const workers = once || Deno.build.os === "windows" ? 1 : options.workers || navigator.hardwareConcurrency;
    const secrets = await serverTls(run, { alpn: ["http/1.1"] });
    const tls = secrets !== null;
    const settings = await httpSettings(options, secrets?.settings ?? null);
    // Each worker calls Deno.listen with `reusePort`: http/threads/worker.ts.
    const totals = await runWorkers({
      endpoint: { hostname, port },
      settings,
      serve: { once, maxConnections, allow },
      maxMemory,
      json,
      workers,
      events,
      wire,
      faults,
      signal,
      onReady: async (bound) => {
        const addr = { transport: "tcp" as const, ...bound };
        const page = await pageLink(run, bound, secrets?.certificate ?? null);
        announce(events, { addr }, (endpoint) => curlCommand(endpoint, secrets?.fingerprint ?? null), { tls, page });
        events.emit({
          event: "notice",
          message: `Open ${urlOf(bound, { tls })}, served by ${plural(workers, "worker")}`,
        });
        orderByTime(events);
      },
    });
    return totalsLine(totals, events);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
