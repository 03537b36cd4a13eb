/**
 * Faulty clients as plans: what each sends, and when. Pure: the same seed gives the same plans.
 *
 * @module
 */
import { Chance } from "../../../lib/faults/chance.ts";
import { changed, type FaultPlan, NO_FAULTS } from "../../../lib/faults/plan.ts";
import { encodeText } from "../../../lib/text.ts";
import type { Dialect } from "../servers.ts";

/** A step of a faulty client; times in milliseconds. */
export type Step =
  | { readonly do: "send"; readonly bytes: Uint8Array }
  | { readonly do: "wait"; readonly time: number }
  /** Reads until the end, or so long. */
  | { readonly do: "read"; readonly time: number }
  | { readonly do: "half-close" }
  | { readonly do: "reset" };

/** A faulty client. At the end of its steps it closes. */
export interface FaultyClient {
  /** What is wrong with it: `never reads`. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** What its network does to what it sends. */
  readonly network: FaultPlan;
  /** The seed of its network. */
  readonly seed: number;
  /** Whether it speaks TLS first, where the server does. */
  readonly tls: boolean;
}

/** Draws the steps of a kind of fault. */
export type Draw = (chance: Chance, dialect: Dialect) => readonly Step[];

/** A kind of fault. */
export interface Kind {
  readonly name: string;
  readonly draw: Draw;
  /** Whether it comes before any TLS handshake. */
  readonly raw?: boolean;
}

/** The longest that a faulty client stays (ms): the server must be free of it afterwards. */
export const LONGEST = 3000;

export function send(content: string | Uint8Array): Step {
  return { do: "send", bytes: typeof content === "string" ? encodeText(content) : content };
}

export function wait(time: number): Step {
  return { do: "wait", time };
}

/** Reads what comes for a moment. */
export function read(chance: Chance): Step {
  return { do: "read", time: 20 + chance.below(400) };
}

/** The network of every other faulty client does something too. */
const NETWORKS: readonly ((chance: Chance) => FaultPlan)[] = [
  () => NO_FAULTS,
  () => NO_FAULTS,
  () => changed(NO_FAULTS, "split", "random"),
  (chance) => changed(NO_FAULTS, "split", String(1 + chance.below(7))),
  () => changed(NO_FAULTS, "coalesce", "30ms"),
  () => changed(NO_FAULTS, "slowRead", "2000"),
  (chance) => changed(NO_FAULTS, "resetAfter", String(chance.below(200))),
  (chance) => changed(NO_FAULTS, "halfCloseAfter", String(chance.below(200))),
  (chance) => changed(changed(NO_FAULTS, "stallAfter", String(chance.below(200))), "stallFor", "500ms"),
];

/**
 * Draws a faulty client.
 *
 * @param flow The server's place among the servers.
 * @param number The client's number there.
 */
export function drawClient(
  { seed, flow, number, dialect, kinds }: {
    readonly seed: number;
    readonly flow: number;
    readonly number: number;
    readonly dialect: Dialect;
    readonly kinds: readonly Kind[];
  },
): FaultyClient {
  const chance = new Chance(seed, flow, `faulty client ${number}`);
  const kind = kinds[chance.below(kinds.length)];
  if (kind === undefined) throw new RangeError("Cannot draw a faulty client: there are no kinds");
  const network = NETWORKS[chance.below(NETWORKS.length)]?.(chance) ?? NO_FAULTS;
  const steps = kind.draw(chance, dialect);
  return { name: kind.name, steps, network, seed: chance.draw(), tls: kind.raw !== true };
}
