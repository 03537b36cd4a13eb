/**
 * Good clients of the chats.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { ProtocolError } from "../../../lib/errors.ts";
import type { Connection } from "../../../lib/stream/connection.ts";
import { decodeText } from "../../../lib/text.ts";
import { HOST, UNDERSTOOD } from "../servers.ts";
import { type GoodClient, mustBe, type OpenGood, type Where } from "./client.ts";
import { connect } from "./stream.ts";

/** What one member hears of another: each line once, in order. */
class Listener {
  #prefix: string;
  #next = 1;
  #waiting: { readonly number: number; readonly done: PromiseWithResolvers<void> } | null = null;
  #failure: Error | null = null;

  constructor(speaker: string) {
    this.#prefix = `${speaker}: line `;
  }

  /** Takes a line that the listening member got. */
  hear(line: string): void {
    if (!line.startsWith(this.#prefix)) return;
    const heard = Number(line.slice(this.#prefix.length));
    if (heard !== this.#next) {
      return this.fail(new ProtocolError(`Cannot accept line ${heard} of the room: line ${this.#next} comes next`));
    }
    this.#next++;
    if (this.#waiting?.number === heard) this.#waiting.done.resolve();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.done.reject(this.#failure);
  }

  /** Waits for a line. */
  async until(number: number): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#next > number) return;
    this.#waiting = { number, done: Promise.withResolvers<void>() };
    await this.#waiting.done.promise;
  }
}

/** Reads lines until the end. */
async function readLines(connection: Connection, onLine: (line: string) => void): Promise<void> {
  for (;;) {
    const line = await connection.readLine();
    if (line === null) throw new ProtocolError("Cannot hear the room: it has closed the connection");
    onLine(decodeText(line));
  }
}

/** A member that speaks, and another that listens: over TCP, or as a browser does over WebSocket. */
export const openRoom: OpenGood = async (where) => {
  const name = where.client.replaceAll(/\W/g, "-");
  const listener = new Listener(name);
  const ear = await (/[02468]$/.test(name) ? listenTcp : listenWeb)(where, listener);
  const mouth = await connect(where);
  const joined = Promise.withResolvers<void>();
  const reading = readLines(mouth, (line) => {
    if (line.startsWith(`* you are ${name}`)) joined.resolve();
  });
  reading.catch((error) => {
    listener.fail(error);
    joined.reject(error);
  });
  await mouth.write(`/nick ${name}\n`);
  await joined.promise;
  let said = 0;
  return {
    async exchange() {
      await mouth.write(`line ${++said}\n`);
      await listener.until(said);
    },
    [Symbol.dispose]() {
      ear[Symbol.dispose]();
      mouth.close();
    },
  };
};

async function listenTcp(where: Where, listener: Listener): Promise<Disposable> {
  const connection = await connect(where);
  readLines(connection, (line) => listener.hear(line)).catch((error) => listener.fail(error));
  // A member of the room before the first line is said.
  await connection.write("/who\n");
  return { [Symbol.dispose]: () => connection.close() };
}

async function listenWeb({ port }: Where, listener: Listener): Promise<Disposable> {
  const socket = new WebSocket(`ws://${HOST}:${port}/room`);
  const opened = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onmessage = ({ data }) => listener.hear(String(data));
  socket.onclose = socket.onerror = () => {
    const error = new ProtocolError("Cannot hear the room: it has closed the WebSocket");
    opened.reject(error);
    listener.fail(error);
  };
  await opened.promise;
  return {
    [Symbol.dispose]() {
      socket.onclose = socket.onerror = null;
      socket.close();
    },
  };
}

/** How long to wait for a line that is busy (ms), and how often to ask. */
const BUSY = 100;

/** A conversation in turns over TCP: a guest may have to wait until the line is free. */
export const openTurns: OpenGood = (where) =>
  Promise.resolve<GoodClient>({
    async exchange(number) {
      const line = `${where.client} ${number}`;
      while (!await converse(where, line)) await delay(BUSY);
    },
    [Symbol.dispose]: () => {},
  });

/** Says a line and takes leave; returns false if the line was busy. */
async function converse(where: Where, line: string): Promise<boolean> {
  using connection = await connect(where);
  await connection.write(`${line}\n`);
  const answer = await connection.readLine();
  const text = answer === null ? "" : decodeText(answer);
  if (text.startsWith("Cannot serve you: ")) return false;
  mustBe(text, UNDERSTOOD, "the operator's answer");
  await connection.write("exit\n");
  const last = await connection.readLine();
  mustBe(last === null ? "" : decodeText(last), "Goodbye! Closing connection.", "the farewell");
  return true;
}
