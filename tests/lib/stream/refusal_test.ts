import { assertEquals, assertRejects } from "@std/assert";
import { Connection } from "../../../lib/stream/connection.ts";
import { CutOffError, RefusedError } from "../../../lib/errors.ts";
import type { RefusalPlace } from "../../../lib/refusal.ts";
import { refusalGuard } from "../../../lib/stream/refusal.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { everyWay } from "../../support/chunks.ts";
import { RecordedEvents } from "../../support/sockets.ts";
import { TestTime, turn } from "../../support/time.ts";
import { FakeSocket } from "../fakes.ts";

const permissions = "none";
const FULL = "Cannot serve you: the server is full\n";

function setUp(place: RefusalPlace = "only") {
  const [socket, events, time] = [new FakeSocket(), new RecordedEvents(), new TestTime()];
  const guarded = refusalGuard({ place, events, time })(socket);
  const connection = new Connection(guarded, { events, gap: 0 });
  return { socket, source: socket.source, events, time, guarded, connection };
}

/** Everything that a connection delivers; throws what ends it otherwise. */
async function all(connection: Connection): Promise<string> {
  let text = "";
  for (let bytes; (bytes = await connection.read()) !== null;) text += decodeText(bytes);
  return text;
}

Deno.test("a refusal ends the read with code 4 and the server's sentence, however it is split", {
  permissions,
}, async () => {
  for (const { name, pieces } of everyWay(encodeText(FULL))) {
    const { source, events, connection } = setUp();
    for (const piece of pieces) source.feed(piece);
    source.end();
    const error = await assertRejects(() => connection.readMessage(), RefusedError);
    assertEquals([name, error.code, error.message], [name, 4, FULL.trim()]);
    connection.close();
    const [refused, closed] = events.all;
    const peer = "192.0.2.7:4000";
    assertEquals(refused, { event: "refused", id: 1, peer, reason: "the server is full" });
    assertEquals(closed?.event === "closed" && closed.bytesIn, FULL.length);
  }
});

Deno.test("more after the line, or anything before it, is data, however it is split", { permissions }, async () => {
  for (const text of [`${FULL}x`, `x${FULL}`, "Cannot", FULL.trim().slice(0, 17), "\0\n"]) {
    for (const { name, pieces } of everyWay(encodeText(text))) {
      const { source, events, connection } = setUp();
      for (const piece of pieces) source.feed(piece);
      source.end();
      assertEquals([name, await all(connection), events.refusals], [name, text, []]);
      connection.close();
    }
  }
});

Deno.test(
  "the first bytes of a possible refusal are held back for half a second at most",
  { permissions },
  async () => {
    for (const held of ["Can", FULL]) {
      const { source, events, time, connection } = setUp();
      source.feed(held);
      let got = "";
      const reading = connection.read().then((bytes) => got = decodeText(bytes ?? new Uint8Array()));
      await time.pass(499);
      await turn();
      assertEquals(got, "");
      await time.pass(1);
      await reading;
      assertEquals(got, held);
      // The read below is still pending: nothing that it brings is lost or reordered.
      const next = connection.read();
      source.feed(FULL);
      assertEquals(decodeText(await next ?? new Uint8Array()), FULL);
      source.end();
      assertEquals([await connection.read(), events.refusals, time.timers], [null, [], 0]);
      connection.close();
    }
  },
);

Deno.test("a peer that sends byte by byte cannot extend the hold", { permissions }, async () => {
  const { source, time, connection } = setUp();
  let got = "";
  const reading = connection.read().then((bytes) => got = decodeText(bytes ?? new Uint8Array()));
  for (const byte of encodeText("Cann")) {
    source.feed(Uint8Array.of(byte));
    await time.pass(120);
  }
  assertEquals(got, "");
  await time.pass(20);
  await reading;
  assertEquals(got, "Cann");
  connection.close();
});

Deno.test("once data has passed, the guard is out of the way: reads go straight to the socket", {
  permissions,
}, async () => {
  const { source, guarded } = setUp();
  source.feed("data");
  await guarded.read(new Uint8Array(64));
  assertEquals(source.room, 4096);
  source.feed("more");
  await guarded.read(new Uint8Array(65_536));
  assertEquals(source.room, 65_536);
  guarded.close();
});

Deno.test("a reset after the whole line is a refusal too; before its end it cuts the data off", {
  permissions,
}, async () => {
  for (const [text, expected] of [[FULL, RefusedError], ["Cannot serve you: the", CutOffError]] as const) {
    const { source, connection } = setUp();
    source.feed(text);
    source.fail(new Deno.errors.ConnectionReset());
    let got = "";
    await assertRejects(
      async () => {
        for (;;) got += decodeText(await connection.read() ?? new Uint8Array());
      },
      expected,
    );
    assertEquals(got, expected === RefusedError ? "" : text);
    connection.close();
  }
});

Deno.test("a connection that is closed here while bytes are held back reports no refusal", {
  permissions,
}, async () => {
  const { source, events, connection } = setUp();
  source.feed(FULL);
  const reading = connection.read();
  await turn();
  connection.close();
  await reading.catch(() => {});
  assertEquals(events.refusals, []);
});

Deno.test("in a chat the last line can be the refusal, after any number of others", { permissions }, async () => {
  for (const { pieces } of everyWay(encodeText(`* you are bob\n${FULL}bob: hi\n${FULL}`))) {
    const { source, events, connection } = setUp("last");
    for (const piece of pieces) source.feed(piece);
    source.end();
    let got = "";
    await assertRejects(async () => {
      for (let bytes; (bytes = await connection.read()) !== null;) got += decodeText(bytes);
    }, RefusedError);
    assertEquals([got, events.refusals], [`* you are bob\n${FULL}bob: hi\n`, ["the server is full"]]);
    connection.close();
  }
});

Deno.test("in a chat every hold has its own half second", { permissions }, async () => {
  const { source, time, connection } = setUp("last");
  source.feed("Can");
  const first = connection.read();
  await time.pass(400);
  source.feed("dy\nCan");
  assertEquals(decodeText(await first ?? new Uint8Array()), "Candy\n");
  let got = "";
  const second = connection.read().then((bytes) => got = decodeText(bytes ?? new Uint8Array()));
  await time.pass(499);
  assertEquals(got, "");
  await time.pass(1);
  await second;
  assertEquals(got, "Can");
  connection.close();
});
