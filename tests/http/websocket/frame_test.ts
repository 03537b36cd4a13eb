/** Frames from the server (RFC 6455 5.1, 5.2, 5.5). */
import { assertEquals, assertThrows } from "@std/assert";
import { closeFrame, frame } from "../../../http/websocket.ts";
import { closePayload } from "../../support/websocket.ts";

const head = (bytes: Uint8Array, length: number): number[] => Array.from(bytes.subarray(0, length));

Deno.test("RFC 6455 5.2: frames have the shortest form of their length, and no mask", { permissions: "none" }, () => {
  assertEquals(frame("text", "é"), Uint8Array.of(0x81, 2, 0xc3, 0xa9));
  assertEquals(frame("binary", Uint8Array.of(1)), Uint8Array.of(0x82, 1, 1));
  assertEquals(frame("ping", ""), Uint8Array.of(0x89, 0));
  assertEquals(frame("pong", "a"), Uint8Array.of(0x8a, 1, 0x61));
  assertEquals(head(frame("binary", new Uint8Array(125)), 2), [0x82, 125]);
  assertEquals(head(frame("binary", new Uint8Array(126)), 4), [0x82, 126, 0, 126]);
  assertEquals(head(frame("text", "x".repeat(65_535)), 5), [0x81, 126, 255, 255, 0x78]);
  assertEquals(head(frame("text", "x".repeat(65_536)), 11), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0, 0x78]);
  assertEquals(frame("binary", new Uint8Array(70_000)).length, 70_010);
});

Deno.test("RFC 6455 5.5: control frames have at most 125 bytes", { permissions: "none" }, () => {
  assertEquals(frame("ping", new Uint8Array(125)).length, 127);
  assertThrows(() => frame("ping", new Uint8Array(126)), RangeError);
  assertThrows(() => frame("pong", "x".repeat(126)), RangeError);
});

Deno.test("RFC 6455 5.5.1, 7.4: close frames have a code that may be sent, or none", { permissions: "none" }, () => {
  assertEquals(closeFrame(1001, "é").subarray(2), closePayload(1001, "é"));
  assertEquals(closeFrame(4999).subarray(2), closePayload(4999));
  assertEquals(closeFrame(1005, "dropped"), Uint8Array.of(0x88, 0));
  for (const code of [0, 999, 1004, 1006, 1015, 2999, 5000]) assertThrows(() => closeFrame(code), RangeError);
  // 122 bytes and a character of two: it does not fit, and is not cut.
  assertEquals(closeFrame(1000, `${"x".repeat(122)}é`).length, 2 + 2 + 122);
  assertEquals(closeFrame(1000, "x".repeat(200)).length, 2 + 125);
});
