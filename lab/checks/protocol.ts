/**
 * What `lab:check` needs to know of a protocol.
 *
 * @module
 */
import type { FlagValues } from "../../lib/script/flags.ts";
import type { Check } from "./check.ts";
import type { protocolFlags } from "./protocol_flags.ts";
import type { Trial } from "./trial.ts";

/** The values of the flags that describe a protocol, those of every protocol. */
export type ProtocolFlagValues = FlagValues<typeof protocolFlags>;

/** What finding out about a server works with. */
export interface Probe {
  /** Its connections are closed when the dialect is known. */
  readonly trial: Trial<null>;
  /** Tells the user what was found out: one line, without a full stop. It becomes a comment in the report. */
  say(comment: string): void;
}

/** A protocol and its checks. `D` is how a server speaks it: its dialect. */
export interface Protocol<D> {
  readonly transport: "tcp" | "udp";
  /** In the order in which they are run: the plainest first. */
  readonly checks: readonly Check<D>[];
  /** Those that are run unless some are selected, if the flags decide that; else all of them. */
  checksFor?(flags: ProtocolFlagValues): readonly Check<D>[];
  /**
   * How this server speaks the protocol: as the flags say, and where they say nothing, as a first exchange shows.
   *
   * @throws {CheckFailure} The server does not serve at all.
   */
  dialectOf(flags: ProtocolFlagValues, probe: Probe): Promise<D>;
  /**
   * Whether each check is to have a server of its own, newly started, if the checker starts it: one that serves a single client is
   * right to end then. So nothing connects to it before its check, and what became of it afterwards is not asked.
   */
  fresh?(flags: ProtocolFlagValues): boolean;
  /**
   * One plain exchange: is the server still there? It is asked after each check.
   *
   * @throws {CheckFailure} It is not.
   */
  alive(trial: Trial<D>): Promise<void>;
  /**
   * Whether a server is looked for by an exchange, as over UDP: a connection that asks nothing, though harmless to a right one, ends the
   * textbook's.
   */
  readonly asksFirst?: boolean;
  /** The same protocol over UDP, for a server that speaks it so: `--udp`. */
  readonly overUdp?: Protocol<D>;
}
