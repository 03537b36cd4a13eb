/**
 * What is said of a conversation that was played again. Pure.
 *
 * @module
 */
import { Exit, type ExitCode } from "../../lib/errors.ts";
import type { ProseLine, Role } from "../../lib/events.ts";
import { plural } from "../../lib/text.ts";
import type { Conversation } from "./conversation.ts";
import type { DatagramComparison, DatagramDifference } from "./datagram_answers.ts";
import { beginning, sideBySide } from "./side_by_side.ts";
import type { Ending } from "./play.ts";
import type { AnswerDifference, StreamComparison } from "./stream_answers.ts";

/** Whether a conversation went as captured, and what was different. */
export interface Verdict {
  readonly same: boolean;
  /** 0 the same, 1 different, 5 an answer did not come in time, 6 reset. */
  readonly code: ExitCode;
  readonly prose: readonly ProseLine[];
  /** The name of the header line that differs, if it is one: `Date`. */
  readonly header: string | null;
}

/** What came of a conversation. */
export interface Played {
  readonly conversation: Conversation;
  readonly comparison: StreamComparison | DatagramComparison;
  readonly ending: Ending;
}

/** A finding: one line, and what shows it. */
interface Finding {
  readonly text: string;
  readonly shown: readonly string[];
}

/**
 * Judges a conversation.
 *
 * @param as The side that was played: a client gets answers, a server requests.
 * @param name What to call it.
 */
export function verdictOf({ conversation, comparison, ending }: Played, as: Role, name: string): Verdict {
  const noun = as === "client" ? "answer" : "request";
  const findings = "answers" in comparison ? streamFindings(comparison, noun) : datagramFindings(comparison);
  const end = endFinding(ending, as === "client" ? "server" : "client");
  if (end !== null) findings.push({ text: end, shown: [] });
  const [first, ...others] = findings;
  if (first === undefined) {
    const text = `${name}: the same: ${sameText(comparison, noun)}`;
    return { same: true, code: Exit.done, prose: [{ mark: "state", text }], header: null };
  }
  const sent = sentBefore(conversation, comparison);
  const shown = [...(sent === null ? [] : [`sent     ${beginning(sent)}`]), ...first.shown];
  const prose: ProseLine[] = [
    { mark: "trouble", text: `${name} differs: ${first.text}` },
    ...shown.map((line) => `      ${line}`),
    ...others.map(({ text }) => `      also: ${text}`),
  ];
  return { same: false, code: codeOf(comparison, ending), prose, header: headerOf(comparison) };
}

/** `Connection 2`, `Flow 3`. */
export function nameOf({ flow, transport }: Pick<Conversation, "flow" | "transport">): string {
  return `${transport === "tcp" ? "Connection" : "Flow"} ${flow}`;
}

/** What we had sent before the first answer that differs: its first chunk, such as the request; `null` for nothing. */
function sentBefore({ steps }: Conversation, { differences: [first] }: Played["comparison"]): Uint8Array | null {
  if (first === undefined) return null;
  const place = "answer" in first ? first.answer : first.datagram;
  let sent: Uint8Array | null = null;
  let answered = 0;
  for (const [index, step] of steps.entries()) {
    if (step.do === "send" && steps[index - 1]?.do !== "send") sent = step.bytes;
    if (step.do !== "expect") continue;
    answered += "answer" in first ? 1 : step.parts.length;
    if (place > 0 && answered >= place) break;
  }
  return sent;
}

function sameText(comparison: StreamComparison | DatagramComparison, noun: string): string {
  const { bytes, ignored } = comparison;
  const late = "late" in comparison && comparison.late > 0 ? `, ${comparison.late} of them in another order` : "";
  const count = "answers" in comparison ? plural(comparison.answers, noun) : plural(comparison.datagrams, "datagram");
  const parts = ignored > 0 ? `, ${plural(ignored, "part")} of them ignored` : "";
  return `${count}, ${plural(bytes, "byte")}${parts}${late}`;
}

function codeOf(comparison: StreamComparison | DatagramComparison, ending: Ending): ExitCode {
  if (ending.end === "reset" && ending.expectedEnd !== "reset") return Exit.cutOff;
  const differences: readonly (AnswerDifference | DatagramDifference)[] = comparison.differences;
  // All that came was right.
  const onlyMissing = differences.every(({ offset, received }) => offset === (received?.length ?? 0));
  return ending.timedOut && onlyMissing ? Exit.timedOut : Exit.failed;
}

