import { assertEquals, assertThrows } from "@std/assert";
import { Exit, UsageError } from "../../lib/errors.ts";
import { parseFlags } from "../../lib/script/flags.ts";
import { StopRequested } from "../../lib/console/stop.ts";
import { askForNumber, clientFlags, serverFlags } from "../../sum/flags.ts";

Deno.test("the client flags accept any integer, and have defaults", { permissions: "none" }, () => {
  assertEquals(parseFlags(clientFlags, []).values, { number: undefined, name: "Plainwire client", format: "line" });
  const given = ["--number", "-3", "--name", " a: b ", "--format", "json"];
  assertEquals(parseFlags(clientFlags, given).values, { number: -3n, name: "a: b", format: "json" });
  assertEquals(parseFlags(clientFlags, ["--number", `1${"0".repeat(400)}`]).values.number, 10n ** 400n);
});

Deno.test("the flags name an invalid value (P4)", { permissions: "none" }, () => {
  const cases: [string[], string][] = [
    [["--number", "4.5"], 'Cannot use --number "4.5": it must be an integer such as 42'],
    [["--number", "1e1"], '--number "1e1"'],
    [["--number", "٤٢"], '--number "٤٢"'],
    [["--number="], '--number ""'],
    [["--number"], "--number: it needs a value"],
    [["--name="], 'Cannot use --name "": the name is empty'],
    [["--name", "x".repeat(201)], "the name has 201 characters, the limit is 200"],
    [["--name", "a\nb"], 'Cannot use --name "a\\nb": it must have no control characters'],
    [["--name", '{"a'], "it must not start like JSON"],
    [["--format", "xml"], '--format "xml": it must be line or json'],
  ];
  for (const [args, reason] of cases) assertThrows(() => parseFlags(clientFlags, args), UsageError, reason);
  for (const number of ["0", "101", "-3", "4.5", "1e1", ""]) {
    assertThrows(() => parseFlags(serverFlags, ["--number", number]), UsageError, `--number "${number}"`);
  }
});

Deno.test("askForNumber() asks until the answer is an integer from 1 to 100", { permissions: "none" }, () => {
  const asked: string[] = [];
  const answers = ["500", "0", "-3", "4.5", "1e1", "ten", "٤٢", " 7 "];
  const number = askForNumber((question) => {
    asked.push(question);
    return answers.shift() ?? null;
  });
  assertEquals(number, 7n);
  assertEquals(asked[0], "Enter an integer between 1 and 100 [42]:");
  assertEquals(
    asked[1],
    'Cannot use "500": it must be an integer from 1 to 100\nEnter an integer between 1 and 100 [42]:',
  );
  assertEquals(asked.length, 8);
  assertEquals(askForNumber(() => ""), 42n);
});

Deno.test("askForNumber() ends at Ctrl-C as at a signal (P1)", { permissions: "none" }, () => {
  const error = assertThrows(() => askForNumber(() => null), StopRequested);
  assertEquals(error.code, Exit.interrupted);
});
