/**
 * What carries the lines of a member, and how it may fail.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import { ProtocolError, TimedOutError } from "../../lib/errors.ts";

/** What carries a member's lines both ways: its TCP connection, or what looks like one to its member. */
export type MemberStream =
  & Pick<Connection, "id" | "peer" | "hostname" | "session" | "bytesIn" | "bytesOut">
  & Pick<Connection, "readyWithin" | "closeWrite" | "finish" | "close">
  & {
    /** How the lines come, if not as they are. */
    readonly via?: string;
    /** Reads the next bytes; valid until the next call. `null` is the end. */
    read(): Promise<Uint8Array | null>;
    /** Writes whole lines. */
    write(lines: Uint8Array): Promise<void>;
  };

/** The peer does not even answer pings. */
export class SilentError extends TimedOutError {
  override name = "SilentError";
}

/** The peer broke the protocol that wraps its lines. */
export class FrameError extends ProtocolError {
  override name = "FrameError";
}
