/**
 * Questions that are valid, or on which servers may differ, over TCP and over UDP.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { encodeText } from "../../../lib/text.ts";
import type { Check } from "../check.ts";
import { expectEscaped } from "../printed.ts";
import { describe } from "./answer.ts";
import { CONTRACT, either, PRACTICE, right } from "./cases.ts";
import { ask, PLAIN, type SumDialect, type SumTrial } from "./dialect.ts";
import { ESCAPED, INTEGER, LAST_COLON, REFUSE, STOP, WHOLE_CHARACTERS } from "./remedies.ts";

/** The checks of questions. */
export const questions: readonly Check<SumDialect>[] = [
  right({ name: "plain-question", title: `"${PLAIN}"`, question: PLAIN, ...CONTRACT, remedy: LAST_COLON }),
  right({ name: "lowest", title: "the lowest number, 1", question: "Ada: 1", ...CONTRACT, remedy: STOP }),
  right({ name: "highest", title: "the highest number, 100", question: "Ada: 100", ...CONTRACT, remedy: STOP }),
  {
    name: "same-name-again",
    title: "two clients ask, one after the other",
    expects: "answers both, under the same name",
    ...CONTRACT,
    remedy: REFUSE,
    async run(trial: SumTrial) {
      const [one, two] = [await ask(trial, PLAIN), await ask(trial, "Bob: 43")];
      for (const answer of [one, two]) if (answer.kind !== "number") trial.fail(describe(answer));
      const names = [one, two].map((answer) => answer.kind === "number" ? answer.name : "");
      trial.expect(names[0] === names[1], `it is "${names[0]}" first, and "${names[1]}" then`);
    },
  },
  right({
    name: "colons-in-the-name",
    title: 'a name with colons, "Team 7: Ada: 42"',
    question: "Team 7: Ada: 42",
    ...CONTRACT,
    remedy: LAST_COLON,
  }),
  right({
    name: "name-in-utf-8",
    title: "a name in other letters",
    remedy: WHOLE_CHARACTERS,
    question: "Zoë 漢字 😀: 42",
    source: "RFC 3629",
    level: "contract",
  }),
  right({
    name: "spaces-around-the-number",
    title: "spaces before and after the number",
    question: "Ada:    42  ",
    ...CONTRACT,
    remedy: INTEGER,
  }),
  either({ name: "plus-sign", title: 'a number with its sign, "+42"', question: "Ada: +42", ...PRACTICE }),
  either({ name: "leading-zeros", title: 'zeros before the number, "042"', question: "Ada: 042", ...PRACTICE }),
  either({ name: "empty-line", title: "an empty line", question: "", ...PRACTICE }),
  either({ name: "no-name", title: 'no name, ": 42"', question: ": 42", ...PRACTICE }),
  either({ name: "number-alone", title: 'a number without name and colon, "42"', question: "42", ...PRACTICE }),
  either({
    name: "long-name",
    title: "a name of 10,000 letters",
    question: `${"x".repeat(10_000)}: 42`,
    ...PRACTICE,
    mistake: 18,
  }),
  either({ name: "nul-in-the-name", title: "NUL bytes in the name", question: "A\0d\0a: 42", ...PRACTICE }),
  either({
    name: "invalid-utf-8",
    title: "a name that is not UTF-8",
    question: concat([Uint8Array.of(0xff, 0xc3, 0x28, 0xf0, 0x9f), encodeText(": 42")]),
    source: "RFC 3629 10",
    level: "practice",
    mistake: 18,
  }),
  either({
    name: "byte-order-mark",
    title: "a byte order mark before the name, as some editors write it",
    question: "\ufeffAda: 42",
    ...PRACTICE,
  }),
  {
    name: "escape-in-the-name",
    title: "an escape sequence in the name, and a look at what the server prints",
    expects: "prints no control characters of a stranger",
    source: "CWE-150",
    level: "practice",
    mistake: 18,
    remedy: ESCAPED,
    run: (trial) => expectEscaped(trial, (name) => ask(trial, `${name}: 42`)),
  },
];
