/** Each server here commits one mistake, and checks of plain TCP find it; a right one passes. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { listenNode } from "../../../../lib/net/node_listener.ts";
import type { RawSocket } from "../../../../lib/net/socket.ts";
import { encodeText } from "../../../../lib/text.ts";
import { protocol } from "../../../../lab/checks/tcp/checks.ts";
import type { TcpDialect } from "../../../../lab/checks/tcp/dialect.ts";
import { type Result, runChecks } from "../../../../lab/checks/runner.ts";
import { onTime } from "../support.ts";

const ECHO: TcpDialect = { answers: "echo", reply: "", message: "hello", end: "\n", maxMessage: null, closes: false };
const LINES: TcpDialect = { ...ECHO, answers: "reply", reply: "ok" };
const ONCE: TcpDialect = { ...LINES, closes: true };

/** Serves a client; the socket is closed afterwards. */
type Serve = (socket: RawSocket) => Promise<void>;

/** Runs some checks against a server in this process; returns the names of those that failed. */
async function failing(...args: Parameters<typeof failures>): Promise<string[]> {
  return (await failures(...args)).map(({ check }) => check.name);
}

/** The same, with what came of them. */
async function failures(...args: Parameters<typeof results>): Promise<Result[]> {
  return (await results(...args)).filter(({ outcome }) => outcome === "failed");
}

/**
 * What came of all.
 *
 * @param serial Whether the server serves one client after the other.
 * @param output What the server has printed.
 */
async function results(
  serve: Serve,
  dialect: TcpDialect,
  names: readonly string[],
  serial = false,
  output = "",
): Promise<Result[]> {
  using listener = (await listenNode({ hostname: "127.0.0.1", port: 0 }))();
  const serving = accept(listener, serve, serial);
  const checks = protocol.checks.filter(({ name }) => names.includes(name));
  const nothing = { output: () => output, ending: () => Promise.resolve(null), lastWords: () => "", restart: null };
  const server = { endpoint: { hostname: "127.0.0.1", port: listener.addr.port }, ...nothing };
  const signal = new AbortController().signal;
  const found = await Array.fromAsync(
    runChecks({ protocol, dialect, checks, server, patience: 200, seed: 1, signal, measure: onTime }),
  );
  listener[Symbol.dispose]();
  await serving;
  return found;
}

async function accept(listener: { accept(): Promise<RawSocket> }, serve: Serve, serial: boolean): Promise<void> {
  const serving: Promise<void>[] = [];
  try {
    for (;;) {
      const socket = await listener.accept();
      const served = serve(socket).catch(() => {}).finally(() => socket.close());
      serving.push(served);
      if (serial) await served;
    }
  } catch {
    // Closed by the test.
  }
  await Promise.all(serving);
}

/** What comes on a socket, each read by itself, up to its end. */
async function* reads(socket: RawSocket): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  for (let count; (count = await socket.read(buffer)) !== null;) yield buffer.slice(0, count);
}

/** What comes on a socket, by lines, in Latin-1. */
async function* lines(socket: RawSocket, max = 1e6): AsyncGenerator<string> {
  let rest = "";
  for await (const bytes of reads(socket)) {
    const all = (rest + new TextDecoder("latin1").decode(bytes)).split("\n");
    rest = all.pop() ?? "";
    yield* all;
    if (rest.length > max) return;
  }
}

const say = (socket: RawSocket, text: string): Promise<unknown> => socket.write(encodeText(text));
const answerLines: Serve = async (socket) => {
  for await (const _line of lines(socket, 100_000)) await say(socket, "ok\n");
  await socket.closeWrite();
};
const answerOnce: Serve = async (socket) => {
  for await (const _line of lines(socket)) {
    await say(socket, "ok\n");
    break;
  }
  await socket.closeWrite();
  for await (const _rest of reads(socket));
};

const FAST = protocol.checks.map(({ name }) => name).filter((name) =>
  !["thousand-connections", "one-after-the-other"].includes(name)
);

Deno.test("lab:check tcp: a server that answers lines passes", async () => {
  assertEquals(await failing(answerLines, LINES, FAST), []);
});

