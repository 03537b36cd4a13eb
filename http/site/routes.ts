/**
 * The routes for experiments: their table, the methods that they allow, and the dispatch of requests.
 *
 * @module
 */
import { type Answer, fieldLine, textAnswer } from "../answer/answer.ts";
import { anythingAnswer } from "./anything.ts";
import type { BodyNeed } from "../request/body.ts";
import { bodyAnswer, cookiesAnswer, requestAnswer } from "./echo.ts";
import type { RequestHead } from "../request/head.ts";
import { type RouteInfo, visitorPage } from "./page.ts";
import { Refusal } from "../request/refusal.ts";
import { bytesAnswer, delayAnswer, linesAnswer, redirectAnswer, statusAnswer } from "./samples.ts";
import type { Resource, Site, SiteRequest } from "./resource.ts";
import { NOTHING } from "../request/syntax.ts";
import type { Target } from "../request/target.ts";

/** The supported methods; others get 501 (RFC 9110 9.1). */
const KNOWN = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const READ = ["GET", "HEAD", "OPTIONS"] as const;

/** A route: `/name`, or `/name/` with a parameter. */
interface Route extends RouteInfo {
  readonly methods: readonly string[];
  readonly needs?: BodyNeed;
  /** Makes the answer; `null` if the parameter is invalid. */
  answer(request: SiteRequest, parameter: string): Answer | Promise<Answer> | null;
}

const ROUTES: readonly Route[] = [
  {
    pattern: "/echo",
    example: "/echo",
    does: "the whole request as received, as text",
    methods: KNOWN,
    needs: "wire",
    answer: requestAnswer,
  },
  {
    pattern: "/anything",
    example: "/anything?a=1&b=2",
    does: "the parsed request, as JSON",
    methods: KNOWN,
    needs: "all",
    answer: anythingAnswer,
  },
  {
    pattern: "/cookie",
    example: "/cookie",
    does: "the cookies of the request, one name=value per line",
    methods: READ,
    answer: cookiesAnswer,
  },
  {
    pattern: "/status/N",
    example: "/status/418",
    does: "an answer with the status N, from 200 to 599",
    methods: KNOWN,
    answer: (_, text) => statusAnswer(text),
  },
  {
    pattern: "/delay/S",
    example: "/delay/1.5",
    does: "an answer after S seconds, up to 60",
    methods: KNOWN,
    answer: (request, text) => delayAnswer(text, request),
  },
  {
    pattern: "/bytes/N",
    example: "/bytes/1024",
    does: "N random bytes, up to 100 MiB",
    methods: READ,
    answer: (request, text) => bytesAnswer(text, request),
  },
  {
    pattern: "/stream/N",
    example: "/stream/5",
    does: "N lines of JSON in as many chunks, up to 10000",
    methods: READ,
    answer: (_, text) => linesAnswer(text),
  },
  {
    pattern: "/redirect/N",
    example: "/redirect/3",
    does: "a chain of N redirects, up to 100; the last one leads here",
    methods: READ,
    answer: (_, text) => redirectAnswer(text),
  },
];

const ROUTE_INFO: readonly RouteInfo[] = [
  { pattern: "GET /", example: "/", does: "this page" },
  { pattern: "POST /", does: "the body, under its own media type" },
  ...ROUTES,
];

const NOT_FOUND: Resource = {
  refuses: true,
  answer: () => textAnswer(404, "404 Not Found: there is nothing at this path; see / for a list\n"),
};

/** The resources of a path by method, made once. */
type MethodTable = ReadonlyMap<string, Resource>;

/** Adds OPTIONS, which lists the methods (RFC 9110 9.3.7), and 405 for the methods that are not allowed. */
function methodTable(methods: readonly string[], resources: Readonly<Record<string, Resource>>): MethodTable {
  const allow = fieldLine("Allow", methods.join(", "));
  const options: Resource = { answer: () => ({ status: 204, fields: allow, body: NOTHING }) };
  const refusal: Resource = {
    refuses: true,
    answer: () => textAnswer(405, `405 Method Not Allowed: only ${methods.join(", ")}\n`, allow),
  };
  return new Map(KNOWN.map((method) => [method, method === "OPTIONS" ? options : resources[method] ?? refusal]));
}

/** The resources of a route; its parameter follows its name in the path. */
function routeMethods(route: Route): MethodTable {
  const { length } = nameOf(route);
  const resource: Resource = {
    ...(route.needs === undefined ? {} : { needs: route.needs }),
    answer: (request) => route.answer(request, request.target.path.slice(length)) ?? NOT_FOUND.answer(request),
  };
  return methodTable(route.methods, Object.fromEntries(route.methods.map((method) => [method, resource])));
}

/** A route without its parameter: `/echo`, `/status/`. */
function nameOf({ pattern }: Route): string {
  return pattern.replace(/[A-Z]$/, "");
}

const PAGE: Resource = { needs: "sample", answer: visitorPage(ROUTE_INFO) };
const PATHS: ReadonlyMap<string, MethodTable> = new Map([
  [
    "/",
    methodTable(["GET", "HEAD", "POST", "OPTIONS"], {
      GET: PAGE,
      HEAD: PAGE,
      POST: { needs: "all", answer: bodyAnswer },
    }),
  ],
  ["*", methodTable(KNOWN, {})],
  ...ROUTES.map((route): [string, MethodTable] => [nameOf(route), routeMethods(route)]),
  // Like httpbin, it accepts any path below it.
  ...ROUTES.filter(({ pattern }) => pattern === "/anything").map((
    route,
  ): [string, MethodTable] => ["/anything/", routeMethods(route)]),
]);

/**
 * Finds the resource for a request.
 *
 * @throws {Refusal} No resource supports the method: 501, or 405 for CONNECT and TRACE. Such a method may define the length of the body
 * in its own way, so the connection is closed.
 */
export const routes: Site = ({ method }: RequestHead, { path }: Target): Resource => {
  if (method === "GET" && path === "/") return PAGE;
  if (method === "CONNECT" || method === "TRACE") {
    throw new Refusal(405, `this server does not allow ${method}`, { allow: KNOWN });
  }
  if (!(KNOWN as readonly string[]).includes(method)) throw new Refusal(501, "an unsupported method");
  const end = path.indexOf("/", 1) + 1;
  return PATHS.get(end === 0 ? path : path.slice(0, end))?.get(method) ?? NOT_FOUND;
};
