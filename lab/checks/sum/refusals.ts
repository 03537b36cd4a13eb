/**
 * Questions that must be refused, over TCP and over UDP: what follows the colon is not an integer.
 *
 * @module
 */
import type { Check } from "../check.ts";
import { describe } from "./answer.ts";
import { CONTRACT, PRACTICE, wrong } from "./cases.ts";
import { isRefused, type SumDialect, type SumTrial } from "./dialect.ts";
import { INTEGER, REFUSE } from "./remedies.ts";

/** The checks of what is not an integer. */
export const refusals: readonly Check<SumDialect>[] = [
  wrong({ name: "decimal", title: '"4.5"', question: "Ada: 4.5", ...CONTRACT, mistake: 20, remedy: INTEGER }),
  wrong({
    name: "exponent",
    title: '"1e1", which some languages take for 10',
    question: "Ada: 1e1",
    ...CONTRACT,
    mistake: 20,
    remedy: INTEGER,
  }),
  wrong({
    name: "hexadecimal",
    title: '"0x10", which some languages take for 16',
    question: "Ada: 0x10",
    ...CONTRACT,
    mistake: 20,
    remedy: INTEGER,
  }),
  wrong({
    name: "digits-of-another-script",
    title: '"٤٢", which some languages take for 42',
    question: "Ada: ٤٢",
    ...CONTRACT,
    mistake: 20,
    remedy: INTEGER,
  }),
  wrong({
    name: "digits-with-underscore",
    title: '"1_0", which some languages take for 10',
    question: "Ada: 1_0",
    ...CONTRACT,
    mistake: 20,
    remedy: INTEGER,
  }),
  wrong({
    name: "digits-with-letters",
    title: '"42abc", which some languages take for 42',
    question: "Ada: 42abc",
    ...CONTRACT,
    mistake: 20,
    remedy: INTEGER,
  }),
  wrong({ name: "two-numbers", title: '"4 2"', question: "Ada: 4 2", ...CONTRACT, remedy: INTEGER }),
  wrong({
    name: "nul-in-the-number",
    title: "a NUL byte in the number",
    question: "Ada: 4\x002",
    ...CONTRACT,
    mistake: 20,
    remedy: INTEGER,
  }),
  wrong({ name: "sign-alone", title: '"+"', question: "Ada: +", ...CONTRACT }),
  wrong({ name: "words", title: '"forty-two"', question: "Ada: forty-two", ...CONTRACT }),
  wrong({ name: "no-number", title: 'nothing after the colon, "Ada:"', question: "Ada:", ...CONTRACT }),
  wrong({ name: "text-without-colon", title: '"hello"', question: "hello", ...CONTRACT }),
  wrong({
    name: "browser",
    title: "the request of a browser",
    question: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ...PRACTICE,
  }),
  wrong({
    name: "random-bytes",
    title: "64 bytes that are no text",
    question: Uint8Array.from({ length: 64 }, (_, at) => at * 37 % 251),
    ...PRACTICE,
  }),
  {
    name: "refusal-is-told",
    title: '"forty-two", and a look at the answer',
    expects: "says in words that it does not take it",
    ...CONTRACT,
    remedy: REFUSE,
    async run(trial: SumTrial) {
      const answer = await isRefused(trial, "Ada: forty-two");
      if (answer.kind === "none") trial.fail(`${describe(answer)}: a client cannot tell that from a crash`);
    },
  },
];
