/** The processes of a soak: the servers, and the loop that reads what they hold. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Child } from "../../../lab/soak/child.ts";
import { Sampler } from "../../../lab/soak/sampler.ts";
import { Failure } from "../../../lib/errors.ts";
import { needs, POSIX } from "../../support/script.ts";

const LINUX = needs(Deno.build.os === "linux", "Linux");
const READY = `echo '{"event":"listening","port":9,"here":""}'`;

/** A program of the shell in place of a server. */
function shell(program: string): { readonly name: string; readonly command: string[] } {
  return { name: "fake", command: ["sh", "-c", program] };
}

Deno.test({
  name: "a server that ends before it listens is a failure with its last words",
  ...POSIX,
  async fn() {
    await assertRejects(() => Child.start(shell("echo no such port >&2; exit 9")), Failure, "no such port");
  },
});

Deno.test({
  name: "a server has the descriptors that it is given, gets what is typed, and ends by SIGTERM",
  ...POSIX,
  async fn() {
    const events: unknown[] = [];
    const program = `${READY}; read line; echo "{\\"limit\\":$(ulimit -n),\\"line\\":\\"$line\\"}"; exec sleep 60`;
    const told = Promise.withResolvers<void>();
    await using child = await Child.start({
      ...shell(program),
      descriptors: 33,
      onEvent: (event) => events.push(event) === 2 && told.resolve(),
    });
    assertEquals(child.port, 9);
    child.type("hello");
    await told.promise;
    assertEquals(events[1], { limit: 33, line: "hello" });
    assertEquals((await child.stop())?.signal, "SIGTERM");
  },
});

Deno.test({
  name: "the sampler counts the descriptors and the memory of a process, and leaves out one that is gone",
  ...LINUX,
  async fn() {
    await using sampler = new Sampler();
    await using child = await Child.start(shell(`${READY}; exec 7</dev/null 8</dev/null; exec sleep 60`));
    const usage = (await sampler.read([child.pid, 4_000_000])).get(child.pid);
    assert(usage !== undefined && usage.rss > 0 && usage.threads === 1, JSON.stringify(usage));
    assert(usage.descriptors >= 5, `${usage.descriptors} descriptors`);
    await child.stop();
    assertEquals((await sampler.read([child.pid])).size, 0);
  },
});
