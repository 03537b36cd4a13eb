/**
 * Good clients over UDP. A datagram may be lost, on loopback too where a queue is full, so they ask again.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { ProtocolError } from "../../../lib/errors.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { within } from "../../../lib/within.ts";
import { HOST, SUM_NAME, SUM_NUMBER, UNDERSTOOD } from "../servers.ts";
import { mustBe, type OpenGood, payload, type Where } from "./client.ts";

/** How long to wait for an answer until it is asked for again (ms), and how often. */
const WAIT = 1000;
const TRIES = 10;
/** How long to wait for a line that is busy (ms). */
const BUSY = 100;
/** The most bytes of a payload: more than fits a link, so that it is in fragments there. */
const MOST = 3000;

/** A socket with one question at a time. */
class Asker implements Disposable {
  #socket = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  #take: ((bytes: Uint8Array) => void) | null = null;
  #where: Where;

  constructor(where: Where) {
    this.#where = where;
    this.#receive().catch(() => {
      // Closed.
    });
  }

  /**
   * Asks until an answer is the one that is waited for.
   *
   * @param matches Whether it is; answers to earlier questions, which a network may have doubled, are not.
   * @throws {ProtocolError} It does not come.
   */
  async ask(bytes: Uint8Array, matches: (answer: Uint8Array) => boolean): Promise<Uint8Array> {
    const answered = Promise.withResolvers<Uint8Array>();
    let others = 0;
    this.#take = (answer) => matches(answer) ? answered.resolve(answer) : others++;
    for (let tried = 0; tried < TRIES; tried++) {
      if (tried > 0) this.#where.retried();
      await this.#socket.send(bytes, { transport: "udp", hostname: HOST, port: this.#where.port });
      if (await within(answered.promise, WAIT)) return await answered.promise;
    }
    throw new ProtocolError(`Cannot get an answer: ${TRIES} datagrams got ${others} others`);
  }

  async #receive(): Promise<void> {
    for (;;) {
      const [bytes] = await this.#socket.receive(new Uint8Array(65_536));
      this.#take?.(bytes);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** What is sent comes back. */
export const openUdpEcho: OpenGood = (where) => {
  const asker = new Asker(where);
  return Promise.resolve({
    async exchange(number) {
      const sent = payload(where, number, MOST);
      await asker.ask(sent, (answer) => equal(answer, sent));
    },
    [Symbol.dispose]: () => asker[Symbol.dispose](),
  });
};

/** A number and the server's. */
export const openUdpSum: OpenGood = (where) => {
  const asker = new Asker(where);
  return Promise.resolve({
    async exchange(number) {
      const answer = await asker.ask(encodeText(`${where.client}: ${number % 100 + 1}`), () => true);
      mustBe(decodeText(answer).trim(), `${SUM_NAME}: ${SUM_NUMBER}`, "the answer");
    },
    [Symbol.dispose]: () => asker[Symbol.dispose](),
  });
};

/** A conversation in turns, from a socket of its own: a guest may have to wait until the line is free. */
export const openUdpTurns: OpenGood = (where) =>
  Promise.resolve({
    async exchange(number) {
      using asker = new Asker(where);
      const line = `${where.client} ${number}`;
      let answer: string;
      while (isBusy(answer = decodeText(await asker.ask(encodeText(line), () => true)))) await delay(BUSY);
      mustBe(answer, UNDERSTOOD, "the operator's answer");
      const last = await asker.ask(encodeText("exit"), (bytes) => decodeText(bytes) !== UNDERSTOOD);
      mustBe(decodeText(last), "Goodbye! Closing session.", "the farewell");
    },
    [Symbol.dispose]: () => {},
  });

/** Whether somebody else has the line. */
function isBusy(answer: string): boolean {
  return answer.startsWith("Cannot serve you: ");
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
