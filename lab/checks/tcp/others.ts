/**
 * Checks with several clients at once: none of them waits for another.
 *
 * @module
 */
import { encodeText, plural, thousands } from "../../../lib/text.ts";
import { TimeLimit } from "../../../lib/net/resolve.ts";
import { abortable } from "../../../lib/within.ts";
import type { Check } from "../check.ts";
import type { Talk } from "../talk.ts";
import {
  expectAnswer,
  expectOthersServed,
  messageOf,
  needsAnswers,
  needsEcho,
  ONE_AT_A_TIME,
  servesOneAtATime,
  type TcpTrial,
} from "./ask.ts";
import { exchange, type TcpDialect } from "./dialect.ts";
import { AT_ONCE, FRAMING, OWN_BYTES, SLOW_READER } from "./remedies.ts";

/** How many clients talk at once, how many are held open, and how many come one after the other. */
const AT_THE_SAME_TIME = 20;
const HELD = 1000;
const ONE_AFTER_THE_OTHER = 200;
/** The pause between two connects (ms): a short backlog, such as Python's 5, is not what is checked. */
const PACE = 2;
/** How many of the connections that are held are opened at a time. */
const OPENERS = 4;
/** How long to go on opening connections, or asking, or to wait until they are closed (ms): a server that takes its time for each is not wrong. */
const ENOUGH = 10_000;
/** What a server with a thread or a process for each client prints where the system allows no more: pthread_create(3), fork(2). */
const NO_MORE_PROCESSES =
  /can't start new thread|\bfork\b.*: (Resource temporarily unavailable|Cannot allocate memory)/;
/** How much a client that does not read sends (bytes): more than the buffers of both sides hold. */
const FLOOD = 16 * 1024 * 1024;
/** How much a slow reader asks for (bytes). */
const SLOWLY_READ = 1024 * 1024;

/** What is to blame where only a client that does not read keeps others waiting. */
const NOT_READ = { mistake: 3, remedy: SLOW_READER } as const;
/** What is to blame where a client is served, and wrongly. */
const OTHER_BYTES = { mistake: 1, remedy: FRAMING } as const;
const OTHERS = { source: "lab/checks/PROTOCOLS.md, tcp", level: "contract", mistake: 14, remedy: AT_ONCE } as const;

/** Connects several clients, one soon after the other. */
async function connectMany(trial: TcpTrial, count: number): Promise<Talk[]> {
  const talks: Talk[] = [];
  for (let number = 0; number < count; number++) {
    talks.push(await trial.connect());
    await trial.pause(PACE);
  }
  return talks;
}

/** Opens many connections, and holds them until the trial ends. */
async function holdOpen(trial: TcpTrial, count: number): Promise<void> {
  let opened = 0;
  let failure: unknown = null;
  const until = performance.now() + ENOUGH;
  const open = async (): Promise<void> => {
    while (opened < count && failure === null && performance.now() < until) {
      opened++;
      try {
        await openOne(trial);
      } catch (error) {
        opened--;
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: OPENERS }, open));
  trial.signal.throwIfAborted();
  if (failure instanceof Error && /too many open files/i.test(failure.message)) {
    trial.skip(`this system allows lab:check ${opened} connections only (ulimit -n)`);
  }
  trial.steps.add(1, "connect", undefined, `${plural(opened, "connection")}, held open`);
  if (failure !== null) trial.fail(`it took no more than ${plural(opened, "connection")} at once`);
}

/** Opens a connection and waits until the server serves it: until it answers a message, if it keeps the connection open after that. */
async function openOne(trial: TcpTrial): Promise<void> {
  const { server, dialect, patience, signal } = trial;
  using limit = new TimeLimit(patience, signal, () => new Error("not accepted"));
  const conn = trial.own(await Deno.connect({ ...server, signal: limit.signal }));
  if (dialect.closes || dialect.answers === "nothing" || dialect.end === "") return await trial.pause(PACE);
  await conn.write(messageOf(dialect)).catch(() => {});
  // A client that is turned away gets a line, the end or a reset. Each of these tells it.
  const told = conn.read(new Uint8Array(1024)).catch(() => null);
  await abortable(told, limit.signal);
}

