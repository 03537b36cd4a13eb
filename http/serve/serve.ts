/**
 * HTTP/1.1 on a listener: what `http:server` and each worker of `http:threaded` run.
 *
 * @module
 */
import type { RefusalKind } from "../../lib/stream/admission.ts";
import { stallTime } from "../../lib/stream/limits.ts";
import { NO_EVENTS } from "../../lib/events.ts";
import { MemoryBudget } from "../../lib/memory.ts";
import { type ServeOptions, serveTcp } from "../../lib/stream/server.ts";
import type { ServeTotals } from "../../lib/totals.ts";
import type { Layer } from "../../lib/net/layers.ts";
import type { StreamListener } from "../../lib/net/socket.ts";
import type { ServerTls } from "../../lib/tls/server.ts";
import { dateLine, refusalAnswer, writeBody, writeHead } from "../answer/answer.ts";
import { Clock } from "./clock.ts";
import { serveRequests } from "./connection.ts";
import { Hosts } from "../request/hosts.ts";
import { RequestLog } from "./request_log.ts";
import type { HttpSettings } from "./shared.ts";
import { AnswerBytes } from "../answer/bytes.ts";
import { malformed, Refusal } from "../request/refusal.ts";
import { routes } from "../site/routes.ts";
import type { HttpService } from "./shared.ts";

/** Serves clients on a bound listener, many at once, until the signal fires; requests under way are answered first. */
export async function serveHttp(
  listener: StreamListener,
  { limits, log, hosts, dir, tls }: HttpSettings,
  options: ServeOptions,
): Promise<ServeTotals> {
  const { events = NO_EVENTS, signal = new AbortController().signal, memory = new MemoryBudget(0) } = options;
  const { idleTime, headTime, requestTime } = limits;
  const stall = stallTime(idleTime);
  const service: HttpService = {
    site: dir === null ? routes : (await import("../site/files.ts")).fileSite(dir, routes),
    limits,
    clock: new Clock([idleTime, headTime, requestTime, stall]),
    stallTime: stall,
    log: new RequestLog(events, log),
    events,
    signal,
    outboxes: [],
    memory,
    hosts: new Hosts(hosts),
  };
  return await serveTcp(listener, (connection) => serveRequests(connection, service), {
    ...options,
    layers: { ...options.layers, tls: await tlsLayer(tls) },
    // Time is the session's business, with one clock for all: it depends on what the client owes whether it gets a 408.
    timeout: 0,
    stall: 0,
    report: false,
    refusal,
  });
}

/** The layer of TLS, if there is one; a client that speaks HTTP without it is told so in HTTP. */
async function tlsLayer(tls: ServerTls | null): Promise<Layer | undefined> {
  if (tls === null) return undefined;
  const { tlsServer } = await import("../../lib/tls/server.ts");
  const plaintextReply = answerBytes(malformed("this port speaks TLS: its URL starts with https, not http"));
  return tlsServer({ ...tls, plaintextReply });
}

/** A client that is turned away before its first request is told so in HTTP. */
function refusal(sentence: string, kind: RefusalKind): Uint8Array {
  return answerBytes(kind === "full" ? new Refusal(503, sentence, { retryAfter: 5 }) : new Refusal(403, sentence));
}

/** A refusal as the whole answer of a connection that ends with it. */
export function answerBytes(refusal: Refusal): Uint8Array {
  const answer = refusalAnswer(refusal);
  const outbox = new AnswerBytes();
  writeHead(outbox, answer, { minor: 1, keepAlive: false, date: dateLine(Date.now()) });
  writeBody(outbox, answer.body);
  return outbox.take();
}
