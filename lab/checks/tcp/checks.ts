/**
 * The checks of plain TCP.
 *
 * @module
 */
import type { Protocol } from "../protocol.ts";
import { contents } from "./contents.ts";
import { dialectOf, exchange, type TcpDialect } from "./dialect.ts";
import { endings } from "./endings.ts";
import { framing } from "./framing.ts";
import { others } from "./others.ts";

/** Plain TCP: messages on a stream, or an echo. */
export const protocol: Protocol<TcpDialect> = {
  transport: "tcp",
  checks: [...framing, ...endings, ...contents, ...others],
  dialectOf,
  alive: exchange,
};
