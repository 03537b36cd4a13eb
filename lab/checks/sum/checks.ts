/**
 * The checks of a server of the number exchange.
 *
 * @module
 */
import type { Protocol } from "../protocol.ts";
import { crowds, datagramCrowds } from "./crowds.ts";
import { alive, dialectOver, type SumDialect } from "./dialect.ts";
import { jsonQuestions } from "./json_questions.ts";
import { outsiders } from "./outsiders.ts";
import { questions } from "./questions.ts";
import { refusals } from "./refusals.ts";
import { streams } from "./streams.ts";

/** Over UDP: `--udp`. */
const overUdp: Protocol<SumDialect> = {
  transport: "udp",
  checks: [...questions, ...refusals, ...jsonQuestions, ...datagramCrowds, ...outsiders],
  dialectOf: dialectOver("udp"),
  alive,
};

/** One question, one answer: `NAME: INTEGER`. */
export const protocol: Protocol<SumDialect> = {
  transport: "tcp",
  checks: [...questions, ...refusals, ...jsonQuestions, ...streams, ...crowds, ...outsiders],
  dialectOf: dialectOver("tcp"),
  alive,
  asksFirst: true,
  overUdp,
};
