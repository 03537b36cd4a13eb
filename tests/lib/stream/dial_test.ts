import { assert, assertEquals, assertRejects } from "@std/assert";
import { dial, NoAnswer, type Opener } from "../../../lib/stream/dial.ts";
import { endsWhenAborted } from "../../support/aborted.ts";
import { FakeSocket } from "../fakes.ts";

const permissions = "none";

/** A network in which each address answers, fails, or is silent until its attempt is aborted. */
function network(addresses: Readonly<Record<string, "answers" | "fails" | "silent">>): {
  open: Opener;
  tried: string[];
  sockets: FakeSocket[];
  answer: (address: string) => void;
} {
  const tried: string[] = [];
  const sockets: FakeSocket[] = [];
  const waiting = new Map<string, () => void>();
  const open: Opener = ({ hostname = "", signal }) => {
    tried.push(hostname);
    const connected = (): FakeSocket => {
      const socket = new FakeSocket(hostname);
      sockets.push(socket);
      return socket;
    };
    if (addresses[hostname] === "answers") return Promise.resolve(connected());
    if (addresses[hostname] === "fails") return Promise.reject(new Error(`${hostname} refuses`));
    return new Promise((resolve, reject) => {
      waiting.set(hostname, () => resolve(connected()));
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  };
  return { open, tried, sockets, answer: (address) => waiting.get(address)?.() };
}

const { signal } = new AbortController();

Deno.test(
  "dial() tries the next address as soon as one fails, and no more once one answers",
  { permissions },
  async () => {
    const { open, tried } = network({ a: "fails", b: "answers", c: "answers" });
    const ended: string[] = [];
    const onAttempt = (attempt: { address: string; result: object }): void => {
      ended.push(`${attempt.address} ${"socket" in attempt.result}`);
    };
    const socket = await dial(open, ["a", "b", "c"], 9, { signal, onAttempt });
    assertEquals((socket.remoteAddr as Deno.NetAddr).hostname, "b");
    assertEquals(tried, ["a", "b"]);
    assertEquals(ended, ["a false", "b true"]);
  },
);

Deno.test(
  "dial() tries the next address beside one that is silent, and aborts the slower attempt",
  { permissions },
  async () => {
    const { open, tried } = network({ a: "silent", b: "answers" });
    const ended: string[] = [];
    const onAttempt = ({ address }: { address: string }): void => void ended.push(address);
    const socket = await dial(open, ["a", "b"], 9, { signal, onAttempt });
    assertEquals((socket.remoteAddr as Deno.NetAddr).hostname, "b");
    assertEquals(tried, ["a", "b"]);
    await Promise.resolve();
    assertEquals(ended, ["b", "a"]);
  },
);

Deno.test("dial() closes the socket of an attempt that comes too late", { permissions }, async () => {
  const { open, sockets, answer } = network({ a: "silent", b: "answers" });
  // The platform may connect in the very moment in which the attempt is aborted.
  const deaf: Opener = ({ port, hostname = "" }) => open({ port, hostname });
  await dial(deaf, ["a", "b"], 9, { signal });
  answer("a");
  await Promise.resolve();
  assertEquals(sockets.map(({ remoteAddr, closed }) => [(remoteAddr as Deno.NetAddr).hostname, closed]), [
    ["b", false],
    ["a", true],
  ]);
});

Deno.test("dial() closes the second of two sockets that connect in the same turn", { permissions }, async () => {
  const { open, sockets, answer } = network({ a: "silent", b: "silent" });
  const ended: string[] = [];
  const onAttempt = ({ address }: { address: string }): void => void ended.push(address);
  const both = Promise.withResolvers<void>();
  const noting: Opener = (at) => {
    if (at.hostname === "b") both.resolve();
    return open(at);
  };
  const dialling = dial(noting, ["a", "b"], 9, { signal, onAttempt });
  await both.promise;
  answer("a");
  answer("b");
  await dialling;
  assertEquals(sockets.map(({ closed }) => closed), [false, true]);
  assertEquals(ended, ["a"]);
});

Deno.test(
  "dial() that is given up rejects with what became of each address that was tried",
  { permissions },
  async () => {
    const { open } = network({ a: "fails", b: "silent", c: "silent" });
    const late = new AbortController();
    const dialling = dial(open, ["a", "b", "c"], 9, { signal: late.signal });
    await Promise.resolve().then(() => {});
    late.abort(new Error("too late"));
    const { failures, cause } = await assertRejects(() => dialling, NoAnswer);
    assertEquals(failures.map(({ address, error }) => [address, (error as Error).message]), [
      ["a", "a refuses"],
      ["b", "too late"],
    ]);
    assert(cause === failures[0]?.error);
  },
);

Deno.test(
  "dial() closes the socket that connects when the caller has given up, and rejects",
  { permissions },
  async () => {
    const { open, sockets, answer } = network({ a: "silent" });
    const deaf: Opener = ({ port, hostname = "" }) => open({ port, hostname });
    const late = new AbortController();
    const dialling = dial(deaf, ["a"], 9, { signal: late.signal });
    late.abort(new Error("too late"));
    answer("a");
    const { failures } = await assertRejects(() => dialling, NoAnswer);
    assertEquals(failures.map(({ error }) => (error as Error).message), ["too late"]);
    assertEquals(sockets.map(({ closed }) => closed), [true]);
  },
);

Deno.test("dial() whose caller has given up before opens no socket", { permissions }, async () => {
  const { open, tried } = network({ a: "answers" });
  await assertRejects(() => dial(open, ["a"], 9, { signal: AbortSignal.abort(new Error("too late")) }), NoAnswer);
  assertEquals(tried, []);
});

Deno.test(
  "dial() loses no socket that Deno.connect has made when the signal aborts",
  { permissions: { net: true } },
  async () => {
    const ended = await endsWhenAborted(async (port, signal) => {
      const socket = await dial((at) => Deno.connect(at), ["127.0.0.1"], port, { signal });
      socket.close();
    });
    assert(ended, "one of the clients is still connected");
  },
);