/** The checks with several clients. */
export const others: readonly Check<TcpDialect>[] = [
  {
    ...OTHERS,
    name: "silent-client",
    title: "one client says nothing; another one comes",
    expects: "serves the other one at once",
    skip: needsAnswers,
    byHand: "(sleep 5 | nc -N $HOST $PORT) & sleep 0.2; printf 'hello\\n' | nc -N -w 3 $HOST $PORT",
    async run(trial) {
      await trial.connect();
      await trial.pause(50);
      await expectOthersServed(trial, "a silent client");
    },
  },
  {
    ...OTHERS,
    name: "twenty-at-once",
    title: `${AT_THE_SAME_TIME} clients connect, then all of them ask`,
    expects: "answers each",
    skip: needsAnswers,
    async run(trial) {
      const talks = await connectMany(trial, AT_THE_SAME_TIME);
      const message = messageOf(trial.dialect);
      await Promise.all(talks.map(async (talk) => {
        await talk.send(message);
        if (trial.dialect.end === "") await talk.halfClose();
      }));
      for (const talk of talks) await expectAnswer(trial, talk, message, { wrong: OTHER_BYTES });
    },
  },
  {
    ...OTHERS,
    name: "no-mix-up",
    title: `${AT_THE_SAME_TIME} clients at once, each with a text of its own`,
    expects: "sends each its own bytes",
    skip: needsEcho,
    async run(trial) {
      const talks = await connectMany(trial, AT_THE_SAME_TIME);
      const texts = talks.map((_, index) => encodeText(`client ${index} `.repeat(50) + trial.dialect.end));
      await Promise.all(talks.map(async (talk, index) => {
        for (let at = 0, bytes = texts[index] ?? new Uint8Array(); at < bytes.length; at += 100) {
          await talk.send(bytes.subarray(at, at + 100));
        }
      }));
      for (const [index, talk] of talks.entries()) {
        await expectAnswer(trial, talk, texts[index] ?? new Uint8Array(), { wrong: { remedy: OWN_BYTES } });
      }
    },
  },
  {
    ...OTHERS,
    name: "thousand-connections",
    title: `${thousands(HELD)} connections are open; another one comes`,
    expects: "serves the other one",
    source: "listen(2)",
    level: "practice",
    limit: 20_000,
    recovery: ENOUGH,
    async run(trial) {
      try {
        await holdOpen(trial, HELD);
        await exchange(trial);
      } catch (error) {
        if (NO_MORE_PROCESSES.test(trial.output?.() ?? "")) {
          trial.skip("this system allows the server no more threads or processes (ulimit -u)");
        }
        throw error;
      }
    },
  },
  {
    ...OTHERS,
    name: "one-after-the-other",
    title: `${ONE_AFTER_THE_OTHER} clients, one after the other`,
    expects: "answers each",
    skip: needsAnswers,
    limit: 20_000,
    async run(trial) {
      const until = performance.now() + ENOUGH;
      for (let count = 0; count < ONE_AFTER_THE_OTHER && performance.now() < until; count++) await exchange(trial);
    },
  },
  {
    ...OTHERS,
    name: "slow-writer",
    title: "one client sends a byte each 20 ms; others come",
    expects: "serves the others at once, and this one in the end",
    skip: needsAnswers,
    async run(trial) {
      const message = messageOf(trial.dialect);
      using talk = await trial.connect();
      const dripping = talk.sendApart([...message].map((byte) => Uint8Array.of(byte)), 20);
      try {
        await expectOthersServed(trial, "a slow writer");
      } finally {
        await dripping;
      }
      if (trial.dialect.end === "") await talk.halfClose();
      await expectAnswer(trial, talk, message, { anything: true, wrong: OTHER_BYTES });
    },
  },
  {
    ...OTHERS,
    name: "slow-reader",
    title: "one client reads late; others come",
    expects: "serves the others at once, and then this one whole",
    skip: needsAnswers,
    async run(trial) {
      const { dialect } = trial;
      const blame = await servesOneAtATime(trial) ? ONE_AT_A_TIME : NOT_READ;
      const sent = dialect.answers === "echo"
        ? encodeText("x".repeat(SLOWLY_READ - dialect.end.length) + dialect.end)
        : messageOf(dialect);
      using talk = await trial.connect({ reading: false });
      // It may not be over before its answer is read.
      const sending = talk.send(sent);
      await trial.pause(50);
      await expectOthersServed(trial, "a slow reader", blame);
      talk.startReading();
      await sending;
      if (dialect.end === "") await talk.halfClose();
      await expectAnswer(trial, talk, sent, { wrong: OTHER_BYTES });
    },
  },
  {
    name: "never-reads",
    title: "one client sends 16 MiB and reads nothing; others come",
    expects: "serves the others at once",
    source: "send(2)",
    level: "practice",
    ...NOT_READ,
    skip: needsEcho,
    async run(trial) {
      const blame = await servesOneAtATime(trial) ? ONE_AT_A_TIME : NOT_READ;
      using talk = await trial.connect({ reading: false });
      const sending = talk.send(new Uint8Array(FLOOD), "never read");
      await trial.pause(100);
      await expectOthersServed(trial, "a client that never reads", blame);
      talk.close();
      await sending;
    },
  },
];
