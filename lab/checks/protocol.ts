/**
 * What `lab:check` needs to know about a protocol.
 *
 * @module
 */
import type { FlagValues } from "../../lib/script/flags.ts";
import type { Check } from "./check.ts";
import type { protocolFlags } from "./protocol_flags.ts";
import type { Trial } from "./trial.ts";

/** The values of the flags that describe a protocol, for all protocols together. */
export type ProtocolFlagValues = FlagValues<typeof protocolFlags>;

/** The tools for finding out how a server speaks its protocol. */
export interface Probe {
  /** Its connections are closed when the dialect is known. */
  readonly trial: Trial<null>;
  /** Adds a comment to the report about what was found out: one line, without a full stop. */
  say(comment: string): void;
}

/** A protocol and its checks. `D` is the dialect: how a server speaks it. */
export interface Protocol<D> {
  readonly transport: "tcp" | "udp";
  /** In the order in which they are run: the simplest first. */
  readonly checks: readonly Check<D>[];
  /** The checks that are run when `--only` selects none, if that depends on the flags; all of them by default. */
  checksFor?(flags: ProtocolFlagValues): readonly Check<D>[];
  /**
   * Finds out how the server speaks the protocol: from the flags or, where they say nothing, from a first exchange.
   *
   * @throws {CheckFailure} The server does not serve at all.
   */
  dialectOf(flags: ProtocolFlagValues, probe: Probe): Promise<D>;
  /**
   * Whether a server that is started here is started anew for each check: a server for a single client may exit after it. Nothing connects
   * to it before its check then, and what becomes of it afterwards does not matter.
   */
  fresh?(flags: ProtocolFlagValues): boolean;
  /**
   * A simple exchange after each check, to see whether the server still serves.
   *
   * @throws {CheckFailure} It does not.
   */
  alive(trial: Trial<D>): Promise<void>;
  /**
   * Whether it takes an exchange to find the server, as over UDP. A connection without a request is harmless to a correct server, but ends
   * the textbook's.
   */
  readonly asksFirst?: boolean;
  /** The same protocol over UDP, for `--udp`. */
  readonly overUdp?: Protocol<D>;
}
