import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/errors.ts";
import { askUntilValid, askYesOrNo, type Question } from "../../../lib/console/prompt.ts";
import { StopRequested } from "../../../lib/console/stop.ts";

const permissions = "none";

/** Asks with these answers at hand; tells the value and the questions as they were put. */
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

Deno.test("askUntilValid() shows the default in brackets and takes it for an empty answer", { permissions }, () => {
  assertEquals(ask(port, ""), { value: 23456, asked: ["Port [23456]:"] });
  assertEquals(ask(port, " \t").value, 23456);
});

Deno.test("askUntilValid() takes an answer without the space around it", { permissions }, () => {
  assertEquals(ask(port, " 9000 ").value, 9000);
});

Deno.test("askUntilValid() says what is wrong and asks again", { permissions }, () => {
  assertEquals(ask(port, "80x", "no", "80"), {
    value: 80,
    asked: [
      "Port [23456]:",
      'Cannot use "80x": digits only\nPort [23456]:',
      'Cannot use "no": digits only\nPort [23456]:',
    ],
  });
});

Deno.test("askUntilValid() without a default hands on the empty answer", { permissions }, () => {
  const { fallback: _, ...bare } = port;
  assertEquals(ask(bare, "", "7"), { value: 7, asked: ["Port:", 'Cannot use "": digits only\nPort:'] });
});

Deno.test("askUntilValid() takes Ctrl-C and Ctrl-D for a stop (P1)", { permissions }, () => {
  const stopped = assertThrows(() => ask(port, "x", null), StopRequested);
  assertEquals([stopped.signal, stopped.code], ["SIGINT", 130]);
});

Deno.test("askUntilValid() lets any other fault through", { permissions }, () => {
  const read = (): never => {
    throw new RangeError("a bug");
  };
  assertThrows(() => ask({ text: "x", read }, "1"), RangeError);
});

Deno.test("askYesOrNo() takes nothing but yes typed out for a yes", { permissions }, () => {
  const answered = (...answers: (string | null)[]): boolean => askYesOrNo("Sure?", () => answers.shift() ?? null);
  assertEquals([answered("yes"), answered("no"), answered("")], [true, false, false]);
  assertEquals([answered("y", "YES", "yes"), answered("y", "no")], [true, false]);
  assertThrows(() => answered(null), StopRequested);
});
