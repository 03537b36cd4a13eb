/**
 * Clients that are refused before their first request: the HTTP answers that they get, and what the log says about these.
 *
 * @module
 */
import { dateLine, refusalAnswer, writeBody, writeHead } from "../answer/answer.ts";
import { AnswerBytes } from "../answer/bytes.ts";
import type { Events, NetEvent } from "../../lib/events.ts";
import { type RefusalKind, REFUSED } from "../../lib/refusal.ts";
import { malformed, Refusal } from "../request/refusal.ts";
import { type AnsweredRefusal, replacing } from "./request_log.ts";

const PLAINTEXT = malformed("this port speaks TLS: its URL starts with https, not http");

/** The answer to a client that does not speak TLS on a port that does. */
export function plaintextBytes(): Uint8Array {
  return answerBytes(PLAINTEXT);
}

/** The answer to a client that gets this sentence. */
export function refusalBytes(sentence: string, kind: RefusalKind): Uint8Array {
  return answerBytes(refusalOf(sentence, kind));
}

function refusalOf(sentence: string, kind: RefusalKind): Refusal {
  if (kind === "full") return new Refusal(503, sentence, { retryAfter: 5 });
  return kind === "not allowed" ? new Refusal(403, sentence) : malformed(sentence);
}

/** A refusal as a complete answer, after which the connection closes. */
export function answerBytes(refusal: Refusal): Uint8Array {
  const answer = refusalAnswer(refusal);
  const outbox = new AnswerBytes();
  writeHead(outbox, answer, { minor: 1, keepAlive: false, date: dateLine(Date.now()) });
  writeBody(outbox, answer.body);
  return outbox.take();
}

/**
 * The events of a server whose refusals are answers: those about refused clients say with what status and how many bytes.
 *
 * @param also The event that follows each of them, if any.
 */
export function withAnswers(events: Events, also: (refused: AnsweredRefusal) => NetEvent | null): Events {
  return replacing(events, (event) => {
    if (event.event !== "refused" || event.kind === undefined || !events.detailed) return [event];
    const { reason, kind } = event;
    // Without a request, nothing but missing TLS breaks the protocol.
    const { status, body } = refusalAnswer(kind === "protocol" ? PLAINTEXT : refusalOf(`${REFUSED}${reason}`, kind));
    const answered = { ...event, status, sent: body.length };
    const next = also(answered);
    return next === null ? [answered] : [answered, next];
  });
}
