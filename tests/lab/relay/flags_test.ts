import { assertEquals, assertThrows } from "@std/assert";
import { checkFlags, flags, limitsOf, networkOf } from "../../../lab/relay/flags.ts";
import { UsageError } from "../../../lib/errors.ts";
import { NO_FAULTS } from "../../../lib/faults/plan.ts";
import { parseFlags } from "../../../lib/script/flags.ts";

const read = (line: string): ReturnType<typeof parseFlags<typeof flags>> => parseFlags(flags, line.split(" "));

Deno.test("checkFlags() refuses what makes no sense together", () => {
  for (
    const [line, said] of [
      ["-q", "Cannot relay without --listen: where clients connect, such as tcp:9000"],
      ["--listen 9000", "Cannot relay without --to: where to forward to, such as localhost:8080"],
      ["--listen 9000 --to :9000", "it would forward to itself for ever"],
      ["--listen udp:0.0.0.0:9000 --to localhost:9000", "it would forward to itself for ever"],
      ["--listen udp:9000 --to :80 --allow 10.0.0.0/8", "Cannot use --allow over UDP"],
      ["--listen udp:9000 --to :80 --max-memory 5", "Cannot use --max-memory over UDP"],
      ["--listen udp:9000 --to :80 --up-split 3", "Cannot use --up-split over UDP"],
      ["--listen tcp:9000 --to :80 --duplicate 3%", "Cannot use --duplicate over TCP"],
      ["--listen tcp:9000 --to :80 --down-burst 3", "Cannot use --down-burst without --down-loss"],
    ] as const
  ) {
    assertThrows(() => checkFlags(read(line)), UsageError, said, line);
  }
  checkFlags(read("--listen 9000 --to 192.0.2.1:9000"));
});

Deno.test("networkOf() gives each way its own faults", () => {
  const { values, given } = read("--listen udp:9000 --to :80 --loss 30% --up-loss 5% --down-delay 10ms --seed 7");
  const { seed, out, in: back } = networkOf(values, given);
  assertEquals({ seed, out, back }, {
    seed: 7,
    out: { ...NO_FAULTS, loss: 0.05 },
    back: { ...NO_FAULTS, loss: 0.3, delay: 10 },
  });
});

Deno.test("limitsOf() closes idle flows of datagrams, and no connection, unless --timeout says otherwise", () => {
  for (
    const [line, maxConnections, timeout] of [
      ["--listen 9000 --to :80", 10_000, 0],
      ["--listen udp:9000 --to :80", 1000, 60],
      ["--listen udp:9000 --to :80 --timeout 0 --max-connections 0", 0, 0],
    ] as const
  ) {
    const { values, given } = read(line);
    assertEquals(limitsOf(values, given), { maxConnections, timeout }, line);
  }
});
