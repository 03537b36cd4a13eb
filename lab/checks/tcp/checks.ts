/**
 * The checks of plain TCP.
 *
 * @module
 */
import type { Check } from "../check.ts";
import type { Protocol } from "../protocol.ts";
import { dialectOf, exchange, type TcpDialect } from "./dialect.ts";

const checks: readonly Check<TcpDialect>[] = [
  {
    name: "plain-exchange",
    title: "one message",
    expects: "answers it",
    source: "DESIGN.md 2",
    level: "contract",
    skip: ({ answers }) => answers === "nothing" ? "the server answers nothing" : null,
    run: exchange,
  },
];

/** Plain TCP: messages on a stream, or an echo. */
export const protocol: Protocol<TcpDialect> = { transport: "tcp", checks, dialectOf, alive: exchange };
