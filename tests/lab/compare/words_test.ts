import { assertEquals, assertMatch } from "@std/assert";
import { figuresOf } from "../../../lab/compare/figures.ts";
import type { Recorded } from "../../../lab/compare/record.ts";
import { faultWords, honesty, sentences } from "../../../lab/compare/words.ts";
import { NO_FAULTS } from "../../../lib/faults/plan.ts";
import { recorded } from "./samples.ts";

function about(tcp: Partial<Recorded>, udp: Partial<Recorded>): string {
  return sentences({ tcp: figuresOf(recorded("tcp", tcp)), udp: figuresOf(recorded("udp", udp)) }).join(" ");
}

Deno.test("sentences() claims no losses where there were none", () => {
  const said = about({}, {});
  assertMatch(
    said,
    /TCP delivered all 40 messages in order.*nothing had to be sent again\. UDP delivered all 40 .*Nothing was lost/,
  );
  assertEquals(/never came|waited|pays/.test(said), false);
});

Deno.test("sentences() does not say that both did the same where UDP duplicated", () => {
  const { arrivals } = recorded("udp");
  const said = about({}, { arrivals: [...arrivals, { number: 3, at: 500 }] });
  assertMatch(said, /1 came again\./);
  assertEquals(/the same/.test(said), false);
});

Deno.test("sentences() does not say that both did the same where TCP stood still without a loss", () => {
  const { arrivals } = recorded("tcp");
  const said = about({ arrivals: arrivals.map(({ number, at }) => ({ number, at: Math.max(at, 300) })) }, {});
  assertMatch(
    said,
    /TCP delivered all 40 messages in order, the latest 300 ms after it was due; nothing had to be sent again/,
  );
  assertEquals(/the same/.test(said), false);
});

Deno.test("sentences() tells damage where nothing arrived whole", () => {
  assertMatch(about({}, { arrivals: [], damaged: 40 }), /none of 40 messages whole: 40 came damaged/);
});

Deno.test("sentences() speaks of head-of-line blocking only where TCP waited and UDP lost", () => {
  const { arrivals } = recorded("udp");
  const less = { arrivals: arrivals.slice(1), lost: [1] };
  assertEquals(/head-of-line/.test(about({ lost: [1] }, less)), true);
  assertEquals(/head-of-line/.test(about({}, less)), false);
  assertMatch(about({}, less), /could not pass in time came later over TCP/);
  assertEquals(/head-of-line/.test(about({ lost: [1] }, {})), false);
});

Deno.test("sentences() counts a damaged datagram once: it did not get lost", () => {
  const { arrivals } = recorded("udp");
  assertMatch(about({}, { arrivals: arrivals.slice(2), damaged: 1 }), /1 came damaged and 1 never came\./);
});

Deno.test("sentences() tells datagrams that no fault lost from those that one did", () => {
  const { arrivals } = recorded("udp");
  const said = about({}, { arrivals: arrivals.slice(5), lost: [1, 2] });
  assertMatch(said, /5 never came\. Of these, the kernel dropped 3: the receiver's buffer was full\./);
  assertEquals(/dropped/.test(about({}, { arrivals: arrivals.slice(5), lost: [1, 2, 3, 4, 5] })), false);
  assertEquals(/dropped/.test(about({}, { arrivals: arrivals.slice(5), lost: null })), false);
});

Deno.test("honesty() says what is modelled and what is real", () => {
  const lossy = { ...NO_FAULTS, loss: 0.1 };
  assertMatch(honesty("layer", lossy, false) ?? "", /its losses are modelled.*UDP's are real/);
  assertMatch(honesty("layer", lossy, true) ?? "", /what UDP loses is modelled there/);
  assertMatch(honesty("kernel", lossy, false) ?? "", /netem.*real/);
  assertMatch(honesty("layer", { ...NO_FAULTS, corrupt: 0.1 }, false) ?? "", /flipped in datagrams only/);
  assertEquals(honesty("layer", NO_FAULTS, false), null);
});

Deno.test("faultWords() tells every fault of a plan", () => {
  const plan = {
    ...NO_FAULTS,
    jitter: 2.5,
    rate: 10_000,
    burst: 3,
    loss: 0.125,
    resetAfter: 500,
    split: "utf8" as const,
  };
  assertEquals(
    faultWords(plan),
    "12.5 % loss, ± 2.5 ms jitter, at 10 kB/s, 3 in a row, split utf8, reset after 500",
  );
});
