import { assertEquals, assertThrows } from "@std/assert";
import { argumentsOf } from "../../lab/tasks.ts";

const permissions = "none";
const COMMAND = 'deno run --allow-read --allow-write="$HOME/keys,$OTHER/keys" --allow-write="$INIT_CWD" chat/server.ts';

/** The arguments of {@linkcode COMMAND} with these variables. */
const expanded = (variables: Record<string, string>): string[] => argumentsOf(COMMAND, (name) => variables[name]);

Deno.test(
  "argumentsOf() expands variables, whatever their values contain, and unset ones to nothing",
  { permissions },
  () => {
    assertEquals(expanded({ HOME: "/home/o' $x y", INIT_CWD: "/" }), [
      ...["run", "--allow-read", "--allow-write=/home/o' $x y/keys,/keys", "--allow-write=/", "chat/server.ts"],
    ]);
  },
);

Deno.test("argumentsOf() never makes two paths of one with a comma", { permissions }, () => {
  assertEquals(expanded({ HOME: "/tmp/a,/etc", OTHER: "/o", INIT_CWD: "/tmp/b,/etc" }), [
    ...["run", "--allow-read", "--allow-write=/o/keys", "chat/server.ts"],
  ]);
});

Deno.test("argumentsOf() takes a single call of deno only", { permissions }, () => {
  for (const command of ["deno fmt && deno lint", "npm test", "deno run x.ts > y"]) {
    assertThrows(() => argumentsOf(command, () => ""), Error, "it is not one call of deno");
  }
});
