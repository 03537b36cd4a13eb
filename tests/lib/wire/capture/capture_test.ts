import { assert, assertEquals, assertRejects } from "@std/assert";
import { openCapture } from "../../../../lib/wire/capture/capture.ts";
import { CaptureReader } from "../../../../lib/wire/pcap/events.ts";
import { Wire } from "../../../support/wire_events.ts";

const linux = { ignore: Deno.build.os !== "linux" };

/** Runs a test with a path in a folder of its own. */
async function withPath(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(`${folder}/x.pcapng`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What a capture holds now. */
async function callsIn(path: string): Promise<string[]> {
  const reader = new CaptureReader({ name: path });
  const steps = [...reader.push(await Deno.readFile(path)), ...reader.end().steps];
  return steps.map(({ event }) => event.call);
}

const NO_TROUBLE = {
  app: "tcp:server",
  onTrouble: (message: string): void => {
    throw new Error(message);
  },
};

Deno.test("a capture can be opened at once, and while the run goes on", async () => {
  await withPath(async (path) => {
    const capture = openCapture(path, NO_TROUBLE);
    assertEquals(await callsIn(path), []);
    const header = (await Deno.stat(path)).size;
    for (const { event } of new Wire().call(1, "accept").call(1, "read", "x").events) capture.event(event, []);
    while ((await Deno.stat(path)).size === header) await new Promise((resolve) => setTimeout(resolve, 1));
    assertEquals(await callsIn(path), ["accept", "read"]);
    await capture.end?.();
  });
});

Deno.test("a capture with a limit keeps the newest packets in two files", async () => {
  await withPath(async (path) => {
    const capture = openCapture(path, { ...NO_TROUBLE, max: 20_000 });
    const wire = new Wire();
    for (let count = 0; count < 100; count++) wire.receive(1, String(count).padStart(1000));
    for (const { event } of wire.events) capture.event(event, []);
    await capture.end?.();
    const names = await Array.fromAsync(Deno.readDir(path.replace(/\/[^/]*$/, "")), ({ name }) => name);
    assertEquals(names.sort(), ["x.1.pcapng", "x.pcapng"]);
    const numbers = async (file: string): Promise<number[]> => {
      assert((await Deno.stat(file)).size <= 20_000);
      return [...(await Deno.readTextFile(file)).matchAll(/ {900,}(\d+)/g)].map(([, number]) => Number(number));
    };
    const parts = [await numbers(path.replace(".pcapng", ".1.pcapng")), await numbers(path)];
    const kept = parts.sort(([one = 0], [other = 0]) => one - other).flat();
    assert(kept.length > 10);
    assertEquals(kept, Array.from({ length: kept.length }, (_, at) => 100 - kept.length + at));
  });
});

Deno.test("the packets of a call share a file, and a file has at least one", async () => {
  await withPath(async (path) => {
    const other = path.replace(".pcapng", ".1.pcapng");
    // The first datagram moves the place where the file is full.
    for (const first of [20_000, 0, 50, 100, 150, 200]) {
      const capture = openCapture(path, { ...NO_TROUBLE, max: 10_000 });
      for (const { event } of new Wire().receive(1, new Uint8Array(first)).events) capture.event(event, []);
      if (first > 10_000) await assertRejects(() => Deno.stat(other), Deno.errors.NotFound);
      for (let flow = 1; flow < 100; flow++) {
        for (const { event } of new Wire().call(flow, "connect").events) capture.event(event, []);
      }
      await capture.end?.();
      // A handshake in two files would be a connection without an answer in the first.
      for (const file of [path, other]) {
        const reader = new CaptureReader();
        const steps = [...reader.push(await Deno.readFile(file)), ...reader.end().steps];
        assert(steps.length > 0);
        assertEquals(steps.filter(({ event }) => event.error !== undefined), []);
      }
    }
  });
});

Deno.test("a capture whose folder is gone when it is full ends, and not the run", linux, async () => {
  const folder = await Deno.makeTempDir();
  const troubles: string[] = [];
  const onTrouble = (message: string): void => void troubles.push(message);
  const capture = openCapture(`${folder}/x.pcapng`, { app: "x", max: 10_000, onTrouble });
  await Deno.remove(folder, { recursive: true });
  for (let count = 0; count < 5; count++) {
    for (const { event } of new Wire().receive(1, new Uint8Array(9000)).events) capture.event(event, []);
  }
  await capture.end?.();
  assertEquals(troubles.map((message) => message.replace(folder, "")), [
    "Cannot write /x.1.pcapng: no such file or directory; the run goes on without it",
  ]);
});

Deno.test("a full disk ends the capture and not the run, is told once, and no other file is begun", linux, async () => {
  await withPath(async (path) => {
    await Deno.symlink("/dev/full", path);
    const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url));
    // In a process of its own: a device needs every permission. More than waits to be written.
    const code = `import { openCapture } from ${url("../../../../lib/wire/capture/capture.ts")};
      const onTrouble = (message) => console.log(message);
      const capture = openCapture(${JSON.stringify(path)}, { app: "x", max: 100_000, onTrouble });
      const [local, peer] = [{ hostname: "127.0.0.1", port: 1 }, { hostname: "127.0.0.1", port: 2 }];
      const event = { at: 1, transport: "tcp", call: "read", flow: 1, local, peer, duration: 0 };
      for (let count = 0; count < 20; count++) capture.event({ ...event, bytes: new Uint8Array(60_000) }, []);
      await capture.end();`;
    const config = new URL("../../../../deno.json", import.meta.url).pathname;
    const args = ["eval", "--config", config, code];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
    const told = new TextDecoder().decode(stdout);
    assertEquals(told, `Cannot write ${path}: no space left on device; the run goes on without it\n`);
    await assertRejects(() => Deno.lstat(path.replace(".pcapng", ".1.pcapng")), Deno.errors.NotFound);
  });
});
