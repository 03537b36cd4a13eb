import { assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/errors.ts";
import { refuseWith, refuseWithout } from "../../../lib/script/unused_flags.ts";

const permissions = "none";

Deno.test("a flag that needs another one, or that another leaves nothing to do, is misuse", { permissions }, () => {
  assertThrows(
    () => refuseWithout(new Set(["interval"]), "count", "interval", "other"),
    UsageError,
    "Cannot use --interval without --count",
  );
  assertThrows(
    () => refuseWith(new Set(["echo", "maxMessage"]), "echo", "reply", "maxMessage"),
    UsageError,
    "Cannot use --echo and --max-message together: choose one",
  );
  for (const given of [[], ["count"], ["count", "interval"]]) refuseWithout(new Set(given), "count", "interval");
  for (const given of [[], ["echo"], ["reply"]]) refuseWith(new Set(given), "echo", "reply");
});
