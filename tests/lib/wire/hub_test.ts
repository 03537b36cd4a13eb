import { assertEquals } from "@std/assert";
import { WireHub } from "../../../lib/wire/hub.ts";
import type { Remark, WireEvent, WireReader } from "../../../lib/wire/event.ts";

const event: WireEvent = {
  ...{ at: 1, transport: "tcp", call: "close", flow: 1, local: null, peer: null, bytes: null, duration: 0 } as const,
};
const remark: Remark = { at: 1, flow: 1, mark: "state", text: "closed" };

Deno.test("WireHub explains each event once, for all readers", async () => {
  const told: [string, number][] = [];
  const reader = (name: string): WireReader => ({ event: (_, remarks) => void told.push([name, remarks.length]) });
  let explained = 0;
  const explainer = {
    explain: () => {
      explained++;
      return [remark];
    },
    silence: () => [],
  };
  const hub = new WireHub([reader("one"), reader("two")], explainer);
  hub.emit(event);
  await hub.end();
  assertEquals([told, explained], [[["one", 1], ["two", 1]], 1]);
});

Deno.test("WireHub asks what silence means while nothing happens, and no more once the run is over", async () => {
  const heard = Promise.withResolvers<readonly Remark[]>();
  let asked = 0;
  const explainer = {
    explain: () => [],
    silence: () => {
      asked++;
      return [remark];
    },
  };
  const keepAlive = setTimeout(() => {}, 5000);
  const hub = new WireHub([{ event: () => {}, silence: heard.resolve }], explainer);
  assertEquals(await heard.promise, [remark]);
  await hub.end();
  clearTimeout(keepAlive);
  assertEquals(asked, 1);
});

Deno.test("WireHub waits for every reader to write what is left", async () => {
  const ended: string[] = [];
  const reader = (name: string): WireReader => ({
    event: () => {},
    end: async () => {
      await Promise.resolve();
      ended.push(name);
    },
  });
  await new WireHub([reader("one"), { event: () => {} }, reader("two")], null).end();
  assertEquals(ended, ["one", "two"]);
});
