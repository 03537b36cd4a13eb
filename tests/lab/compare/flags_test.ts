import { assertEquals, assertThrows } from "@std/assert";
import { flags, type Wanted, wantedOf } from "../../../lab/compare/flags.ts";
import { UsageError } from "../../../lib/errors.ts";
import { parseFlags } from "../../../lib/script/flags.ts";

const wanted = (...args: string[]): Wanted => wantedOf(parseFlags(flags, args));

Deno.test("lab:compare: --interval is in seconds as everywhere, or has a unit as --delay beside it", () => {
  assertEquals(wanted("--interval", "0.02").stream.interval, 20);
  assertEquals(wanted("--interval", "20ms").stream.interval, 20);
  assertEquals(wanted("--interval", "1.5s").stream.interval, 1500);
  assertEquals(wanted().stream, { count: 100, interval: 10, size: 1448 });
});

Deno.test("lab:compare: --netem is its own network unless it says here", () => {
  assertEquals(wanted("--loss", "5%").maker, "layer");
  assertEquals(wanted("--netem", "--loss", "5%").maker, "own");
  assertEquals(wanted("--netem", "here").maker, "here");
});

Deno.test("lab:compare refuses what cannot be, before it opens anything", () => {
  for (
    const [args, said] of [
      [["--plot", "loss.png"], "its name must end in .svg"],
      [["--netem", "--seed", "1"], "Cannot use --seed with --netem"],
      [["--netem", "--split", "utf8"], "Cannot use --split with --netem"],
      [["--interval", "2", "--timeout", "1"], "Cannot use --interval 2 with --timeout 1"],
      [["--interval", "10m"], 'Cannot use --interval "10m": it must be a number of seconds'],
      [["--size", "15"], 'Cannot use --size "15": it must be a whole number from 16 to 65507'],
      [["--burst", "2"], "Cannot use --burst without --loss"],
    ] as const
  ) {
    assertThrows(() => wanted(...args), UsageError, said);
  }
});
