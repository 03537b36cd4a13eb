/**
 * Records that no network made: each shows something that a table, its reading or a picture has to get right.
 *
 * @module
 */
import { NO_FAULTS } from "../../../lib/faults/plan.ts";
import type { Recorded, Stream, Transport } from "../../../lab/compare/record.ts";
import type { Comparison } from "../../../lab/compare/report.ts";

const STREAM: Stream = { count: 40, interval: 10, size: 100 };

/** The numbers from 1 to `count`. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** A run in which everything is sent and nothing is odd, but for what `own` says. */
export function recorded(transport: Transport, own: Partial<Recorded> = {}): Recorded {
  const { stream = STREAM } = own;
  const arrivals = numbers(stream.count).map((number) => ({ number, at: (number - 1) * stream.interval + 20.5 }));
  return { transport, stream, sent: stream.count, arrivals, damaged: 0, lost: [], opening: 1.5, stopped: null, ...own };
}

/** TCP's run where some messages were sent again after `rto` milliseconds: what is behind one waits for it. */
function sentAgain(lost: readonly number[], rto: number): Recorded {
  let held = 0;
  const arrivals = recorded("tcp").arrivals.map(({ number, at }) => {
    held = Math.max(held, lost.includes(number) ? at + rto : at);
    return { number, at: held };
  });
  return recorded("tcp", { arrivals, lost });
}

const LOST = [4, 17, 18, 33];

/** UDP's run with losses, a duplicate, and two that changed places. */
function lossy(): Recorded {
  const arrivals = recorded("udp").arrivals.filter(({ number }) => !LOST.includes(number)).flatMap((arrival) => {
    if (arrival.number === 10) return [arrival, { number: 10, at: arrival.at + 3 }];
    return [{ number: arrival.number, at: arrival.number === 25 ? arrival.at + 12 : arrival.at }];
  });
  return recorded("udp", { arrivals: arrivals.toSorted((one, other) => one.at - other.at), lost: LOST });
}

/** Everything a run of one transport may look like at its worst. */
function nothing(transport: Transport): Recorded {
  const stopped = transport === "tcp" ? "nothing arrived for 10 s" : null;
  return recorded(transport, { arrivals: [], lost: numbers(STREAM.count), stopped });
}

const PLAN = { ...NO_FAULTS, delay: 20, loss: 0.1 };
const ONE = { ...STREAM, count: 1 };
const SLOW = { ...STREAM, count: 5, interval: 4000 };

/** The samples by name. */
export const SAMPLES: Readonly<Record<string, Comparison>> = {
  clean: { tcp: recorded("tcp"), udp: recorded("udp"), plan: { ...PLAN, loss: 0 }, seed: 7, maker: "layer" },
  loss: {
    tcp: sentAgain(LOST, 60),
    udp: lossy(),
    plan: { ...PLAN, duplicate: 0.02, reorder: 0.02 },
    seed: 7,
    maker: "layer",
  },
  kernel: {
    tcp: { ...sentAgain([9], 40), lost: null },
    udp: recorded("udp", { lost: null }),
    plan: PLAN,
    seed: null,
    maker: "kernel",
  },
  nothing: { tcp: nothing("tcp"), udp: nothing("udp"), plan: { ...PLAN, loss: 1 }, seed: 7, maker: "layer" },
  one: {
    tcp: recorded("tcp", { stream: ONE }),
    udp: recorded("udp", { stream: ONE, arrivals: [], lost: [1] }),
    plan: PLAN,
    seed: 7,
    maker: "layer",
  },
  cut: {
    tcp: recorded("tcp", {
      sent: 30,
      arrivals: recorded("tcp").arrivals.slice(0, 20),
      stopped: "the sender's connection failed (connection reset by the peer)",
    }),
    udp: recorded("udp", { arrivals: recorded("udp").arrivals.slice(1), damaged: 1 }),
    plan: { ...NO_FAULTS, delay: 20, resetAfter: 2000, corrupt: 0.05 },
    seed: 7,
    maker: "layer",
  },
  slow: {
    tcp: recorded("tcp", { stream: SLOW }),
    udp: recorded("udp", { stream: SLOW }),
    plan: NO_FAULTS,
    seed: 7,
    maker: "layer",
  },
};
