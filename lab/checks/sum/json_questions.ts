/**
 * Questions as JSON objects, for a server that takes them.
 *
 * @module
 */
import type { Check } from "../check.ts";
import { describe } from "./answer.ts";
import { CONTRACT, json, right, wrong } from "./cases.ts";
import { ask, type SumDialect, type SumTrial } from "./dialect.ts";

/** The checks of JSON. */
export const jsonQuestions: readonly Check<SumDialect>[] = [
  json({
    ...right({ name: "json-question", title: "a JSON object", question: '{"name":"Ada","number":42}', ...CONTRACT }),
    expects: 'answers with a JSON object, {"name":"…","number":…}',
    async run(trial: SumTrial) {
      const answer = await ask(trial, '{"name":"Ada","number":42}');
      if (answer.kind !== "number") trial.fail(describe(answer));
      trial.expect(answer.json, `${describe(answer)}, but not as a JSON object`);
    },
  }),
  json(
    wrong({
      name: "json-text-for-number",
      title: "JSON with the number as text",
      question: '{"name":"Ada","number":"42"}',
      ...CONTRACT,
    }),
  ),
  json(
    wrong({
      name: "json-decimal",
      title: "JSON with 4.5",
      question: '{"name":"Ada","number":4.5}',
      ...CONTRACT,
      mistake: 20,
    }),
  ),
  json(wrong({ name: "json-without-number", title: "JSON without a number", question: '{"name":"Ada"}', ...CONTRACT })),
  json(wrong({ name: "json-array", title: "a JSON array", question: '["Ada",42]', ...CONTRACT })),
  json(
    wrong({ name: "json-broken", title: "JSON that is cut off", question: '{"name":"Ada","number":42', ...CONTRACT }),
  ),
  json(wrong({
    name: "json-key-twice",
    title: "JSON with the number twice",
    question: '{"name":"Ada","number":1,"number":2}',
    source: "RFC 8259 4",
    level: "contract",
  })),
  json(wrong({
    name: "json-nested",
    title: "JSON nested 10,000 deep",
    question: `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
    source: "RFC 8259 9",
    level: "practice",
  })),
];
