/**
 * What a run shows of the wire: the readers that its flags ask for, each loaded only then.
 *
 * @module
 */
import type { Endpoint } from "../addr.ts";
import { Exit, Failure, UsageError } from "../errors.ts";
import type { Events, Role } from "../events.ts";
import type { PacketLayer } from "../net/packet_socket.ts";
import { resolveHost } from "../net/resolve.ts";
import { shellWord } from "../text.ts";
import { abortable, within } from "../within.ts";
import type { WireReader, WireSink } from "../wire/event.ts";
import type { WireHub } from "../wire/hub.ts";
import type { WireFlagValues } from "./wire_flags.ts";

/** How a run's sockets are watched; without readers, nothing of it costs anything. */
export interface Watch {
  /** Told every call of TCP sockets; `undefined` if nobody reads. */
  readonly wire: WireSink | undefined;
  /** Watches a UDP socket; without readers it returns the same object. */
  readonly tap: PacketLayer;
  /** Resolves a name for UDP. */
  readonly resolve: (hostname: string) => Promise<string[]>;
}

/** Nobody watches. */
const UNWATCHED: Watch = { wire: undefined, tap: (socket) => socket, resolve: resolveHost };

/** How long the readers may take to write what is left when the run is over (ms). */
const END_TIME = 5000;

/** How long opening a file may take before it is told what it waits for (ms). */
const PIPE_TIME = 500;

/** The run that is watched. */
export interface Watched {
  /** The script: `tcp:server`. */
  readonly name: string;
  readonly role: Role;
  readonly events: Events;
  readonly options: WatchedFlags;
  /** Aborted when the run should end. */
  readonly signal: AbortSignal;
}

/** The flags that matter; a script that opens no socket has none of them. */
export type WatchedFlags = Partial<WireFlagValues> & {
  readonly bind?: string;
  readonly port?: number;
  /** Where a relay listens, which is both a server and a client. */
  readonly listen?: Endpoint & { readonly transport: "tcp" | "udp" };
  readonly json?: boolean;
  readonly pipe?: boolean;
  readonly interactive?: boolean;
};

/**
 * Does a run's work while the readers that its flags ask for watch it.
 *
 * @throws {UsageError} A flag that needs another.
 * @throws {Failure} A file or the inspector's port cannot be opened.
 */
export async function watched<T>(run: Watched, work: (watch: Watch) => Promise<T>): Promise<T> {
  const readers = await openReaders(run);
  if (readers.length === 0) return await work(UNWATCHED);
  const { watch, hub } = await watchWith(readers, run);
  try {
    return await work(watch).finally(() => stayOpen(run));
  } catch (error) {
    if (error instanceof Failure && error.code === Exit.cannotListen) {
      const { tellListen } = await import("../wire/tap.ts");
      const { name, options: { bind: hostname = "", port = 0, listen } } = run;
      const transport = name.includes("udp") ? "udp" : "tcp";
      tellListen(hub, listen ?? { transport, hostname, port }, error);
    }
    throw error;
  } finally {
    await within(hub.end(), END_TIME);
  }
}

