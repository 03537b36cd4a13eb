/**
 * The routes for experiments: their table, the methods that they allow, and the dispatch of requests.
 *
 * @module
 */
import { type Answer, fieldLine, type HttpError } from "../answer/answer.ts";
import { anythingAnswer } from "./anything.ts";
import type { BodyNeed } from "../request/body.ts";
import { cookiesAnswer, deleteCookiesAnswer, setCookiesAnswer } from "./cookies.ts";
import { bodyAnswer, requestAnswer } from "./echo.ts";
import { errorAnswer, NOT_FOUND } from "./error_answer.ts";
import type { RequestHead } from "../request/head.ts";
import { type RouteInfo, visitorPage } from "./page.ts";
import { Refusal } from "../request/refusal.ts";
import {
  bytesAnswer,
  delayAnswer,
  linesAnswer,
  type Parameter,
  PARAMETERS,
  redirectAnswer,
  statusAnswer,
} from "./samples.ts";
import type { Resource, Site, SiteRequest } from "./resource.ts";
import { NOTHING } from "../request/syntax.ts";
import type { Target } from "../request/target.ts";
import { handshakeAnswer } from "./websocket.ts";

/** The supported methods; others get 501 (RFC 9110 9.1). */
const KNOWN = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const READ = ["GET", "HEAD", "OPTIONS"] as const;
/** Those, and one that every resource refuses. */
const RECOGNIZED: readonly string[] = [...KNOWN, "TRACE"];

/** A route: `/name`, or `/name/` with a parameter. */
interface Route extends RouteInfo {
  readonly methods: readonly string[];
  readonly needs?: BodyNeed;
  /** What follows its name, if it has a parameter. */
  readonly parameter?: Parameter;
  /** Makes the answer. */
  answer(request: SiteRequest, parameter: number): Answer | Promise<Answer>;
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
    pattern: "/cookie/set",
    example: "/cookie/set?a=b",
    does: "sets the cookies in the query, then leads to /cookie",
    methods: READ,
    answer: setCookiesAnswer,
  },
  {
    pattern: "/cookie/delete",
    example: "/cookie/delete?a",
    does: "deletes them by name",
    methods: READ,
    answer: deleteCookiesAnswer,
  },
  {
    pattern: "/websocket",
    does: "a WebSocket that echoes text and binary messages",
    methods: READ,
    answer: handshakeAnswer,
  },
  {
    pattern: "/status/N",
    example: "/status/418",
    does: "an answer with the status N, from 200 to 599",
    methods: KNOWN,
    parameter: PARAMETERS.status,
    answer: (_, status) => statusAnswer(status),
  },
  {
    pattern: "/delay/S",
    example: "/delay/1.5",
    does: "an answer after S seconds, up to 60",
    methods: KNOWN,
    parameter: PARAMETERS.delay,
    answer: (request, seconds) => delayAnswer(seconds, request),
  },
  {
    pattern: "/bytes/N",
    example: "/bytes/1024",
    does: "N random bytes, up to 100 MiB",
    methods: READ,
    parameter: PARAMETERS.bytes,
    answer: (request, length) => bytesAnswer(length, request),
  },
  {
    pattern: "/stream/N",
    example: "/stream/5",
    does: "N lines of JSON in as many chunks, up to 10000",
    methods: READ,
    parameter: PARAMETERS.lines,
    answer: (_, lines) => linesAnswer(lines),
  },
  {
    pattern: "/redirect/N",
    example: "/redirect/3",
    does: "a chain of N redirects, up to 100; the last one leads here",
    methods: READ,
    parameter: PARAMETERS.redirects,
    answer: (_, left) => redirectAnswer(left),
  },
];

const ROUTE_INFO: readonly RouteInfo[] = [
  { pattern: "GET /", example: "/", does: "this page" },
  { pattern: "POST /", does: "the body, under its own media type" },
  ...ROUTES,
];

/** A resource that answers every request with an error. */
function refusing(error: HttpError): Resource {
  return { refuses: true, answer: ({ head }) => errorAnswer(head.field("accept"), error) };
}

/** The resources of a path by method, made once. */
type MethodTable = ReadonlyMap<string, Resource>;

/** Adds OPTIONS, which lists the methods (RFC 9110 9.3.7), and 405 for the methods that are not allowed. */
function methodTable(methods: readonly string[], resources: Readonly<Record<string, Resource>>): MethodTable {
  const allow = fieldLine("Allow", methods.join(", "));
  const options: Resource = { answer: () => ({ status: 204, fields: allow, body: NOTHING }) };
  const message = `this path allows only ${methods.join(", ")}`;
  const refusal = refusing({ status: 405, message, fields: { allow: methods } });
  return new Map(RECOGNIZED.map((method) => [method, method === "OPTIONS" ? options : resources[method] ?? refusal]));
}

/** The resources of a route; its parameter follows its name in the path. */
function routeMethods(route: Route): MethodTable {
  const { pattern, needs, parameter } = route;
  const { length } = nameOf(route);
  const answer = (request: SiteRequest): Answer | Promise<Answer> => {
    if (parameter === undefined) return route.answer(request, 0);
    const value = parameter.parse(request.target.path.slice(length));
    if (value !== null) return route.answer(request, value);
    const message = `Cannot serve ${pattern}: ${pattern.at(-1)} must be ${parameter.rule}`;
    return errorAnswer(request.head.field("accept"), { status: 400, message });
  };
  const resource: Resource = { ...(needs === undefined ? {} : { needs }), answer };
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
 * Makes a site of the routes.
 *
 * @param notFound The answer to a request for anything else.
 */
function routesOr(notFound: HttpError): Site {
  const nothing = refusing(notFound);
  return ({ method }: RequestHead, { path }: Target): Resource => {
    const end = path.indexOf("/", 1) + 1;
    const methods = (end === 0 ? undefined : PATHS.get(path.slice(0, end))) ?? PATHS.get(path);
    const found = methods?.get(method);
    if (found !== undefined) return found;
    if (method === "CONNECT") throw new Refusal(405, "this server does not allow CONNECT", { allow: KNOWN });
    if (!RECOGNIZED.includes(method)) throw new Refusal(501, "an unsupported method");
    return nothing;
  };
}

/**
 * Finds the route for a request.
 *
 * @throws {Refusal} No resource supports the method: 501, or 405 for CONNECT. Such a method may define the length of the body in its own
 * way, so the connection is closed.
 */
export const routes: Site = routesOr({ ...NOT_FOUND, hint: "see / for a list" });

/** The same beside files, where `/` does not list the routes. */
export const routesBesideFiles: Site = routesOr(NOT_FOUND);
