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

Deno.test("a reader that throws is ended with one warning; the call that it was told goes on, and so do the others", async () => {
  const [told, ended, troubles]: [string[], string[], string[]] = [[], [], []];
  const broken: WireReader = {
    event: () => {
      told.push("broken");
      throw new RangeError("out of ideas");
    },
    end: () => {
      ended.push("broken");
      return Promise.reject(new Error("and of paper"));
    },
  };
  const whole: WireReader = {
    event: () => void told.push("whole"),
    end: () => Promise.resolve(void ended.push("whole")),
  };
  const hub = new WireHub([broken, whole], null, { onTrouble: (message) => troubles.push(message) });
  hub.emit(event);
  hub.emit(event);
  await hub.end();
  assertEquals(told, ["broken", "whole", "whole"]);
  assertEquals(ended, ["broken", "whole"]);
  assertEquals(troubles, [
    "Cannot show the wire any more: out of ideas; the run goes on without it",
    "Cannot write what was left of the wire: and of paper",
  ]);
});

Deno.test("an explainer that throws is silent from then on; its readers go on without remarks", async () => {
  const [remarks, troubles]: [number[], string[]] = [[], []];
  let asked = 0;
  const explainer = {
    explain: () => {
      asked++;
      throw new TypeError("no words");
    },
    silence: () => [remark],
    end: () => [remark],
  };
  const reader: WireReader = { event: (_, said) => void remarks.push(said.length), silence: () => remarks.push(-1) };
  const hub = new WireHub([reader], explainer, { onTrouble: (message) => troubles.push(message) });
  hub.emit(event);
  hub.emit(event);
  await hub.end();
  assertEquals([remarks, asked, troubles], [[0, 0], 1, [
    "Cannot explain any more: no words; the run goes on without it",
  ]]);
});

Deno.test("a reader that throws at silence is dropped too", async () => {
  const troubles: string[] = [];
  const explainer = { explain: () => [], silence: () => [], end: () => [remark] };
  const reader: WireReader = {
    event: () => {},
    silence: () => {
      throw new Error("speechless");
    },
  };
  await new WireHub([reader], explainer, { onTrouble: (message) => troubles.push(message) }).end();
  assertEquals(troubles, ["Cannot show the wire any more: speechless; the run goes on without it"]);
});
