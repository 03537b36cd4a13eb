import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/errors.ts";
import { askUntilValid, askYesOrNo, type Question } from "../../../lib/console/prompt.ts";
import { StopRequested } from "../../../lib/console/stop.ts";

const permissions = "none";

/** Asks, with these answers; returns the value and the questions asked. */
function ask<T>(question: Question<T>, ...answers: (string | null)[]): { value: T; asked: string[] } {
  const asked: string[] = [];
  const value = askUntilValid(question, (text) => {
    asked.push(text);
    const answer = answers.shift();
    if (answer === undefined) throw new Error(`asked once too often: ${text}`);
    return answer;
  });
  return { value, asked };
}

const port: Question<number> = {
  text: "Port",
  fallback: "23456",
  read: (answer) => {
    if (!/^\d+$/.test(answer)) throw new UsageError(`Cannot use "${answer}": digits only`);
    return Number(answer);
  },
};

Deno.test("askUntilValid() shows the default in brackets and uses it for an empty answer", { permissions }, () => {
  assertEquals(ask(port, ""), { value: 23456, asked: ["Port [23456]:"] });
  assertEquals(ask(port, " \t").value, 23456);
});

Deno.test("askUntilValid() trims the answer", { permissions }, () => {
  assertEquals(ask(port, " 9000 ").value, 9000);
});

Deno.test("askUntilValid() reports an invalid answer and asks again", { permissions }, () => {
  assertEquals(ask(port, "80x", "no", "80"), {
    value: 80,
    asked: [
      "Port [23456]:",
      'Cannot use "80x": digits only\nPort [23456]:',
      'Cannot use "no": digits only\nPort [23456]:',
    ],
  });
});

Deno.test("askUntilValid() without a default passes on the empty answer", { permissions }, () => {
  const { fallback: _, ...bare } = port;
  assertEquals(ask(bare, "", "7"), { value: 7, asked: ["Port:", 'Cannot use "": digits only\nPort:'] });
});

Deno.test("askUntilValid() treats Ctrl-C and Ctrl-D as a stop (P1)", { permissions }, () => {
  const stopped = assertThrows(() => ask(port, "x", null), StopRequested);
  assertEquals([stopped.signal, stopped.code], ["SIGINT", 130]);
});

Deno.test("askUntilValid() rethrows any other error", { permissions }, () => {
  const read = (): never => {
    throw new RangeError("a bug");
  };
  assertThrows(() => ask({ text: "x", read }, "1"), RangeError);
});

Deno.test(
  "askYesOrNo() takes y and yes in any case, says so, and takes nothing else for a yes",
  { permissions },
  () => {
    const answered = (...answers: (string | null)[]): boolean => askYesOrNo("Sure?", () => answers.shift() ?? null);
    for (const yes of ["y", "Y", "yes", "Yes", "YES", " y "]) assertEquals(answered(yes), true, yes);
    for (const no of ["n", "N", "no", "NO", ""]) assertEquals(answered(no), false, no);
    assertEquals([answered("ye", "yess", "ja", "n"), answered("1", "y")], [false, true]);
    const asked: string[] = [];
    askYesOrNo("Sure?", (question) => (asked.push(question), asked.length === 1 ? "what" : "n"));
    assertEquals(asked, [
      "Sure? Type y for yes, n for no [n]:",
      'Cannot accept "what" as an answer: type y or n\nSure? Type y for yes, n for no [n]:',
    ]);
    assertThrows(() => answered(null), StopRequested);
  },
);
