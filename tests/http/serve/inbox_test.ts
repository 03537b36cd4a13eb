import { assert, assertEquals } from "@std/assert";
import { Inbox } from "../../../http/serve/inbox.ts";
import { textOf } from "../../../http/request/syntax.ts";
import { latin1 } from "../requests.ts";

const permissions = "none";

Deno.test("Inbox works on the reader's buffer while no bytes are left over", { permissions }, () => {
  const inbox = new Inbox();
  const piece = latin1("hello");
  inbox.add(piece);
  assert(inbox.bytes.buffer === piece.buffer);
  inbox.at = 5;
  inbox.keep();
  assertEquals([inbox.left, inbox.at, inbox.bytes.length], [0, 0, 0]);
});

Deno.test("Inbox keeps bytes left over when the reader reuses its buffer", { permissions }, () => {
  const inbox = new Inbox();
  let expected = "";
  for (let round = 0; round < 200; round++) {
    const piece = latin1(`<${round}>`.repeat(1 + round % 7));
    expected += textOf(piece);
    inbox.keep();
    inbox.add(piece);
    // Every third round consumes some bytes from the front.
    if (round % 3 === 0) {
      const count = Math.min(inbox.left, 5);
      assertEquals(textOf(inbox.bytes, inbox.at, inbox.at + count), expected.slice(0, count));
      inbox.at += count;
      expected = expected.slice(count);
    }
    inbox.keep();
    piece.fill(0);
  }
  assertEquals(textOf(inbox.bytes, inbox.at), expected);
});
