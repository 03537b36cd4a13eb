/**
 * What there is at the paths of a room: its page, its WebSocket, its events and where lines are posted.
 *
 * @module
 */
import { upgradeHead, upgradeRefusal } from "../../../http/answer/upgrade.ts";
import type { RequestHead } from "../../../http/request/head.ts";
import { type Arrival, foreignOrigin } from "../../../http/request/origin.ts";
import { malformed, Refusal } from "../../../http/request/refusal.ts";
import type { Connection } from "../../../lib/stream/connection.ts";
import type { MemoryBudget } from "../../../lib/memory.ts";
import { isSessionKey, parseCursor, sessionCommand } from "../../session_lines.ts";
import { emptyAnswer, eventStreamHead, pageAnswer, type WholeAnswer } from "./answers.ts";
import { EventStream } from "./event_stream.ts";
import { Framing, lineEvents, textFrames } from "./framed.ts";
import { roomPage, type RoomPageOptions } from "./page.ts";
import type { RequestReader } from "./request.ts";
import type { WebStream } from "./stream.ts";
import { WebSocketStream } from "./websocket_stream.ts";

/** A request with all that its answer needs. */
export interface Asked {
  readonly connection: Connection;
  readonly reader: RequestReader;
  readonly head: RequestHead;
  readonly query: URLSearchParams;
  readonly arrival: Arrival;
}

/** What there is at a path. */
export interface Resource {
  readonly methods: readonly string[];
  /**
   * Serves a request.
   *
   * @returns Its answer, or the stream of a new member, whose answer has begun.
   * @throws {Refusal} It is refused.
   */
  readonly serve: (asked: Asked) => WholeAnswer | Promise<WholeAnswer | WebStream>;
}

const LF = 10;
const NO_CONTENT = emptyAnswer(204);

/** The resources of a room. */
export class Resources {
  #memory: MemoryBudget | undefined;
  #frames = new Framing(textFrames);
  #events = new Framing(lineEvents);
  /** The event streams by the keys of their sessions: what a client posts is input of its stream. */
  #streams = new Map<string, EventStream>();
  #byPath: ReadonlyMap<string, Resource>;
  #options: RoomPageOptions;
  /** Made when it is first asked for. */
  #page: Promise<WholeAnswer> | null = null;

  constructor(page: RoomPageOptions, memory: MemoryBudget | undefined) {
    this.#memory = memory;
    this.#options = page;
    this.#byPath = new Map<string, Resource>([
      ["/", { methods: ["GET", "HEAD"], serve: () => this.#page ??= roomPage(this.#options).then(pageAnswer) }],
      ["/favicon.ico", { methods: ["GET", "HEAD"], serve: () => NO_CONTENT }],
      ["/room", { methods: ["GET"], serve: (asked) => this.#openSocket(asked) }],
      ["/events", { methods: ["GET"], serve: (asked) => this.#openEvents(asked) }],
      ["/say", { methods: ["POST"], serve: (asked) => this.#say(asked) }],
    ]);
  }

  /**
   * Finds what is at a path, for a method.
   *
   * @throws {Refusal} 404: nothing; 405: it does not have the method.
   */
  at(path: string, method: string): Resource {
    const resource = this.#byPath.get(path);
    if (resource === undefined) throw new Refusal(404, "there is nothing at this path; the room's page is at /");
    const { methods } = resource;
    if (methods.includes(method)) return resource;
    throw new Refusal(405, `this path allows ${methods.join(" and ")} only`, { allow: methods });
  }

  async #openSocket({ connection, reader, head, query, arrival }: Asked): Promise<WebStream> {
    const refusal = upgradeRefusal(head, arrival);
    if (refusal !== null) throw refusal;
    await connection.write(await upgradeHead(head));
    const from = { first: reader.rest, lines: naming(query.get("name")) };
    return new WebSocketStream(connection, { ...from, framing: this.#frames, memory: this.#memory });
  }

  async #openEvents({ connection, head, query, arrival }: Asked): Promise<WebStream> {
    checkOrigin(head, arrival);
    const key = keyIn(query);
    // A browser that comes back by itself tells how far it got, not its page (HTML 9.2.4).
    const place = head.field("last-event-id") ?? query.get("after");
    const cursor = place === null ? null : parseCursor(place);
    if (place !== null && cursor === null) throw malformed("a place that is not EPOCH-N in after or Last-Event-ID");
    const lines = `${sessionCommand(key, cursor)}\n${naming(query.get("name"))}`;
    await connection.write(eventStreamHead(Date.now()));
    const onEnd = (): void => {
      if (this.#streams.get(key) === stream) this.#streams.delete(key);
    };
    const stream = new EventStream(connection, { lines, framing: this.#events, onEnd });
    this.#streams.set(key, stream);
    return stream;
  }

  async #say({ head, query, reader, arrival }: Asked): Promise<WholeAnswer> {
    checkOrigin(head, arrival);
    const stream = this.#streams.get(keyIn(query));
    if (stream === undefined) throw new Refusal(409, "this session has no stream of events here; open /events first");
    if (await stream.post(asLines(await reader.body(head)))) return NO_CONTENT;
    throw new Refusal(409, "the stream of this session has ended");
  }
}

function checkOrigin(head: RequestHead, arrival: Arrival): void {
  const refusal = foreignOrigin(head, arrival);
  if (refusal !== null) throw refusal;
}

function keyIn(query: URLSearchParams): string {
  const key = query.get("session") ?? "";
  if (!isSessionKey(key)) throw malformed("no session=KEY, or one that is not 22 to 64 characters of base64url");
  return key;
}

/** The line that takes the name in a URL; it is one line, whatever the name is. */
function naming(name: string | null): string {
  return name === null ? "" : `/nick ${name.replace(/[\r\n]/g, " ")}\n`;
}

/** Each posted line with its line end. */
function asLines(body: Uint8Array): Uint8Array {
  if (body.length === 0 || body.at(-1) === LF) return body;
  const lines = new Uint8Array(body.length + 1);
  lines.set(body);
  lines[body.length] = LF;
  return lines;
}
