/**
 * A sequence diagram as data: what passed, when, and in which section it is drawn. Pure.
 *
 * @module
 */

/** The lifelines: the client's on the left, the server's on the right. */
export const LEFT = 0;
export const RIGHT = 1;
/** A lifeline. */
export type Side = typeof LEFT | typeof RIGHT;

/** A moment on a lifeline. Ends of arrows that share it are drawn in one place. */
export interface Moment {
  /** Milliseconds since the diagram's start. */
  at: number;
  /** Whether that side's own clock told it; if not, `at` only says where in the order it belongs. */
  readonly known: boolean;
}

/** What kind of arrow: it decides its line, head and colour. */
export type Kind = "handshake" | "data" | "fin" | "reset" | "datagram";

/** Something that went from one side to the other. */
export interface Arrow {
  readonly type: "arrow";
  readonly kind: Kind;
  /** The sender. */
  readonly from: Side;
  /** When it left; `null` if unknown: it is drawn level with its arrival. */
  readonly leaves: Moment | null;
  /** When it arrived, or the first part of it; `null` if unknown: it is drawn level with its departure. */
  readonly arrives: Moment | null;
  /** When the last part of it arrived, if that was later. */
  readonly last?: Moment;
  /** When a write that had to wait returned. */
  readonly returned?: Moment;
  /** A datagram that has arrived already: it leaves with the first arrow, whose label is enough. */
  readonly again?: boolean;
  /** It never arrived. */
  readonly lost?: boolean;
  /** `SYN, ACK`; "" for data. */
  readonly flags: string;
  /** How many bytes; `null` if it carries none by its nature. */
  readonly size: number | null;
  /** The beginning of its bytes as text. */
  readonly text: string;
  /** What the sender's end has to say besides: `waited 3.2 s`. */
  readonly remark?: string;
  /** What the receiver's end has to say: `in 3 reads`. */
  readonly receipt?: string;
}

/** A sentence on one lifeline, or across both (`side` null). */
export interface Note {
  readonly type: "note";
  readonly side: Side | null;
  readonly when: Moment;
  readonly text: string;
}

/** A row of a diagram. */
export type Step = Arrow | Note;

/** What is not drawn. */
export interface LeftOut {
  readonly arrows: number;
  readonly bytes: number;
}

/** A connection or a datagram flow, with lifelines of its own. */
export interface Section {
  readonly heading: string;
  /** Facts beside the heading. */
  readonly facts: string;
  /** The ends, left and right, as text. */
  readonly ends: readonly [string, string];
  /** In the order of their times. */
  readonly steps: readonly Step[];
  readonly leftOut: LeftOut;
}

/** A whole diagram. */
export interface Diagram {
  readonly title: string;
  /** Milliseconds since the epoch: the zero of all times. */
  readonly start: number;
  /** Sentences about the whole: listeners, clocks, what is left out. */
  readonly notes: readonly string[];
  readonly sections: readonly Section[];
}

/** The moments of a step, in the order in which they are drawn if their times are equal. */
export function momentsOf(step: Step): Moment[] {
  if (step.type === "note") return [step.when];
  const { leaves, arrives, last, returned } = step;
  return [leaves, arrives, last, returned].filter((moment) => moment !== undefined && moment !== null);
}

/** The first moment of a step. */
export function timeOf(step: Step): number {
  return Math.min(...momentsOf(step).map(({ at }) => at));
}
