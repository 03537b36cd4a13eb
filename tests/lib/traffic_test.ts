import { assertEquals } from "@std/assert";
import { Traffic } from "../../lib/traffic.ts";
import { TestTime } from "../support/time.ts";

const permissions = "none";

Deno.test(
  "Traffic tells the rate since the last look, and at the end the average, waits left out",
  { permissions },
  () => {
    const [time, counted] = [new TestTime(), { bytesIn: 0, bytesOut: 0 }];
    const traffic = new Traffic(() => counted, time);
    time.sleep(500);
    counted.bytesOut = 1000;
    assertEquals(traffic.now(), "1 kB out, 0 B in, 2 kB/s");
    time.sleep(500);
    counted.bytesIn = 5000;
    assertEquals(traffic.now(), "1 kB out, 5 kB in, 10 kB/s");
    time.sleep(1000);
    traffic.end();
    time.sleep(60_000);
    assertEquals(traffic.total(), "1 kB out, 5 kB in, 2.0 s, 3 kB/s");
  },
);

Deno.test("Traffic without time or bytes has a rate of zero", { permissions }, () => {
  const traffic = new Traffic(() => ({ bytesIn: 0, bytesOut: 0 }), new TestTime());
  assertEquals([traffic.now(), traffic.total()], ["0 B out, 0 B in, 0 B/s", "0 B out, 0 B in, 0.00 ms, 0 B/s"]);
});
