import { assert, assertEquals } from "@std/assert";
import {
  formatCursor,
  isSessionKey,
  LINE_OVERHEAD,
  lineCommand,
  newSessionKey,
  numbered,
  parseCursor,
  parseSessionCommand,
  parseSessionLine,
  receiptLine,
  rejectionLine,
  sessionCommand,
  startLine,
} from "../../chat/session_lines.ts";
import { checkName } from "../../chat/names.ts";

const KEY = "abcdefghijklmnopqrstuv";

Deno.test("what one side of a session formats the other side parses", () => {
  assertEquals(parseSessionCommand(sessionCommand(KEY, null)), { kind: "session", key: KEY, cursor: null });
  // An epoch may have dashes of its own.
  const cursor = { epoch: "a-b_-", n: 7 };
  assertEquals(parseSessionCommand(sessionCommand(KEY, cursor)), { kind: "session", key: KEY, cursor });
  assertEquals(parseCursor(formatCursor(cursor)), cursor);
  for (const text of ["hello", "", "  two  spaces ", "/me waves", "#7 x", "/line 1 x"]) {
    assertEquals(parseSessionCommand(lineCommand("x-1", text)), { kind: "line", id: "x-1", text });
    assertEquals(parseSessionLine(numbered(12, text)), { kind: "numbered", n: 12, line: text });
    assertEquals(parseSessionLine(rejectionLine("x-1", text)), { kind: "rejection", id: "x-1", reason: text });
  }
  assertEquals(parseSessionLine(receiptLine("--", 0)), { kind: "receipt", id: "--", n: 0 });
  assertEquals(parseSessionLine(startLine(cursor)), { kind: "start", ...cursor });
  assertEquals(parseSessionCommand("/line x"), { kind: "line", id: "x", text: "" });
});

Deno.test("a reason with control characters stays one line", () => {
  assertEquals(rejectionLine("1", "no\n#9 forged"), "-1 no\\n#9 forged");
});

Deno.test("a key has 22 to 64 characters of base64url, and a new one is another each time", () => {
  for (const bad of ["", KEY.slice(1), `${KEY}=`, `${KEY}+`, "a".repeat(65), `${KEY}é`]) {
    assert(!isSessionKey(bad), bad);
    assertEquals(parseSessionCommand(`/session ${bad}`)?.kind, "invalid", bad);
  }
  assert(isSessionKey("a".repeat(64)));
  assert(isSessionKey(newSessionKey()));
  assert(newSessionKey() !== newSessionKey());
});

Deno.test("commands that are no session's are none, broken ones are invalid", () => {
  for (const other of ["hello", "/who", "/lines 1 x", "/line", "/session", "//line 1 x", " /line 1 x", "#1 x"]) {
    assertEquals(parseSessionCommand(other), null, other);
  }
  const broken = [
    "/line  x",
    "/line ä x",
    `/line ${"a".repeat(33)} x`,
    `/session ${KEY} 7`,
    `/session ${KEY} a-07`,
    `/session ${KEY} a-7 x`,
    `/session ${KEY} -7`,
    `/session ${KEY} a-99999999999999999`,
  ];
  for (const line of broken) assertEquals(parseSessionCommand(line)?.kind, "invalid", line);
});

Deno.test("a server's line that only looks like one of a session's is shown as it is", () => {
  const lines = [
    "",
    "#",
    "# 1",
    "#0 x",
    "#01 x",
    "#1e3 x",
    "#9007199254740992 x",
    "+1",
    "+1 x",
    "+ 1 1",
    "- x",
    "=x 1",
    "= x",
    "= x 1 2",
    "= x -1",
    "* alice joined",
    "alice: #7 x",
    "Cannot serve you: full",
  ];
  for (const line of lines) assertEquals(parseSessionLine(line), { kind: "plain", line });
});

Deno.test("no name begins with a mark of a session's lines", () => {
  for (const mark of "#+-=") assert("problem" in checkName(`${mark}1`), mark);
});

Deno.test("the overhead of a line is that of the longest id", () => {
  assertEquals(LINE_OVERHEAD, lineCommand("i".repeat(32), "").length);
});
