/**
 * What happens in each part of the run.
 *
 * @module
 */
import { HANDSHAKE } from "../../lib/net/socket.ts";
import { allowed, IdleCrowd } from "./crowd.ts";
import { faultyLoad, goodLoad, type Load } from "./load.ts";
import { pause } from "./pause.ts";
import type { Part } from "./plan.ts";
import type { Crowd, Usage } from "./record.ts";
import type { SoakServer } from "./server.ts";
import { takesCrowd } from "./servers.ts";

/** What the parts need. */
export interface Stage extends Load {
  readonly servers: readonly SoakServer[];
  /** How many idle connections are wanted. */
  readonly idle: number;
  /** Aborted at the end of the run. */
  readonly signal: AbortSignal;
  /** What each server holds at the moment, by process. */
  readonly usages: () => Promise<ReadonlyMap<number, Usage>>;
}

/** How many good clients are served while others are idle, and how long each pauses (ms). */
const SERVED = { clients: 100, pause: 250 };
/** Of the time for a server's idle connections, the share in which they are opened; the rest they are kept. */
const OPENING = 0.6;
/** How many faulty clients a server has at a time; in turns each of them has the line for itself. */
const FAULTY = 3;
/** How long everything may take until it is back where it was (ms), and how often to look. */
const SETTLE = 10_000;
const LOOK = 250;
/** How long a server may take to accept all idle connections once they are open (ms). */
const ACCEPTED = 10_000;

/** Runs a part. */
export async function play(part: Part, stage: Stage): Promise<void> {
  if (part.kind === "rest") return await rest(stage, "before");
  if (part.kind === "settle") return await rest(stage, "after");
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, stage.signal]);
  const good = stage.servers.map((server) => goodLoad(server, stage, signal));
  const faulty = part.kind === "faults" ? faultyClients(stage, signal) : [];
  if (part.kind === "idle") await crowds(part, stage);
  else await pause(part.time, signal);
  ended.abort();
  await Promise.all([...good, ...faulty]);
}

function faultyClients(stage: Stage, signal: AbortSignal): Promise<void>[] {
  return stage.servers.flatMap((server, flow) => {
    const count = server.spec.dialect.endsWith("turns") ? 1 : FAULTY;
    return Array.from({ length: count }, () => faultyLoad(server, flow, stage, signal));
  });
}

/** One server after another gets its crowd: the descriptors of one process do not suffice for all at once. */
async function crowds(part: Part, stage: Stage): Promise<void> {
  const crowded = stage.servers.filter(({ spec }) => takesCrowd(spec));
  const time = part.time / Math.max(1, crowded.length);
  for (const server of crowded) {
    if (stage.signal.aborted) return;
    server.crowds.push(await crowd(server, time, stage));
  }
}

async function crowd(server: SoakServer, time: number, stage: Stage): Promise<Crowd> {
  const { child: { port }, spec } = server;
  const { signal } = stage;
  const { each = 1 } = spec;
  const sensible = Math.min(stage.idle, spec.crowd?.most ?? Infinity);
  const before = server.before ?? await held(server, stage);
  const began = await held(server, stage);
  using idle = new IdleCrowd();
  const count = await allowed(sensible);
  const opening = performance.now();
  await idle.open({ port, count, time: time * OPENING, signal, reads: spec.dialect === "room" });
  if (count < sensible) idle.limit ??= "this process may open no more descriptors";
  if (sensible < stage.idle) idle.limit ??= spec.crowd?.why ?? null;
  const { exchanges } = server;
  const ended = new AbortController();
  const clients = Math.min(spec.served ?? SERVED.clients, Math.max(2, Math.round(stage.idle / 10)));
  const served = goodLoad(server, stage, AbortSignal.any([ended.signal, signal]), { ...SERVED, clients });
  await pause(time * (1 - OPENING), signal);
  const full = await untilHeld(server, stage, (before?.descriptors ?? 0) + idle.size * each);
  ended.abort();
  await served;
  // Those that were served would hide that some of the idle ones are missing.
  const alone = await held(server, stage);
  // A server gives up those that do not begin their handshake.
  const givenUp = spec.tls === true && performance.now() - opening > HANDSHAKE;
  return {
    wanted: stage.idle,
    opened: idle.size,
    held: before === null || alone === null || givenUp
      ? null
      : Math.floor((alone.descriptors - before.descriptors) / each),
    limit: idle.limit,
    memory: began === null || full === null ? null : full.rss - began.rss,
    clients,
    exchanges: server.exchanges - exchanges,
  };
}

/** What a server holds at the moment. */
async function held({ child: { pid } }: SoakServer, { usages }: Stage): Promise<Usage | null> {
  return (await usages()).get(pid) ?? null;
}

/** Waits until a server has so many descriptors, or for a while: connections may wait in the kernel until it accepts them. */
async function untilHeld(server: SoakServer, stage: Stage, descriptors: number): Promise<Usage | null> {
  const end = performance.now() + ACCEPTED;
  for (;;) {
    const usage = await held(server, stage);
    const enough = usage === null || usage.descriptors >= descriptors;
    if (enough || performance.now() > end || stage.signal.aborted) return usage;
    await pause(LOOK, stage.signal);
  }
}

/** Nobody is connected: waits until the servers hold no more than before, or for a while. */
async function rest({ servers, signal, usages }: Stage, when: "before" | "after"): Promise<void> {
  const end = performance.now() + SETTLE;
  for (let last = -1, same = 0; performance.now() < end && !signal.aborted;) {
    await pause(LOOK, signal);
    const held = await usages();
    let sum = 0;
    for (const server of servers) {
      server[when] = held.get(server.child.pid) ?? null;
      sum += server[when]?.descriptors ?? 0;
    }
    same = sum === last ? same + 1 : 0;
    last = sum;
    const back = servers.every((server) =>
      server.after === null || server.before === null || server.after.descriptors <= server.before.descriptors
    );
    // At the beginning nobody knows what they hold: until it stays the same for two seconds.
    if (when === "after" ? back : same * LOOK >= 2000) return;
  }
}
