/** What faulty clients leave behind. */
import { assert } from "@std/assert";
import { performStream } from "../../../lab/soak/faulty/perform.ts";
import { NO_FAULTS } from "../../../lib/faults/plan.ts";
import { endsWhenAborted } from "../../support/aborted.ts";

Deno.test("a faulty client that connects while the part of the run ends leaves no connection", async () => {
  const leaves = { name: "leaves", steps: [], network: NO_FAULTS, seed: 1, tls: false };
  const ended = await endsWhenAborted((port, signal) => performStream(leaves, { port, tls: false, signal }));
  assert(ended, "one of them is still connected");
});
