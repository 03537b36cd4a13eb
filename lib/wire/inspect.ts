/**
 * `--inspect`: the wire of a running script in a browser on this machine.
 *
 * In `inspect/`: `history.ts` keeps the events, `flows.ts` what is known of each connection, `live.ts` sends both to the browsers that
 * follow, `bytes.ts` and `download.ts` answer what they ask for, `gate.ts` keeps everyone else out. `page/` runs in the browser.
 *
 * @module
 */
import { isLoopback } from "../addr.ts";
import { Exit, Failure } from "../errors.ts";
import type { Role } from "../events.ts";
import { ifPermitted } from "../permission.ts";
import { within } from "../within.ts";
import type { Remark, WireEvent, WireReader } from "./event.ts";
import { bytesAnswer, streamAnswer } from "./inspect/bytes.ts";
import { Flows } from "./inspect/flows.ts";
import { admit, type Asked, FIELDS, type Gate, policy, refusal, secret } from "./inspect/gate.ts";
import { History, type HistoryBounds } from "./inspect/history.ts";
import { Live } from "./inspect/live.ts";
import { PAGE_FILES, pageFor } from "./inspect/page.ts";

/** Options of {@linkcode openInspect}. */
export interface InspectOptions {
  /** The script, as in `tcp:server`. */
  readonly title: string;
  readonly role: Role;
  /** Told once if the inspector itself fails in a request; the run goes on. */
  onTrouble(message: string): void;
  /** How much is kept for the browsers. */
  readonly bounds?: HistoryBounds;
}

/** The inspector of a run. */
export interface Inspector extends WireReader {
  /** Where a browser finds it. Its path is secret, as the page shows every byte. */
  readonly url: string;
  end(): Promise<void>;
}

/** The most browsers at a time. */
const MAX_BROWSERS = 16;
/** How long the end of a run waits for the browsers to be told (ms). */
const END_LIMIT = 800;

/**
 * Opens the inspector: a server on 127.0.0.1 that shows the events of this run as they happen. It keeps the newest 100,000 events and
 * 64 MiB of their bytes. No browser slows the run down by being slow.
 *
 * @param port 0 takes any free port.
 * @returns The inspector; {@linkcode Inspector.end} closes it once the browsers know that the run is over, at the latest in a second.
 * @throws {Failure} With code 9 when the port is in use or not permitted.
 *
 * @example Usage
 * ```ts
 * import { openInspect } from "./inspect.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const inspect = openInspect(0, { title: "tcp:server", role: "server", onTrouble: () => {} });
 * const page = await fetch(inspect.url);
 * assertEquals([page.status, (await page.text()).includes("tcp:server")], [200, true]);
 * await inspect.end();
 * ```
 */
export function openInspect(port: number, options: InspectOptions): Inspector {
  const history = new History(options.bounds);
  const flows = new Flows();
  const live = new Live(history, flows);
  const gate = { port, token: secret() };
  const server = serve(gate, options, (asked, request) => {
    if (asked.path === "") return pageAnswer(options);
    if (asked.path === "live") return liveAnswer(live, asked, request);
    if (asked.path === "bytes") return bytesAnswer(history, asked.query);
    if (asked.path === "stream") return streamAnswer(history, asked.query);
    if (asked.path === "capture.pcapng") return downloadAnswer(history, asked, options);
    return fileAnswer(asked.path);
  });
  gate.port = server.addr.port;
  return {
    url: `http://127.0.0.1:${gate.port}/${gate.token}/`,
    wantsRemarks: true,
    event(event: WireEvent, remarks: readonly Remark[]): void {
      flows.take(history.add(event, remarks));
      live.wake();
    },
    silence(remarks: readonly Remark[]): void {
      for (const remark of remarks) flows.take(history.addSilence(remark));
      live.wake();
    },
    async end(): Promise<void> {
      await within(live.end(), END_LIMIT);
      await server.close();
    },
  };
}

/** The server, and how it ends. */
interface Server {
  readonly addr: Deno.NetAddr;
  close(): Promise<void>;
}

/** Starts the server; its answers have the {@linkcode FIELDS} that protect what they show. */
function serve(
  gate: Gate,
  { onTrouble }: InspectOptions,
  answer: (asked: Asked, request: Request) => Response | Promise<Response>,
): Server {
  const cut = new AbortController();
  let troubled = false;
  const handler = (
    request: Request,
    { remoteAddr }: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Response | Promise<Response> => {
    // The runtime listens elsewhere too if DENO_SERVE_ADDRESS says "duplicate".
    if (!isLoopback(remoteAddr.hostname)) return refusal(403, "The inspector only answers this machine.");
    const asked = admit(request, gate);
    return asked instanceof Response ? asked : answer(asked, request);
  };
  const onError = (error: unknown): Response => {
    if (!troubled) onTrouble(`Cannot show the wire in the browser: ${error instanceof Error ? error.message : error}`);
    troubled = true;
    return refusal(500, "The inspector failed; the script goes on.");
  };
  try {
    const options = { hostname: "127.0.0.1", port: gate.port, signal: cut.signal, onListen: () => {}, onError };
    const server = Deno.serve(options, handler);
    if (server.addr.hostname !== options.hostname) {
      cut.abort();
      throw new Error("DENO_SERVE_ADDRESS makes Deno listen elsewhere; unset it");
    }
    const close = async (): Promise<void> => {
      // shutdown() would wait for ever for a browser that does not read; abort() after it throws (Deno 2.9).
      cut.abort();
      await server.finished;
    };
    return { addr: server.addr, close };
  } catch (error) {
    throw new Failure(Exit.cannotListen, `Cannot open the inspector on 127.0.0.1:${gate.port}: ${why(error)}`, {
      cause: error,
    });
  }
}

function why(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "AddrInUse") return "another program holds the port; --inspect 0 takes a free one";
  if (name === "PermissionDenied") return "ports below 1024 need privileges here; --inspect 0 takes a free one";
  if (name === "NotCapable") return "Deno has no permission to listen there; add --allow-net=127.0.0.1";
  return error instanceof Error ? error.message : String(error);
}

function pageAnswer({ title, role }: InspectOptions): Response {
  const nonce = secret();
  const headers = {
    ...FIELDS,
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": policy(nonce),
  };
  return new Response(pageFor({ title, role, nonce, flows: title.includes("udp") ? "Flows" : "Connections" }), {
    headers,
  });
}

function fileAnswer(path: string): Response {
  const file = PAGE_FILES.get(path);
  if (file === undefined) return refusal(404, "There is nothing here.");
  const [type, text] = file;
  return new Response(text, { headers: { ...FIELDS, "Content-Type": type } });
}

/** A capture of what is kept; what writes it is loaded only then. */
async function downloadAnswer(history: History, { query }: Asked, { title }: InspectOptions): Promise<Response> {
  const { captureAnswer } = await import("./inspect/download.ts");
  const own = ifPermitted(() => Deno.networkInterfaces()) ?? [];
  return captureAnswer(history, query, { app: title, pid: Deno.pid, os: Deno.build.os, own });
}

/** Follows the run from the start of what is kept, or from where the browser had got before it lost the connection. */
function liveAnswer(live: Live, { query }: Asked, request: Request): Response {
  if (live.size >= MAX_BROWSERS) return refusal(503, `Only ${MAX_BROWSERS} pages may be open at a time.`);
  const from = /^\d{1,15}$/.exec(request.headers.get("Last-Event-ID") ?? query.get("from") ?? "")?.[0] ?? "0";
  return new Response(live.follow(Number(from)), {
    headers: { ...FIELDS, "Content-Type": "text/event-stream; charset=utf-8" },
  });
}
