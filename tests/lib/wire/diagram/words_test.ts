import { assert, assertEquals } from "@std/assert";
import { sizeText, spanText, timeText } from "../../../../lib/wire/diagram/words.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

Deno.test("timeText() fits beside a lifeline, whatever the time", () => {
  assertEquals([0, 0.416, 99.9, 345.25].map(timeText), ["0.00 ms", "0.42 ms", "99.90 ms", "345.3 ms"]);
  assertEquals([12.0034 * SECOND, 345.2 * SECOND].map(timeText), ["12.003 s", "345.2 s"]);
  assertEquals([1000 * SECOND, HOUR + 123 * SECOND, 12.5 * DAY].map(timeText), ["0:16:40", "1:02:03", "12.5 d"]);
  assertEquals([-3, 1e22].map(timeText), ["-3.00 ms", "> 9999 d"]);
  for (let ms = 0.001; ms < 1e20; ms *= 1.7) assert(timeText(ms).length <= 10, timeText(ms));
});

Deno.test("spanText() reads well at every scale", () => {
  const spans = [0.416, 17.4, 12_003, 5 * 60 * SECOND, 3.5 * HOUR, 12 * DAY];
  assertEquals(spans.map(spanText), ["0.42 ms", "17 ms", "12.0 s", "5 min", "3.5 h", "12 d"]);
});

Deno.test("sizeText() counts bytes", () => {
  assertEquals([0, 19, 65_536, 2_400_000, 1.2e9].map(sizeText), ["0 B", "19 B", "65,536 B", "2.4 MB", "1.2 GB"]);
});