/** A client's run may be over before its user has opened the inspector: at a terminal that stays until Ctrl-C. */
async function stayOpen({ role, options: { inspect }, events, signal }: Watched): Promise<void> {
  if (inspect === undefined || role === "server" || signal.aborted || !Deno.stderr.isTerminal()) return;
  events.emit({ event: "notice", message: "The run is over; the inspector stays until Ctrl-C" });
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

/** Opens the readers; none are left open if one cannot be. */
async function openReaders(run: Watched): Promise<WireReader[]> {
  const { explain = false, trace, capture, captureMax, diagram, inspect } = run.options;
  if (captureMax !== undefined && capture === undefined) {
    throw new UsageError("Cannot use --capture-max without --capture: it limits that file");
  }
  if (!explain && [trace, capture, diagram, inspect].every((value) => value === undefined)) return [];
  await requireApart(run.options);
  const readers: WireReader[] = [];
  try {
    for (const open of [openExplain, openTrace, openCapture, openDiagram, openInspect]) {
      const reader = await open(run);
      if (reader !== null) readers.push(reader);
    }
    return readers;
  } catch (error) {
    await Promise.all(readers.map((reader) => reader.end?.()));
    throw error;
  }
}

/** Each of two readers would overwrite what the other writes. */
async function requireApart({ trace, capture, captureMax, diagram }: WatchedFlags): Promise<void> {
  const named = Object.entries({ trace, capture, diagram }).flatMap(([flag, path]) => path ? [{ flag, path }] : []);
  if (named.length < 2) return;
  if (capture !== undefined && captureMax !== undefined) {
    const { otherPath } = await import("../wire/capture/capture.ts");
    named.push({ flag: "capture", path: otherPath(capture) });
  }
  const { resolve } = await import("node:path");
  const flags = new Map<string, string>();
  for (const { flag, path } of named) {
    const other = flags.get(resolve(path));
    if (other !== undefined) {
      throw new UsageError(
        `Cannot use ${JSON.stringify(path)} for both --${other} and --${flag}: each needs its own file`,
      );
    }
    flags.set(resolve(path), flag);
  }
}

async function watchWith(
  readers: readonly WireReader[],
  { name, role, options, events }: Watched,
): Promise<{ watch: Watch; hub: WireHub }> {
  const [{ WireHub }, { packetTap }, { resolverTap }] = await Promise.all([
    import("../wire/hub.ts"),
    import("../wire/packet_tap.ts"),
    import("../wire/connect_tap.ts"),
  ]);
  const explained = readers.some((reader) => reader.wantsRemarks === true);
  // Who types may take their time.
  const person = name.startsWith("chat:") || options.pipe === true || options.interactive === true;
  const explainer = explained ? new (await import("../wire/explain/explainer.ts")).Explainer({ role, person }) : null;
  const hub = new WireHub(readers, explainer, { onTrouble: warnIn(events) });
  return { watch: { wire: hub, tap: packetTap(hub), resolve: resolverTap(hub, "udp") }, hub };
}

/** `--explain`: what is to be said becomes part of the log. */
async function openExplain({ options, events }: Watched): Promise<WireReader | null> {
  if (options.explain !== true) return null;
  const { remarksIn } = await import("../wire/explain/in_log.ts");
  const tell = remarksIn(events);
  return { wantsRemarks: true, event: (_, remarks) => tell(remarks), silence: tell };
}

/** `--trace`: beside the log, or in a file. */
async function openTrace(run: Watched): Promise<WireReader | null> {
  const { options: { trace, json = false }, events } = run;
  if (trace === undefined) return null;
  const { fileTrace, logTrace } = await import("../wire/trace/trace.ts");
  if (trace === "") return logTrace(events, { json });
  using _pipe = await openWithReader(trace, run);
  return fileTrace(trace, { onTrouble: warnIn(events) });
}

/**
 * Opens a file for as long as its owner takes to open it, too. A named pipe (`mkfifo`) cannot be opened before somebody reads it; waiting
 * here, the process hears Ctrl-C.
 *
 * @returns `null` if it cannot be opened, which its owner tells.
 */
async function openWithReader(path: string, { events, signal }: Watched): Promise<Deno.FsFile | null> {
  const opening = Deno.open(path, { write: true, create: true, mode: 0o600 }).catch(() => null);
  if (!await within(opening, PIPE_TIME)) {
    events.emit({ event: "notice", message: `Waiting until something reads ${path}` });
  }
  return await abortable(opening, signal);
}

async function openCapture(run: Watched): Promise<WireReader | null> {
  const { name, options, events } = run;
  const { capture, captureMax, port } = options;
  if (capture === undefined) return null;
  const { openCapture } = await import("../wire/capture/capture.ts");
  using _pipe = await openWithReader(capture, run);
  const reader = openCapture(capture, { app: name, max: captureMax ?? 0, onTrouble: warnIn(events) });
  // Wireshark takes datagrams of this port for LLC, and finds them malformed.
  const hint = name.includes("udp") && port === 12000 ? "-d udp.port==12000,data " : "";
  const opener = `wireshark ${hint}${shellWord(capture, Deno.build.os)}`;
  events.emit({ event: "notice", message: `Capturing to ${capture}; open it with: ${opener}` });
  return reader;
}

async function openDiagram({ name, role, options, events }: Watched): Promise<WireReader | null> {
  const { diagram, listen } = options;
  if (diagram === undefined) return null;
  const { openDiagram } = await import("../wire/diagram/diagram.ts");
  const end = listen === undefined ? { role } : {};
  return openDiagram(diagram, { title: name, ...end, onTrouble: warnIn(events) });
}

async function openInspect({ name, role, options: { inspect }, events }: Watched): Promise<WireReader | null> {
  if (inspect === undefined) return null;
  const { openInspect } = await import("../wire/inspect.ts");
  const reader = await openInspect(inspect, { title: name, role, onTrouble: warnIn(events) });
  events.emit({ event: "inspecting", url: reader.url });
  return reader;
}

function warnIn(events: Events): (message: string) => void {
  return (message) => events.emit({ event: "warning", message });
}
