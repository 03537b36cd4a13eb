/**
 * Serves HTTP/1.1 on a listener, for `http:server` and each worker of `http:threaded`.
 *
 * @module
 */
import { stallTime } from "../../lib/stream/limits.ts";
import { NO_EVENTS } from "../../lib/events.ts";
import { MemoryBudget } from "../../lib/memory.ts";
import { type ServeOptions, serveTcp } from "../../lib/stream/server.ts";
import type { ServeTotals } from "../../lib/totals.ts";
import type { Layer } from "../../lib/net/layers.ts";
import type { StreamListener } from "../../lib/net/socket.ts";
import type { ServerTls } from "../../lib/tls/server.ts";
import { Clock } from "./clock.ts";
import { serveRequests } from "./connection.ts";
import { Hosts } from "../request/hosts.ts";
import { plaintextBytes, refusalBytes, withAnswers } from "./refusals.ts";
import { RequestLog, withoutConnections } from "./request_log.ts";
import type { HttpSettings } from "./shared.ts";
import { routes, routesBesideFiles } from "../site/routes.ts";
import type { HttpService } from "./shared.ts";

/** Serves clients on a bound listener concurrently until the signal aborts; open requests are still answered. */
export async function serveHttp(
  listener: StreamListener,
  { limits, log, hosts, dir, tls }: HttpSettings,
  options: ServeOptions,
): Promise<ServeTotals> {
  const { events: all = NO_EVENTS, signal = new AbortController().signal, memory = new MemoryBudget(0) } = options;
  const requests = new RequestLog(all, log);
  const shown = log === "common" ? withoutConnections(all) : all;
  const events = withAnswers(shown, (refused) => requests.eventOf(refused));
  const { idleTime, headTime, requestTime } = limits;
  const stall = stallTime(idleTime);
  const service: HttpService = {
    site: dir === null ? routes : (await import("../site/files.ts")).fileSite(dir, routesBesideFiles),
    limits,
    clock: new Clock([idleTime, headTime, requestTime, stall]),
    stallTime: stall,
    log: requests,
    events,
    signal,
    outboxes: [],
    memory,
    hosts: new Hosts(hosts),
  };
  return await serveTcp(listener, (connection) => serveRequests(connection, service), {
    ...options,
    events,
    layers: { ...options.layers, tls: await tlsLayer(tls) },
    // The sessions check time limits with one shared clock, since whether a 408 is due depends on what the client must send next; a
    // connection's own timer would cost 4% of the CPU time of a short one.
    timeout: 0,
    stall: 0,
    messageTime: 0,
    report: false,
    refusal: refusalBytes,
  });
}

/** The TLS layer, if any; a client that speaks plain HTTP gets an HTTP answer that says so. */
async function tlsLayer(tls: ServerTls | null): Promise<Layer | undefined> {
  if (tls === null) return undefined;
  const { tlsServer } = await import("../../lib/tls/server.ts");
  return tlsServer({ ...tls, plaintextReply: plaintextBytes });
}
