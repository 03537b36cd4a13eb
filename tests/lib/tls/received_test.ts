import { assertEquals } from "@std/assert";
import { Received } from "../../../lib/tls/received.ts";

Deno.test("bytes come out in order, whatever the sizes of the chunks and of the reads", () => {
  const all = Uint8Array.from({ length: 60 }, (_, index) => index);
  for (let chunk = 1; chunk < 20; chunk++) {
    for (let read = 1; read < 20; read++) {
      const received = new Received();
      for (let at = 0; at < all.length; at += chunk) received.push(all.slice(at, at + chunk));
      const got: number[] = [];
      for (let count, into; (count = received.take(into = new Uint8Array(read))) > 0;) {
        got.push(...into.slice(0, count));
      }
      assertEquals([Uint8Array.from(got), received.size], [all, 0]);
    }
  }
});

Deno.test("a read takes from several chunks, and leaves the rest", () => {
  const received = new Received();
  for (const size of [3, 3, 3]) received.push(new Uint8Array(size));
  assertEquals([received.take(new Uint8Array(7)), received.size], [7, 2]);
  assertEquals([received.take(new Uint8Array(0)), received.size], [0, 2]);
});
