/** Other people's rooms under the checks of a chat: what fails there is a fault. */
import { assertEquals } from "@std/assert";
import { StartedServer } from "../../../lab/checks/started_server.ts";
import { USUAL } from "../../../lab/checks/chat/dialect.ts";
import { failures } from "../../lab/checks/chat/support.ts";
import { needsPrograms } from "../support.ts";

/** ncat --chat puts a prefix before each read, shows bytes above 127 as octal numbers, and its members have no names. */
const EXPECTED = [
  "split-line",
  "two-lines",
  "line-and-a-half",
  "mixed-halves",
  "utf8",
  "split-characters",
  "lone-cr",
  "forged-line",
  "forged-notice",
  "long-line",
];
/** What it does well. */
const GOOD = [
  "two-members",
  "everyone-once",
  "line-ends",
  "order",
  "newcomer",
  "escape-sequences",
  "nul",
  "half-close",
];

Deno.test({
  name: "ncat --chat fails the checks of a room by its known faults, and no other of those tried",
  ...await needsPrograms("ncat"),
  fn: async () => {
    await using server = await StartedServer.start({
      command: "exec ncat -v --chat -l 127.0.0.1 $PORT 2>&1",
      folder: Deno.cwd(),
      transport: "tcp",
      ready: () => Promise.resolve(true),
      untouched: true,
      signal: new AbortController().signal,
    });
    const dialect = { ...USUAL, greets: true };
    // A server of its own for each: ncat ends when a client is reset just before another one connects.
    const only = [...EXPECTED, ...GOOD];
    const { failed, passed } = await failures(server, { dialect, only, patience: 700, fresh: true });
    assertEquals(Object.keys(failed).toSorted(), EXPECTED.toSorted());
    assertEquals(passed.toSorted(), GOOD.toSorted());
  },
});
