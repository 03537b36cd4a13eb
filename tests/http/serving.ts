/**
 * HTTP servers on free ports, inside the test's process.
 *
 * @module
 */
import type { ServeOptions } from "../../lib/stream/server.ts";
import type { ServeTotals } from "../../lib/totals.ts";
import { ANY_HOST } from "../../http/request/hosts.ts";
import type { HttpSettings } from "../../http/serve/shared.ts";
import { serveHttp } from "../../http/serve/serve.ts";
import type { HttpLimits } from "../../http/serve/shared.ts";
import type { SiteFolder } from "../../http/site/inside.ts";
import { RawClient, RecordedEvents } from "../support/sockets.ts";

/** Limits that no test reaches by accident. */
export const LIMITS: HttpLimits = {
  maxLine: 16_384,
  maxHead: 65_536,
  maxFields: 100,
  maxBody: 1_000_000,
  maxRequests: 0,
  idleTime: 20_000,
  headTime: 20_000,
  requestTime: 20_000,
};

/** A server under test. It stops when it goes out of scope; its errors fail the test. */
export interface ServedHttp extends AsyncDisposable {
  readonly port: number;
  readonly events: RecordedEvents;
  readonly done: Promise<ServeTotals>;
  stop(): void;
  /** Connects. */
  client(): Promise<RawClient>;
  /** Sends text on a new connection and reads to the end. */
  ask(text: string | Uint8Array): Promise<string>;
}

/** Starts a server. */
export function serve(
  limits: Partial<HttpLimits> = {},
  { dir: folder = null, log = "prose", tls = null, hosts = ANY_HOST, ...options }:
    & Partial<Omit<HttpSettings, "dir">>
    & ServeOptions
    & { dir?: string | SiteFolder | null } = {},
): ServedHttp {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const events = new RecordedEvents();
  const controller = new AbortController();
  const dir = typeof folder === "string" ? { root: folder, dotfiles: false } : folder;
  const settings: HttpSettings = { limits: { ...LIMITS, ...limits }, log, hosts, dir, tls };
  const done = serveHttp(listener, settings, { events, signal: controller.signal, ...options });
  const stop = (): void => controller.abort();
  return {
    port,
    events,
    done,
    stop,
    client: () => RawClient.connect(port),
    async ask(text) {
      using client = await RawClient.connect(port);
      await client.send(text);
      return await client.rest();
    },
    async [Symbol.asyncDispose]() {
      stop();
      await done;
    },
  };
}

/** A parsed answer. */
export interface Answered {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Parses successive answers; bodies by length and in chunks. */
export function answersIn(text: string, methods: readonly string[] = []): Answered[] {
  const answers: Answered[] = [];
  for (let rest = text; rest !== "";) {
    const end = rest.indexOf("\r\n\r\n");
    const [line = "", ...lines] = rest.slice(0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
    if (end < 0 || Number.isNaN(status)) throw new Error(`no answer: ${JSON.stringify(rest)}`);
    const fields = new Map(
      lines.map((field) => [field.slice(0, field.indexOf(":")).toLowerCase(), field.replace(/^[^:]*: /, "")]),
    );
    rest = rest.slice(end + 4);
    let body = "";
    const bodiless = status < 200 || status === 204 || status === 304 ||
      methods[answers.filter((answer) => answer.status >= 200).length] === "HEAD";
    if (fields.get("transfer-encoding") === "chunked" && !bodiless) {
      for (;;) {
        const size = parseInt(rest, 16);
        const start = rest.indexOf("\r\n") + 2;
        body += rest.slice(start, start + size);
        rest = rest.slice(start + size + 2);
        if (size === 0) break;
      }
    } else if (!bodiless) {
      const length = Number(fields.get("content-length") ?? rest.length);
      body = rest.slice(0, length);
      rest = rest.slice(length);
    }
    answers.push({ status, fields, body });
  }
  return answers;
}
