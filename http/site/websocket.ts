/**
 * `/websocket`: the answer to a handshake (RFC 6455 4.2). What follows it is `serve/websocket.ts`. Pure.
 *
 * @module
 */
import type { Answer } from "../answer/answer.ts";
import { upgradeFields, upgradeRefusal, upgradeRequired } from "../answer/upgrade.ts";
import { NOTHING } from "../request/syntax.ts";
import { errorAnswer } from "./error_answer.ts";
import type { SiteRequest } from "./resource.ts";

/** Answers a handshake with 101, and any other request with an error that says what to do. */
export function handshakeAnswer({ head, headOnly, hosts, connection }: SiteRequest): Answer | Promise<Answer> {
  const arrival = { hosts, local: connection.local, secure: connection.session !== null };
  const refusal = headOnly ? upgradeRequired() : upgradeRefusal(head, arrival);
  if (refusal !== null) return errorAnswer(head.field("accept"), refusal);
  return upgradeFields(head).then((fields) => ({ status: 101, fields, body: NOTHING }));
}
