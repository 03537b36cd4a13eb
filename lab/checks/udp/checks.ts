/**
 * The checks of a UDP server.
 *
 * @module
 */
import type { Protocol } from "../protocol.ts";
import { contents } from "./contents.ts";
import { crowds } from "./crowds.ts";
import { alive, dialectOf, silenceOf, type UdpDialect } from "./dialect.ts";
import { exchanges } from "./exchanges.ts";

/** A server whose datagrams are whole messages, each answered to its sender. */
export const protocol: Protocol<UdpDialect> = {
  transport: "udp",
  checks: [...exchanges, ...contents, ...crowds].map((check) => ({
    ...check,
    skip: (dialect) => silenceOf(dialect) ?? check.skip?.(dialect) ?? null,
  })),
  dialectOf,
  alive,
};
