/**
 * HTTP: small answers, larger ones, the page, files.
 *
 * @module
 */
import type { Bench } from "../context.ts";
import { figuresFrom, runHolding } from "../generator.ts";
import { answerBytes } from "../http_answer.ts";
import type { Goal } from "../model.ts";
import { bare, NGINX, WEB } from "../peers.ts";
import type { CasePlan, GroupPlan, Peer } from "../plan.ts";
import { Server, type Target } from "../server.ts";
import type { Words } from "../shell.ts";
import { PIPELINE, readWrk } from "../wrk.ts";

const SMALL = "/status/200";
const SMALL_PEERS: readonly Peer[] = [WEB.ours, WEB.node, WEB.deno, NGINX];
/** Files that ours and nginx serve. */
const FILES: Readonly<Record<string, number>> = { "1 kB": 1000, "64 kB": 64_000, "1 MB": 1_000_000 };
const FILE_SERVER: Peer = {
  ...WEB.ours,
  start: (bench, signal) =>
    Server.start(bench.script("http:server", "--port", "0", "--dir", `${bench.folder}/www`), { signal }),
};

const SMALL_GOALS = near(0.9, WEB.deno.name, NGINX.name);
const FAIR_GOALS: Goal[] = [
  { metric: "rate", against: WEB.node.name, least: 1 },
  { metric: "p99", against: WEB.node.name, most: 1.2 },
];

/** No slower than these, but for a share. */
function near(least: number, ...names: string[]): Goal[] {
  return names.map((against) => ({ metric: "rate", against, least }));
}

/** A load of wrk's. */
interface Load {
  readonly name: string;
  readonly path: string;
  readonly connections: number;
  /** Connections beside them that ask for nothing. */
  readonly idle?: number;
  /** More arguments for wrk. */
  readonly args?: readonly string[];
  readonly goals?: readonly Goal[];
  readonly peers?: readonly Peer[];
}

function loadsOf(bench: Bench, page: number, barePage: Peer, bareSmall: Peer): Load[] {
  const small = { path: SMALL, peers: [...SMALL_PEERS, bareSmall] };
  const beside = { path: SMALL, peers: [WEB.ours, WEB.node, WEB.deno], idle: 950, goals: FAIR_GOALS };
  const sized = ([name, size]: [string, number]): Load => ({
    name: `${name} of random bytes, 64 connections`,
    path: `/bytes/${size}`,
    connections: 64,
    peers: [WEB.ours, WEB.node, WEB.deno],
    goals: near(0.9, WEB.deno.name),
  });
  const file = ([name, size]: [string, number]): Load => ({
    name: `a file of ${name}, 64 connections`,
    path: `/${size}.txt`,
    connections: 64,
    peers: [FILE_SERVER, NGINX],
  });
  return [
    { ...small, name: "64 connections", connections: 64, goals: SMALL_GOALS },
    { ...small, name: "200 connections", connections: 200, goals: [...SMALL_GOALS, ...FAIR_GOALS] },
    { ...small, name: "1,000 connections", connections: 1000, goals: FAIR_GOALS },
    { ...beside, name: "56 busy, 950 idle connections", connections: 56 },
    { ...beside, name: "64 busy, 950 idle connections", connections: 64 },
    {
      name: "Connection: close, 64 at a time",
      path: SMALL,
      connections: 64,
      args: ["-H", "Connection: close"],
      peers: SMALL_PEERS,
      goals: near(0.9, NGINX.name),
    },
    {
      name: "16 requests in one write, 64 connections",
      path: SMALL,
      connections: 64,
      args: ["-s", bench.path("pipeline.lua")],
      peers: SMALL_PEERS,
    },
    ...Object.entries(FILES).map(sized),
    {
      name: `the page, ${page.toLocaleString("en")} bytes, 64 connections`,
      path: "/",
      connections: 64,
      peers: [WEB.ours, barePage],
    },
    ...Object.entries(FILES).map(file),
  ];
}

/**
 * Runs wrk beside connections that are idle. It counts in whole seconds and warms nothing up: a second that is not measured does that,
 * once for each server, which compiles its hot paths meanwhile.
 */
function measureWith(bench: Bench, { path, connections, idle = 0, args = [] }: Load): CasePlan["measure"] {
  const warm = new WeakSet<Target>();
  return async (target, signal) => {
    const url = `http://127.0.0.1:${target.ports[0]}${path}`;
    const words = (seconds: number): Words => {
      return ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency", ...args, url];
    };
    if (!warm.has(target)) await runHolding(words(1), null, target, signal);
    warm.add(target);
    const wrk = words(Math.max(1, Math.round(bench.options.seconds)));
    const hold: Words | null = idle === 0
      ? null
      : [bench.path("hold"), `port=${target.ports[0]}`, `connections=${idle}`];
    const { report, cpu } = await runHolding(wrk, hold, target, signal);
    return figuresFrom({ told: readWrk(report), cpu });
  };
}

/** The group `http`. */
export const http: GroupPlan = {
  name: "http",
  title: "HTTP",
  about:
    'http:server: "200 OK" as a small answer (/status/200), unless the case says otherwise; keep-alive, wrk with one thread. ' +
    "CPU is the server's, for 100,000 requests, wrk's start included. The bytes of an answer, head and body, stand below each case.",
  columns: ["rate", "p50", "p99", "cpu"],
  generators: ["hold"],
  programs: ["wrk"],
  cases: async (bench, signal) => {
    await Deno.mkdir(bench.path("www"), { recursive: true });
    for (const size of Object.values(FILES)) await Deno.writeTextFile(bench.path(`www/${size}.txt`), "x".repeat(size));
    await Deno.writeTextFile(bench.path("pipeline.lua"), PIPELINE);
    await using server = await WEB.ours.start(bench, signal);
    const [page, small] = [await answerBytes(server, "/"), await answerBytes(server, SMALL)];
    const loads = loadsOf(
      bench,
      page,
      bare("Deno.listen", "bare_http.ts", String(page)),
      bare("Deno.listen", "bare_http.ts", String(small)),
    );
    return loads.map((load) => ({
      name: load.name,
      primary: "rate",
      goals: load.goals ?? [],
      peers: load.peers ?? SMALL_PEERS,
      measure: measureWith(bench, load),
      about: async (target) => `${await answerBytes(target, load.path)} bytes`,
    }));
  },
};
