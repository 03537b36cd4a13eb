/**
 * Numbers outside 1-100, which may stop a server, provided it does so gracefully.
 *
 * @module
 */
import type { Check } from "../check.ts";
import { describe } from "./answer.ts";
import { CONTRACT, outside, skipUnlessRestarted } from "./cases.ts";
import { isRefused, type SumDialect, type SumTrial } from "./dialect.ts";
import { EXACT } from "./remedies.ts";

/** The checks of numbers that may stop the server. */
export const outsiders: readonly Check<SumDialect>[] = [
  outside({ name: "zero", title: "the number 0", question: "Ada: 0", ...CONTRACT }),
  outside({ name: "one-too-many", title: "the number 101", question: "Ada: 101", ...CONTRACT }),
  outside({ name: "negative", title: "the number -3", question: "Ada: -3", ...CONTRACT }),
  outside({
    name: "wraps-in-8-bits",
    title: "298, which is 42 in 8 bits",
    question: "Ada: 298",
    ...CONTRACT,
    mistake: 20,
    remedy: EXACT,
  }),
  outside({
    name: "wraps-in-32-bits",
    title: "4294967338, which is 42 in 32 bits",
    question: "Ada: 4294967338",
    ...CONTRACT,
    mistake: 20,
    remedy: EXACT,
  }),
  outside({
    name: "wraps-in-64-bits",
    title: "18446744073709551658, which is 42 in 64 bits",
    question: "Ada: 18446744073709551658",
    ...CONTRACT,
    mistake: 20,
    remedy: EXACT,
  }),
  outside({
    name: "not-exact-as-a-double",
    title: "9007199254740993, which no double is",
    question: "Ada: 9007199254740993",
    ...CONTRACT,
    mistake: 20,
    remedy: EXACT,
  }),
  outside({
    name: "four-hundred-zeros",
    title: "1 with 400 zeros",
    question: `Ada: 1${"0".repeat(400)}`,
    ...CONTRACT,
    mistake: 20,
    remedy: EXACT,
  }),
  {
    ...outside({ name: "stop-is-told", title: "101, and a look at the answer", question: "Ada: 101", ...CONTRACT }),
    expects: "says in words that it stops, or that it does not take the number",
    async run(trial: SumTrial) {
      skipUnlessRestarted(trial);
      const answer = await isRefused(trial, "Ada: 101");
      if (answer.kind === "none") trial.fail(`${describe(answer)}: a client cannot tell that from a crash`);
    },
  },
];
