/**
 * The routes for trying things out: which there are, what they allow, and where each request goes.
 *
 * @module
 */
import { type Answer, fieldLine, textAnswer } from "../answer/answer.ts";
import { anythingBack } from "./anything.ts";
import type { BodyNeed } from "../request/body.ts";
import { bodyBack, cookiesBack, requestBack } from "./echo.ts";
import type { RequestHead } from "../request/head.ts";
import { type RouteNote, visitorPage } from "./page.ts";
import { Refusal } from "../request/refusal.ts";
import { bytesAnswer, delayAnswer, linesAnswer, redirectAnswer, statusAnswer } from "./samples.ts";
import type { Resource, Site, SiteRequest } from "./resource.ts";
import { NOTHING } from "../request/syntax.ts";
import type { Target } from "../request/target.ts";

/** Methods that this server knows; another one gets 501 (RFC 9110 9.1). */
const KNOWN = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const READ = ["GET", "HEAD", "OPTIONS"] as const;

/** A route: `/name`, or `/name/` and a parameter. */
interface Route extends RouteNote {
  readonly methods: readonly string[];
  readonly needs?: BodyNeed;
  /** Makes the answer; `null` when there is nothing for this parameter. */
  answer(request: SiteRequest, parameter: string): Answer | Promise<Answer> | null;
}

const ROUTES: readonly Route[] = [
  {
    pattern: "/echo",
    example: "/echo",
    does: "the whole request as it was received, as text",
    methods: KNOWN,
    needs: "wire",
    answer: requestBack,
  },
  {
    pattern: "/anything",
    example: "/anything?a=1&b=2",
    does: "the request taken apart, as JSON",
    methods: KNOWN,
    needs: "all",
    answer: anythingBack,
  },
  {
    pattern: "/cookie",
    example: "/cookie",
    does: "the cookies that came with the request, one name=value a line",
    methods: READ,
    answer: cookiesBack,
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
    does: "N redirects, one after the other, up to 100; the last leads here",
    methods: READ,
    answer: (_, text) => redirectAnswer(text),
  },
];

const NOTES: readonly RouteNote[] = [
  { pattern: "GET /", example: "/", does: "this page" },
  { pattern: "POST /", does: "the body back, under its own media type" },
  ...ROUTES,
];

const NOT_FOUND: Resource = {
  refuses: true,
  answer: () => textAnswer(404, "404 Not Found: there is nothing at this path; / tells what there is\n"),
};

/** What there is at one path, or under one: a resource per method, made once. */
type Place = ReadonlyMap<string, Resource>;

/** Adds what every place has: OPTIONS, which tells the methods (RFC 9110 9.3.7), and 405 for those that it does not have. */
function placeOf(methods: readonly string[], resources: Readonly<Record<string, Resource>>): Place {
  const allow = fieldLine("Allow", methods.join(", "));
  const options: Resource = { answer: () => ({ status: 200, fields: allow, body: NOTHING }) };
  const refusal: Resource = {
    refuses: true,
    answer: () => textAnswer(405, `405 Method Not Allowed: only ${methods.join(", ")}\n`, allow),
  };
  return new Map(KNOWN.map((method) => [method, method === "OPTIONS" ? options : resources[method] ?? refusal]));
}

/** The place of a route; its parameter is what follows its name. */
function routePlace(route: Route): Place {
  const { length } = nameOf(route);
  const resource: Resource = {
    ...(route.needs === undefined ? {} : { needs: route.needs }),
    answer: (request) => route.answer(request, request.target.path.slice(length)) ?? NOT_FOUND.answer(request),
  };
  return placeOf(route.methods, Object.fromEntries(route.methods.map((method) => [method, resource])));
}

/** A route without its parameter: `/echo`, `/status/`. */
function nameOf({ pattern }: Route): string {
  return pattern.replace(/[A-Z]$/, "");
}

const PAGE: Resource = { needs: "sample", answer: visitorPage(NOTES) };
const PLACES: ReadonlyMap<string, Place> = new Map([
  [
    "/",
    placeOf(["GET", "HEAD", "POST", "OPTIONS"], { GET: PAGE, HEAD: PAGE, POST: { needs: "all", answer: bodyBack } }),
  ],
  ["*", placeOf(KNOWN, {})],
  ...ROUTES.map((route): [string, Place] => [nameOf(route), routePlace(route)]),
  // As with httpbin, any path below it will do.
  ...ROUTES.filter(({ pattern }) => pattern === "/anything").map((
    route,
  ): [string, Place] => ["/anything/", routePlace(route)]),
]);

/**
 * Finds the resource for a request among the routes.
 *
 * @throws {Refusal} The method is none that any resource here could have: 501, or 405 for CONNECT and TRACE. Such a request may have
 * a body that only its method defines, so that the connection is not trusted after it.
 */
export const routes: Site = ({ method }: RequestHead, { path }: Target): Resource => {
  if (method === "GET" && path === "/") return PAGE;
  if (method === "CONNECT" || method === "TRACE") {
    throw new Refusal(405, `${method} is not for this server`, { allow: KNOWN });
  }
  if (!(KNOWN as readonly string[]).includes(method)) throw new Refusal(501, "a method that this server does not know");
  const end = path.indexOf("/", 1) + 1;
  return PLACES.get(end === 0 ? path : path.slice(0, end))?.get(method) ?? NOT_FOUND;
};
