import { assertEquals } from "@std/assert";
import { FrameError, type MemberStream, SilentError } from "../../../chat/transport/member_stream.ts";
import { LineMember } from "../../../chat/transport/line_member.ts";
import { RateLimit } from "../../../chat/room/pace.ts";
import { Room } from "../../../chat/room/room.ts";
import { CutOffError, TimedOutError, TooLongError } from "../../../lib/errors.ts";

Deno.test("why a member was lost is told to the others, by what its stream fails with", async () => {
  const lost: string[] = [];
  const room = new Room({
    history: 0,
    onEvent: (event) => {
      if (event.kind === "left") lost.push(event.line);
    },
  });
  for (
    const error of [
      new SilentError("no pong"),
      new TimedOutError("stalled"),
      new CutOffError("reset"),
      new FrameError("bad frame"),
      new TooLongError(80),
    ]
  ) {
    const failed = Promise.withResolvers<Uint8Array>();
    const stream: MemberStream = {
      ...{ id: 1, peer: "192.0.2.7:4000", hostname: "192.0.2.7", session: null, bytesIn: 0, bytesOut: 0 },
      read: () => failed.promise,
      readyWithin: () => Promise.resolve(true),
      write: () => Promise.resolve(),
      closeWrite: () => Promise.resolve(),
      finish: () => Promise.resolve(),
      close: () => {},
    };
    const member = new LineMember(stream, room, {
      ...{ rate: 0, limit: new RateLimit(0, 0), idle: 0, maxMessage: 80, gap: 0 },
      checkMute: () => {},
    });
    for (const joined of room.members) room.introduce(joined);
    const running = member.run();
    failed.reject(error);
    assertEquals(await running.catch((reason) => reason), error);
  }
  assertEquals(
    lost.map((line) => line.replace(/^.*\(|\)$/g, "")),
    ["timed out", "too slow", "reset", "bad frame", "line too long"],
  );
});
