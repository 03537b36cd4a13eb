import { assertEquals } from "@std/assert";
import { flags } from "../../../lab/checks/flags.ts";
import { typedFlags } from "../../../lab/checks/typed_flags.ts";
import { parseFlags } from "../../../lib/script/flags.ts";

const permissions = "none";

Deno.test(
  "typedFlags() repeats what differs from the defaults, and nothing of another protocol",
  { permissions },
  () => {
    const typed = (protocol: "tcp" | "chat", ...args: string[]): string =>
      typedFlags(protocol, parseFlags(flags, args, { operands: true }).values);
    assertEquals(typed("tcp"), "");
    assertEquals(typed("chat", "--mode", "turns", "--seed", "7"), " --mode turns --seed 7");
    assertEquals(typed("tcp", "--terminator", "crlf", "--echo"), " --echo --terminator crlf");
    assertEquals(
      typed("tcp", "--terminator", "\\0", "--message", "it is"),
      " --terminator '\\0' --message 'it is'",
    );
    assertEquals(typed("chat", "--join", ""), " --join ''");
  },
);
