import { assert, assertEquals } from "@std/assert";
import { refusalBytes, withAnswers } from "../../../http/serve/refusals.ts";
import type { AnsweredRefusal } from "../../../http/serve/request_log.ts";
import type { Events, NetEvent } from "../../../lib/events.ts";
import { REFUSED } from "../../../lib/refusal.ts";
import { decodeText } from "../../../lib/text.ts";
import { RecordedEvents } from "../../support/sockets.ts";
import { answersIn } from "../serving.ts";

const permissions = "none";
const [id, peer, reason] = [1, "192.0.2.7:50000", "no \x1b"];

Deno.test("withAnswers() says with what status and how many bytes a client is refused", { permissions }, () => {
  const events = new RecordedEvents();
  const answered: AnsweredRefusal[] = [];
  const log = withAnswers(events, (refused) => {
    answered.push(refused);
    return { event: "notice", message: "a line" };
  });
  for (const [kind, status] of [["full", 503], ["not allowed", 403]] as const) {
    log.emit({ event: "refused", id, peer, reason, kind });
    const [answer] = answersIn(decodeText(refusalBytes(`${REFUSED}${reason}`, kind)));
    const sent = new TextEncoder().encode(answer?.body).length;
    assertEquals(events.all.at(-2), { event: "refused", id, peer, reason, kind, status, sent });
  }
  assertEquals(answered.length, 2);
  assertEquals(events.all.at(-1), { event: "notice", message: "a line" });
});

Deno.test("withAnswers() passes on what gets no answer", { permissions }, () => {
  const events = new RecordedEvents();
  const log = withAnswers(events, () => {
    throw new Error("there is none");
  });
  log.emit({ event: "refused", id, peer, reason });
  log.emit({ event: "accepted", id, peer });
  assertEquals(events.all, [{ event: "refused", id, peer, reason }, { event: "accepted", id, peer }]);
  assertEquals([log.detailed, log.sizeOf], [events.detailed, undefined]);
});

Deno.test("withAnswers() tells the size of all that it adds to the log", { permissions }, () => {
  const events = { detailed: true, emit: () => {}, sizeOf: (event: NetEvent) => JSON.stringify(event).length };
  const line: NetEvent = { event: "notice", message: "a line" };
  const refused: NetEvent = { event: "refused", id, peer, reason, kind: "full" };
  const size = (log: Events): number => log.sizeOf?.(refused) ?? 0;
  assertEquals(
    size(withAnswers(events, () => line)),
    size(withAnswers(events, () => null)) + JSON.stringify(line).length,
  );
  assert(size(withAnswers(events, () => null)) > JSON.stringify(refused).length);
});
