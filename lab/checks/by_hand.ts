/**
 * The command that repeats a check by hand. Pure.
 *
 * @module
 */
import type { Endpoint } from "../../lib/addr.ts";
import { printfWord } from "./excerpt.ts";
import type { Step } from "./steps.ts";

/** What a check did, and where. */
export interface Done {
  readonly steps: readonly Step[];
  /** How many steps were left out. */
  readonly left: number;
  readonly transport: "tcp" | "udp";
  readonly server: Endpoint;
}

/** The shortest pause between two writes (s), so that nc reads them one by one. */
const PAUSE = 0.05;
/** The longest command (characters): nobody pastes a longer one. */
const MAX_LENGTH = 600;

/**
 * A command line of `printf` and OpenBSD's `nc` that repeats what the check did on its last connection.
 *
 * @returns `null` if `nc` cannot do it: several connections at once, a reset, a close in the middle, more bytes than were kept.
 *
 * @example Usage
 * ```ts
 * import { byHandOf } from "./by_hand.ts";
 * import { Steps } from "./steps.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const steps = new Steps();
 * steps.add(1, "connect");
 * steps.add(1, "send", new TextEncoder().encode("hello\n"));
 * steps.add(1, "half-close");
 * const command = byHandOf({ steps: steps.list, left: 0, transport: "tcp", server: { hostname: "127.0.0.1", port: 9000 } });
 * assertEquals(command, "printf 'hello\\n' | nc -N -w 3 127.0.0.1 9000");
 * ```
 */
export function byHandOf({ steps, left, transport, server: { hostname, port } }: Done): string | null {
  const last = Math.max(...steps.map(({ connection }) => connection));
  const own = steps.filter(({ connection }) => connection === last);
  // What is typed at the server's own terminal cannot be part of a client's command; nor can what a client before it did that left in a hurry.
  const possible = steps.every(({ kind }) => kind !== "type" && kind !== "reset") &&
    !steps.some((step) =>
      step.connection !== last && closesEarly(steps.filter(({ connection }) => connection === step.connection))
    ) &&
    own.every(({ kind, note }) => kind !== "reset" && kind !== "refused" && (kind !== "connect" || note === undefined));
  if (left > 0 || own.length === 0 || !possible || !isAlone(steps, last)) return null;
  const sent = own.filter(({ kind }) => kind === "send");
  if (sent.some(({ bytes, length }) => bytes === undefined || bytes.length !== length) || closesEarly(own)) return null;
  if (transport === "udp") {
    return sent.length === 1 ? `${writes(sent)} | nc -u -w 2 ${hostname} ${port}` : null;
  }
  const halfClosed = own.some(({ kind }) => kind === "half-close");
  const command = `${writes(sent)} | nc ${halfClosed ? "-N " : ""}-w 3 ${hostname} ${port}`;
  return command.length > MAX_LENGTH ? null : command;
}

/** Whether every other connection was over before this one began. */
function isAlone(steps: readonly Step[], last: number): boolean {
  const began = steps.findIndex(({ connection, kind }) => connection === last && kind === "connect");
  const before = steps.slice(0, Math.max(0, began));
  return before.every(({ connection }) =>
    before.some((step) => step.connection === connection && (step.kind === "close" || step.kind === "reset"))
  ) && steps.slice(began).every(({ connection }) => connection === last);
}

/** Whether the client closes without waiting for anything, which nc cannot do. */
function closesEarly(steps: readonly Step[]): boolean {
  const kinds = steps.map(({ kind }) => kind);
  return kinds.at(-1) === "close" && ["send", "connect"].includes(kinds.at(-2) ?? "");
}

/** The commands that write the bytes to standard output, piece by piece. */
function writes(sent: readonly Step[]): string {
  const [first, ...more] = sent.map(({ bytes = new Uint8Array() }) => `printf ${printfWord(bytes)}`);
  if (first === undefined) return "printf ''";
  if (more.length === 0) return first;
  const parts = more.flatMap((part, index) => [`sleep ${pauseBetween(sent[index], sent[index + 1])}`, part]);
  return `(${[first, ...parts].join("; ")})`;
}

function pauseBetween(before: Step | undefined, after: Step | undefined): number {
  const seconds = ((after?.at ?? 0) - (before?.at ?? 0)) / 1000;
  return Math.max(PAUSE, Number(seconds.toFixed(2)));
}
