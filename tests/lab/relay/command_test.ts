import { assertEquals, assertThrows } from "@std/assert";
import { completions, parseCommand, parseJsonCommand } from "../../../lab/relay/command.ts";
import { UsageError } from "../../../lib/errors.ts";

const BOTH = ["up", "down"] as const;

Deno.test("parseCommand() reads what people type, and parseJsonCommand() the same from programs", () => {
  for (
    const [line, json, command] of [
      ["set loss 30%", '{"set":"loss","value":"30%"}', { name: "set", fault: "loss", value: "30%", ways: BOTH }],
      [
        "  SET  Up half-close-after 5 ",
        '{"set":"half-close-after","value":5,"direction":"up"}',
        { name: "set", fault: "halfCloseAfter", value: "5", ways: ["up"] },
      ],
      [
        "set down stallFor off",
        '{"command":"set","set":"stallFor","value":null,"direction":"down"}',
        { name: "set", fault: "stallFor", value: "off", ways: ["down"] },
      ],
      ["clear", '{"command":"clear"}', { name: "clear", ways: BOTH }],
      ["clear down", '{"command":"clear","direction":"down"}', { name: "clear", ways: ["down"] }],
      ["cut", '{"command":"cut"}', { name: "cut" }],
      ["Stats", '{"command":"stats"}', { name: "stats" }],
      [" ", "", null],
    ] as const
  ) {
    assertEquals<unknown>(parseCommand(line), command, line);
    assertEquals<unknown>(parseJsonCommand(json), command, json);
  }
});

Deno.test("a wrong line is answered with what comes nearest", () => {
  for (
    const [line, said] of [
      ["stat", 'Cannot use "stat": no such command; the nearest is stats'],
      ["heel", "the nearest is heal"],
      ["s", "the nearest is set"],
      ["explode", "the commands are set, clear, cut, heal, reset, plan, stats, list, help and quit"],
      ["set", "Cannot set nothing"],
      ["set up", "Cannot set nothing"],
      ["set los 3%", "no such fault; the nearest is loss"],
      ["set packets 3", "the faults are delay, jitter, rate"],
      ["set seed 3", "--seed"],
      ["set loss", "Cannot set loss to nothing: a value follows, SHARE or off"],
      ["set loss 3 %", 'Cannot use "%": it comes after the value "3"'],
      ["cut now", 'Cannot use "now": it comes after "cut" (cut)'],
      ["clear left", 'Cannot use "left"'],
      ["constructor", "the commands are"],
    ] as const
  ) {
    assertThrows(() => parseCommand(line), UsageError, said, line);
  }
});

Deno.test("a wrong line of JSON is answered with what is wrong about it", () => {
  for (
    const [line, said] of [
      ["cut", "a line is one JSON object"],
      ["[]", "a line is one JSON object"],
      ["null", "a line is one JSON object"],
      ["{}", "Cannot set nothing"],
      ['{"command":7}', 'Cannot use 7: "command" is one of set'],
      ['{"command":"ct"}', "the nearest is cut"],
      ['{"command":"cut","value":1}', 'Cannot use "value": "cut" does not have it'],
      ['{"command":"cut","set":"loss"}', 'Cannot use "set": "cut" does not have it'],
      ['{"set":"loss"}', "Cannot set loss to nothing: a value follows, SHARE or off"],
      ['{"set":"loss","value":true}', "the value of a fault is a string"],
      ['{"set":"loss","value":1,"direction":"left"}', 'Cannot use "left": "direction" is "up" or "down"'],
      ['{"set":"loss","value":1,"way":"up"}', 'Cannot use "way": a command has only the fields command, set'],
      ['{"set":"\\u001b[31m","value":1}', "the faults are"],
    ] as const
  ) {
    assertThrows(() => parseJsonCommand(line), UsageError, said, line);
  }
});

Deno.test("completions() offers what may come next", () => {
  assertEquals(completions("", "tcp")[0].length, 10);
  assertEquals(completions("c", "tcp"), [["clear ", "cut "], "c"]);
  assertEquals(completions("set l", "tcp"), [["loss "], "l"]);
  assertEquals(completions("set up re", "tcp"), [["reset-after "], "re"]);
  assertEquals(completions("set down re", "udp"), [["reorder "], "re"]);
  assertEquals(completions("clear ", "udp"), [["up ", "down "], ""]);
  assertEquals(completions("set loss ", "udp"), [[], ""]);
});
