import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { roomSubjects } from "../../../../chat/shared/broker/subjects.ts";

Deno.test("any name makes subjects that NATS takes: hex, never a wildcard, never too long", () => {
  for (const name of ["5b", "Room 5b", "*", ">", "a.b", "é", "☃", "\u{10ffff}".repeat(64), "x".repeat(64)]) {
    const { key, stream, line, prefix } = roomSubjects(name);
    assertMatch(key, /^[0-9a-f]{2,192}$/);
    assertEquals([stream, line, prefix], [`ROOM_${key}`, `plainwire.room.${key}.line`, `plainwire.room.${key}.`]);
  }
});

Deno.test("names that look alike are one room, others are not", () => {
  assertEquals(roomSubjects("Zoe\u0308"), roomSubjects("Zo\u00eb"));
  assertNotEquals(roomSubjects("a"), roomSubjects("A"));
  const long = "\u{10ffff}".repeat(63);
  assertNotEquals(roomSubjects(`${long}a`).key, roomSubjects(`${long}b`).key);
});
