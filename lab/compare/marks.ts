/**
 * The marks of a plot: what each kind of message looks like, and how the legend names it. Pure.
 *
 * @module
 */
import { dueTime, firstArrivals, kindsOf, type Recorded } from "./record.ts";

/** A place in the plot: a time in milliseconds and a message's number. */
export interface Spot {
  readonly at: number;
  readonly number: number;
}

/** A kind of mark, and where it is drawn. */
export interface Series {
  readonly className: string;
  /** The path of one mark, given its coordinates in pixels. */
  readonly shape: (x: string, y: string) => string;
  readonly name: string;
  readonly spots: readonly Spot[];
}

const dot = (x: string, y: string): string => `M${x},${y}h0`;
const circle = (x: string, y: string): string => `M${x},${y}m-4,0a4,4,0,1,0,8,0a4,4,0,1,0,-8,0z`;
const diamond = (x: string, y: string): string => `M${x},${y}m0,-2.9l2.9,2.9l-2.9,2.9l-2.9,-2.9z`;
const bigDiamond = (x: string, y: string): string => `M${x},${y}m0,-4.4l4.4,4.4l-4.4,4.4l-4.4,-4.4z`;
const cross = (x: string, y: string): string => `M${x},${y}m-3.5,-3.5l7,7m0,-7l-7,7`;
const bigCross = (x: string, y: string): string => `M${x},${y}m-5,-5l10,10m0,-10l-10,10`;
const plus = (x: string, y: string): string => `M${x},${y}m-4,0h8m-4,-4v8`;

/** What arrived and what did not, without the kinds that are empty. Later ones are drawn on top. */
export function seriesOf(tcp: Recorded, udp: Recorded): Series[] {
  const again = new Set(tcp.lost ?? []);
  const inTime = firstSpots(tcp);
  const kinds = kindsOf(udp.arrivals);
  const udpSpots = (wanted: string): Spot[] => udp.arrivals.filter((_, index) => kinds[index] === wanted);
  const all: Series[] = [
    { className: "dots tcp", shape: dot, name: "TCP", spots: inTime.filter(({ number }) => !again.has(number)) },
    {
      className: "mark tcp hollow",
      shape: circle,
      name: "TCP, sent again",
      spots: inTime.filter(({ number }) => again.has(number)),
    },
    { className: "mark tcp", shape: bigCross, name: "TCP, never arrived", spots: missing(tcp) },
    { className: "udp full", shape: diamond, name: "UDP", spots: udpSpots("in order") },
    {
      className: "mark udp hollow",
      shape: bigDiamond,
      name: "UDP, after a later one",
      spots: udpSpots("out of order"),
    },
    { className: "mark udp", shape: plus, name: "UDP, duplicate", spots: udpSpots("duplicate") },
    { className: "mark bad", shape: cross, name: "UDP, lost (at its sending time)", spots: missing(udp) },
  ];
  return all.filter(({ spots }) => spots.length > 0);
}

/** Where each message arrived first. */
export function firstSpots({ arrivals }: Recorded): Spot[] {
  return [...firstArrivals(arrivals)].map(([number, at]) => ({ at, number }));
}

/** The messages that did not arrive, at the times at which they were due to be sent. */
function missing({ arrivals, sent, stream }: Recorded): Spot[] {
  const arrived = firstArrivals(arrivals);
  return Array.from({ length: sent }, (_, index) => index + 1)
    .filter((number) => !arrived.has(number))
    .map((number) => ({ at: dueTime(number, stream), number }));
}
