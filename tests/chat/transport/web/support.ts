/**
 * Browsers for the tests: raw HTTP requests, a WebSocket and a stream of events, byte for byte.
 *
 * @module
 */
import type { WebSettings } from "../../../../chat/transport/web/room_web.ts";
import { type RoomServerOptions } from "../../../../chat/transport/serve_room.ts";
import { FakeSocket } from "../../../lib/fakes.ts";
import { RawClient } from "../../../support/sockets.ts";
import { clientFrame, CLOSE, closePayload, type ServerFrame, TEXT, WebSocketPeer } from "../../../support/websocket.ts";
import { TestRoomServer } from "../../support.ts";

/** A server on loopback without TLS. */
export const LOCAL: WebSettings = { room: "Chat room", hosts: { names: [], anyAddress: false }, tls: null };
/** The key of a session. */
export const KEY = "A_session-key-of-32-characters_.".replaceAll(".", "x");

/** A room that serves browsers. */
export function webRoom(options: Partial<RoomServerOptions> = {}): TestRoomServer {
  return new TestRoomServer({ web: LOCAL, ...options });
}

/** A socket whose peer may stop reading for a while. */
export class SlowSocket extends FakeSocket {
  #held: PromiseWithResolvers<void> | null = null;

  hold(): void {
    this.#held = Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = null;
  }

  override async write(bytes: Uint8Array): Promise<number> {
    await this.#held?.promise;
    return await super.write(bytes);
  }
}

/** An answer, taken apart. */
export interface Received {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends a request as it stands (LF stands for CR LF) and reads to the end of the connection. */
export async function ask(port: number, request: string, body = ""): Promise<Received> {
  using client = await RawClient.connect(port);
  await client.send(`${request.replaceAll("\n", "\r\n")}\r\n\r\n${body}`);
  return received(await client.rest());
}

/** Takes an answer apart. */
export function received(text: string): Received {
  const [head = "", ...body] = text.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), head, body: body.join("\r\n\r\n") };
}

/** A WebSocket client that shows every frame. */
export class SocketPeer implements Disposable {
  #peer: WebSocketPeer;

  private constructor(peer: WebSocketPeer) {
    this.#peer = peer;
  }

  /** Opens a WebSocket; with `together`, these bytes come in one write with the handshake. */
  static async open(
    port: number,
    { path = "/room", together }: { path?: string; together?: Uint8Array } = {},
  ): Promise<SocketPeer> {
    return new SocketPeer(await WebSocketPeer.open(port, path, together));
  }

  get raw(): RawClient {
    return this.#peer.client;
  }

  /** Sends lines, a message each. */
  async say(...lines: string[]): Promise<void> {
    for (const line of lines) await this.raw.send(clientFrame(TEXT, line));
  }

  async close(code = 1000): Promise<void> {
    await this.raw.send(clientFrame(CLOSE, closePayload(code)));
  }

  /** The next frame; `null` at the end of the connection. */
  frame(): Promise<ServerFrame | null> {
    return this.#peer.next();
  }

  /** The next text; control frames are passed over. */
  async line(): Promise<string | null> {
    for (;;) {
      const frame = await this.frame();
      if (frame === null) return null;
      if (frame.opcode === TEXT) return new TextDecoder().decode(frame.payload);
    }
  }

  /** The texts up to the first that matches. */
  async until(pattern: RegExp): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === null) throw new Error(`The end came before ${pattern}: ${JSON.stringify(lines)}`);
      lines.push(line);
      if (pattern.test(line)) return lines;
    }
  }

  /** The rest: the texts, and the code and reason of the close frame, if there was one. */
  async rest(): Promise<{ lines: string[]; code: number | null; reason: string }> {
    const lines: string[] = [];
    let code: number | null = null;
    let reason = "";
    for (let frame; (frame = await this.frame()) !== null;) {
      const text = new TextDecoder().decode(frame.payload);
      if (frame.opcode === TEXT) lines.push(text);
      if (frame.opcode !== CLOSE) continue;
      code = frame.payload.length < 2 ? 1005 : new DataView(frame.payload.buffer).getUint16(0);
      reason = new TextDecoder().decode(frame.payload.subarray(2));
    }
    return { lines, code, reason };
  }

  [Symbol.dispose](): void {
    this.raw.close();
  }
}

/** A client of server-sent events that posts its lines. */
export class EventPeer implements Disposable {
  readonly raw: RawClient;
  /** The head of the answer. */
  head = "";
  #port: number;
  #key: string;
  #text = "";
  #decoder = new TextDecoder();

  private constructor(raw: RawClient, port: number, key: string) {
    this.raw = raw;
    this.#port = port;
    this.#key = key;
  }

  static async open(port: number, query: Record<string, string> = {}, lines = ""): Promise<EventPeer> {
    const { session = KEY, ...more } = query;
    const peer = new EventPeer(await RawClient.connect(port), port, session);
    const asked = new URLSearchParams({ session, ...more });
    await peer.raw.send(`GET /events?${asked} HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`);
    peer.head = await peer.#block("\r\n\r\n") ?? "";
    return peer;
  }

  /** Posts lines; returns the status. */
  async say(...lines: string[]): Promise<number> {
    const body = new TextEncoder().encode(lines.join("\n"));
    const path = `/say?session=${this.#key}`;
    const head = `POST ${path} HTTP/1.1\nHost: localhost\nContent-Length: ${body.length}`;
    return (await ask(this.#port, head, lines.join("\n"))).status;
  }

  /** The next event with its id, comments left out; `null` at the end. */
  async event(): Promise<{ readonly id: string | null; readonly data: string } | null> {
    for (;;) {
      const block = await this.#block("\n\n");
      if (block === null) return null;
      const [, id = null, data] = /^(?:id: (.*)\n)?data: (.*)$/.exec(block) ?? [];
      if (data !== undefined) return { id, data };
    }
  }

  /** The lines up to the first that matches. */
  async until(pattern: RegExp): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const event = await this.event();
      if (event === null) throw new Error(`The end came before ${pattern}: ${JSON.stringify(lines)}`);
      lines.push(event.data);
      if (pattern.test(event.data)) return lines;
    }
  }

  [Symbol.dispose](): void {
    this.raw.close();
  }

  async #block(end: string): Promise<string | null> {
    let at: number;
    while ((at = this.#text.indexOf(end)) < 0) {
      const bytes = await this.raw.read();
      if (bytes === null) return null;
      this.#text += this.#decoder.decode(bytes, { stream: true });
    }
    const block = this.#text.slice(0, at);
    this.#text = this.#text.slice(at + end.length);
    return block;
  }
}
