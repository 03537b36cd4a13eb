import { assertEquals, assertRejects } from "@std/assert";
import { Failure } from "../../../lib/errors.ts";
import { KnownHostsFile } from "../../../lib/tls/known_hosts.ts";

const KEY = `sha256:${"ab".repeat(32)}` as const;
const OTHER = `sha256:${"cd".repeat(32)}` as const;

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a remembered host is found again, and no other", () =>
  inFolder(async (folder) => {
    const path = `${folder}/new/known_hosts`;
    assertEquals(await new KnownHostsFile(path).find("localhost:1"), null);
    await new KnownHostsFile(path).remember("localhost:1", KEY);
    await new KnownHostsFile(path).remember("[::1]:2", OTHER);
    const known = new KnownHostsFile(path);
    assertEquals(await Promise.all(["localhost:1", "[::1]:2", "localhost:11"].map((host) => known.find(host))), [
      KEY,
      OTHER,
      null,
    ]);
    assertEquals(await Deno.readTextFile(path), `localhost:1 ${KEY}\n[::1]:2 ${OTHER}\n`);
    if (Deno.build.os !== "windows") assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  }));

Deno.test("a host gets its own line even if the last line has no newline", () =>
  inFolder(async (folder) => {
    const known = new KnownHostsFile(`${folder}/known_hosts`);
    await Deno.writeTextFile(known.path, `localhost:1 ${KEY}`);
    await known.remember("localhost:2", OTHER);
    assertEquals(await Promise.all([known.find("localhost:1"), known.find("localhost:2")]), [KEY, OTHER]);
  }));

Deno.test("concurrent writers lose no entry", () =>
  inFolder(async (folder) => {
    const path = `${folder}/known_hosts`;
    const hosts = Array.from({ length: 40 }, (_, index) => `host:${index + 1}`);
    await Promise.all(hosts.map((host) => new KnownHostsFile(path).remember(host, KEY)));
    const known = new KnownHostsFile(path);
    for (const host of hosts) assertEquals(await known.find(host), KEY);
  }));

Deno.test("with an unreadable file no server is trusted, code 7", () =>
  inFolder(async (folder) => {
    const path = `${folder}/known_hosts`;
    await Deno.writeTextFile(path, "localhost:1 sha256:short\n");
    const failure = await assertRejects(() => new KnownHostsFile(path).find("localhost:1"), Failure);
    assertEquals([failure.code, failure.message.includes("the line for localhost:1 has no fingerprint")], [7, true]);
    await assertRejects(() => new KnownHostsFile(folder).find("localhost:1"), Failure, "Cannot read the known hosts");
    await assertRejects(
      () => new KnownHostsFile(`${path}/below`).remember("localhost:1", KEY),
      Failure,
      "Cannot write the known hosts",
    );
    await Deno.writeTextFile(path, "x".repeat(1024 * 1024 + 1));
    await assertRejects(() => new KnownHostsFile(path).find("a"), Failure, "more than 1048576 bytes");
  }));

Deno.test("exclusively() runs one call at a time, even after one has failed", async () => {
  const known = new KnownHostsFile("nowhere");
  const order: number[] = [];
  const first = known.exclusively(async () => {
    await Promise.resolve();
    order.push(1);
    throw new Error("first");
  });
  const second = known.exclusively(() => Promise.resolve(order.push(2)));
  await assertRejects(() => first, Error, "first");
  await second;
  assertEquals(order, [1, 2]);
});