function streamFindings({ differences, answers }: StreamComparison, noun: string): Finding[] {
  const [first, ...others] = differences;
  if (first === undefined) return [];
  const findings = [answerFinding(first, answers, noun)];
  const [other] = others;
  if (others.length === 1 && other !== undefined) {
    findings.push({ text: answerFinding(other, answers, noun).text, shown: [] });
  } else if (others.length > 1) {
    const missing = others.filter(({ length }) => length === 0).length;
    const different = others.length - missing;
    const parts = [
      ...(different > 0 ? [`${different} more ${different === 1 ? "differs" : "differ"}`] : []),
      ...(missing > 0 ? [`${missing} did not come`] : []),
    ];
    findings.push({ text: parts.join(", "), shown: [] });
  }
  return findings;
}

function answerFinding(difference: AnswerDifference, answers: number, noun: string): Finding {
  const { answer, offset, streamOffset, receivedOffset, expected, received, length } = difference;
  const which = `${noun} ${answer} of ${answers}`;
  const places = [{ bytes: expected, offset }, { bytes: received, offset: receivedOffset }] as const;
  if (answer > answers) {
    return { text: `${plural(length, "byte")} more than the capture has`, shown: sideBySide(...places) };
  }
  if (length === 0) return { text: `${which} did not come (${plural(expected.length, "byte")})`, shown: [] };
  const sizes = length === expected.length ? "" : `; ${length} instead of ${plural(expected.length, "byte")}`;
  if (receivedOffset >= length) {
    return {
      text: `${which} ends after ${length} of ${plural(expected.length, "byte")}`,
      shown: sideBySide(...places),
    };
  }
  const inStream = streamOffset === offset ? "" : `, ${streamOffset} of the whole stream`;
  return { text: `${which} at offset ${offset}${inStream}${sizes}`, shown: sideBySide(...places) };
}

function datagramFindings({ differences, datagrams }: DatagramComparison): Finding[] {
  const [first] = differences;
  if (first === undefined) return [];
  const lost = differences.filter(({ received }) => received === null).length;
  const more = differences.filter(({ expected }) => expected === null).length;
  const other = differences.length - lost - more;
  const findings = [datagramFinding(first, datagrams)];
  if (differences.length > 1) {
    const parts = [[lost, "lost"], [other, "different"], [more, "more than the capture has"]] as const;
    const text = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`).join(", ");
    findings.push({ text: `in all, ${text}`, shown: [] });
  }
  return findings;
}

function datagramFinding(
  { datagram, offset, receivedOffset, expected, received }: DatagramDifference,
  of: number,
): Finding {
  const nothing = new Uint8Array();
  const places = [
    { bytes: expected ?? nothing, offset },
    { bytes: received ?? nothing, offset: receivedOffset },
  ] as const;
  if (expected === null) return { text: "a datagram more than the capture has", shown: sideBySide(...places) };
  const which = `datagram ${datagram} of ${of}`;
  if (received === null) return { text: `${which} did not come (${plural(expected.length, "byte")})`, shown: [] };
  const sizes = received.length === expected.length
    ? ""
    : `; ${received.length} instead of ${plural(expected.length, "byte")}`;
  return { text: `${which} at offset ${offset}${sizes}`, shown: sideBySide(...places) };
}

/** What was different about the end; `null` for nothing. */
function endFinding({ end, expectedEnd: captured, early, unsent }: Ending, peer: string): string | null {
  const rest = unsent > 0 ? `; ${plural(unsent, "byte")} not sent` : "";
  if (end === "reset" && captured !== "reset") return `the ${peer} reset the connection${rest}`;
  if (early) return `the ${peer} finished sending (FIN) earlier than in the capture${rest}`;
  // The capture may have stopped before the end.
  if (captured === "open" || end === captured) return null;
  if (end === "fin") return `the ${peer} finished sending (FIN); in the capture it reset the connection`;
  const ended = captured === "fin" ? "finish sending (FIN)" : "reset the connection";
  return `the ${peer} did not ${ended}, as it did in the capture`;
}

/** The name of the header line (RFC 9110 5.1) that differs first, if it has the same name in both. */
function headerOf(comparison: StreamComparison | DatagramComparison): string | null {
  const [first] = comparison.differences;
  if (first === undefined || first.expected === null || first.received === null) return null;
  const [one, other] = [
    nameAt(first.expected, first.offset),
    nameAt(first.received, first.receivedOffset),
  ];
  return one === other ? one : null;
}

/** The most bytes of a header line before the difference that are looked at. */
const MAX_LINE = 4096;

function nameAt(bytes: Uint8Array, offset: number): string | null {
  const before = bytes.subarray(Math.max(0, offset - MAX_LINE), offset);
  const line = String.fromCharCode(...before.subarray(before.lastIndexOf(10) + 1));
  return /^([\w-]+): /.exec(line)?.[1] ?? null;
}