const MISTAKES: readonly {
  readonly mistake: string;
  readonly serve: Serve;
  readonly dialect: TcpDialect;
  /** The checks that find it, and one beside them that does not. */
  readonly found: readonly string[];
  readonly beside: string;
  readonly serial?: boolean;
}[] = [
  {
    mistake: "takes one read for one message",
    serve: async (socket) => {
      for await (const _read of reads(socket)) await say(socket, "ok\n");
    },
    dialect: LINES,
    found: ["split-at-each-byte", "byte-by-byte", "cut-character", "two-in-one-write", "many-in-one-write"],
    beside: "plain-exchange",
  },
  {
    mistake: "decodes each read by itself",
    serve: async (socket) => {
      for await (const bytes of reads(socket)) await say(socket, new TextDecoder().decode(bytes));
    },
    dialect: ECHO,
    found: ["cut-character", "invalid-utf8", "all-bytes"],
    beside: "byte-by-byte",
  },
  {
    mistake: "loses what it has not sent when the client half-closes",
    serve: async (socket) => {
      let sending: ReturnType<typeof setTimeout> | undefined;
      for await (const bytes of reads(socket)) sending = setTimeout(() => socket.write(bytes).catch(() => {}), 20);
      clearTimeout(sending);
      await socket.closeWrite();
    },
    dialect: ECHO,
    found: ["half-close-after-message", "half-close-in-mid-message"],
    beside: "half-close-at-once",
  },
  {
    mistake: "ignores the half-close",
    serve: async (socket) => {
      for await (const _line of lines(socket)) await say(socket, "ok\n");
      await new Promise((resolve) => setTimeout(resolve, 400));
    },
    dialect: LINES,
    found: ["half-close-after-message", "half-close-in-mid-message", "half-close-at-once"],
    beside: "plain-exchange",
  },
  {
    mistake: "closes with input unread, which resets the connection",
    serve: async (socket) => {
      const count = await socket.read(new Uint8Array(64 * 1024)) ?? 0;
      if (count > 0) await say(socket, "ok\n");
      if (count <= 100) return await socket.closeWrite();
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.reset?.();
    },
    dialect: ONCE,
    found: ["many-in-one-write", "large-message"],
    beside: "two-in-one-write",
  },
  {
    mistake: "keeps a line that never ends",
    serve: async (socket) => {
      for await (const _line of lines(socket, Infinity)) await say(socket, "ok\n");
    },
    dialect: { ...LINES, maxMessage: 1000 },
    found: ["never-ending-line", "too-long-message"],
    beside: "longest-message",
  },
  {
    mistake: "serves one client at a time",
    serve: answerOnce,
    dialect: ONCE,
    found: ["silent-client", "slow-writer", "stop-in-mid-message"],
    beside: "plain-exchange",
    serial: true,
  },
  {
    mistake: "loses bytes of a large answer",
    serve: async (socket) => {
      for await (const bytes of reads(socket)) await socket.write(bytes.subarray(0, 10_000));
    },
    dialect: ECHO,
    found: ["large-message", "bulk", "slow-reader"],
    beside: "all-bytes",
  },
  {
    mistake: "does not take CR LF, and chokes on an empty line",
    serve: async (socket) => {
      for await (const line of lines(socket)) {
        if (line === "") return;
        await say(socket, line.endsWith("\r") ? "what?\n" : "ok\n");
      }
    },
    dialect: LINES,
    found: ["cr-lf", "empty-message"],
    beside: "plain-exchange",
  },
];

for (const { mistake, serve, dialect, found, beside, serial = false } of MISTAKES) {
  Deno.test(`lab:check tcp finds a server that ${mistake}`, async () => {
    assertEquals((await failing(serve, dialect, [...found, beside], serial)).sort(), [...found].sort());
  });
}

Deno.test("lab:check tcp finds answers that are mixed up between clients", async () => {
  const sockets = new Set<RawSocket>();
  const mixUp: Serve = async (socket) => {
    sockets.add(socket);
    for await (const bytes of reads(socket)) {
      for (const each of sockets) await each.write(bytes).catch(() => sockets.delete(each));
    }
    sockets.delete(socket);
  };
  const failed = await failures(mixUp, ECHO, ["plain-exchange", "no-mix-up"]);
  assertEquals(failed.map(({ check, blame }) => [check.name, blame?.mistake]), [["no-mix-up", undefined]]);
  assertStringIncludes(failed[0]?.blame?.remedy.why ?? "", "variables of its own");
});

Deno.test("lab:check tcp blames the mistake that it has seen, not the one that the check looks for", async () => {
  const echo: Serve = async (socket) => {
    for await (const bytes of reads(socket)) await socket.write(bytes);
  };
  const names = ["stop-in-mid-message", "silent-client", "slow-reader", "never-reads"];
  const serial = await failures(echo, ECHO, names, true);
  assertEquals(
    serial.map(({ check, blame }) => [check.name, (blame ?? check).mistake]),
    names.map((name) => [name, 14]),
  );

  const waiting: Serve = async (socket) => {
    for await (const _read of reads(socket)) await say(socket, "ok\n");
  };
  const [many] = await failures(waiting, LINES, ["many-in-one-write"]);
  assertStringIncludes(many?.reason ?? "", "3 bytes came instead of the 300 of 100 answers");
  assertStringIncludes((many?.blame ?? many?.check)?.remedy?.why ?? "", "One read");
});

Deno.test("lab:check tcp does not blame a server for the system's limit of processes", async () => {
  let open = 0;
  const exhausted: Serve = async (socket) => {
    if (open === 100) return;
    open++;
    await answerLines(socket).finally(() => open--);
  };
  const outcome = async (printed: string): Promise<string> => {
    const [result] = await results(exhausted, LINES, ["thousand-connections"], false, printed);
    return result?.outcome === "skipped" ? result.reason : result?.outcome ?? "";
  };
  assertEquals(await outcome("accepted\n"), "failed");
  for (
    const printed of [
      "RuntimeError: can't start new thread\n",
      "socat[29955] E fork(): Resource temporarily unavailable\n",
      "sh: fork: Cannot allocate memory\n",
    ]
  ) {
    assertEquals(await outcome(printed), "this system allows the server no more threads or processes (ulimit -u)");
  }
});
