import { assertEquals } from "@std/assert";
import type { NetEvent } from "../../../../lib/events.ts";
import { Strangers } from "../../../../lib/wire/trace/strangers.ts";

Deno.test("however many strangers come, a peer that goes on stays known", { permissions: "none" }, () => {
  const told: string[] = [];
  const log = { detailed: true, emit: (event: NetEvent): unknown => told.push(event.event), sizeOf: () => 1 };
  const strangers = new Strangers(log, { burst: 4097, rate: 0 });
  const meet = (peer: string): void => strangers.emit({ event: "accepted", id: 1, peer });
  for (let port = 0; port < 4096; port++) {
    meet("192.0.2.1:7");
    meet(`192.0.2.2:${port}`);
  }
  told.length = 0;
  meet("192.0.2.1:7");
  meet("192.0.2.3:7");
  assertEquals(told, ["accepted"]);
  strangers[Symbol.dispose]();
});
