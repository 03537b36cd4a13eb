/**
 * How a UDP server answers, and the exchanges of which its checks are made.
 *
 * @module
 */
import { counted, encodeText, thousands } from "../../../lib/text.ts";
import type { DatagramTalk } from "../datagram_talk.ts";
import { excerptOf } from "../excerpt.ts";
import type { Probe, ProtocolFlagValues } from "../protocol.ts";
import type { Trial } from "../trial.ts";

/** How a server answers. */
export interface UdpDialect {
  /**
   * `echo`: every datagram comes back as it is. `reply`: every datagram is answered, with a text in which `reply` is. `answer`: the
   * message is answered, with whatever; other datagrams perhaps. `silent`: nothing is answered.
   */
  readonly kind: "echo" | "reply" | "answer" | "silent";
  /** A datagram that the server takes. */
  readonly message: string;
  readonly reply: string;
}

/** Only an echo server sends this back unchanged: others cut off the line end, or change the case. */
const ECHO_PROBE = "Do you send back ÄÖÜ and line ends?\r\n";

/** Finds out how the server answers: from the flags, or from two exchanges. */
export async function dialectOf(flags: ProtocolFlagValues, { trial: given, say }: Probe): Promise<UdpDialect> {
  const trial: Trial<null> = given;
  const { echo, expectReply, discard, message } = flags;
  const dialect = { message, reply: expectReply ?? "" };
  if (discard) return { ...dialect, kind: "silent" };
  const answer = await (await trial.openDatagram()).ask(message, trial.patience);
  if (answer === null) {
    trial.fail(
      "nothing came back: no server listens on this UDP port, or it answers nothing (--discard), or not --message",
    );
  }
  if (echo) return { ...dialect, kind: "echo" };
  if (expectReply !== undefined) return { ...dialect, kind: "reply" };
  const probe = encodeText(ECHO_PROBE);
  const again = await (await trial.openDatagram()).ask(probe, trial.patience);
  const isEcho = again !== null && equal(again, probe) && equal(answer, encodeText(message));
  const [asked, said] = [encodeText(message), answer].map((bytes) => `“${excerptOf(bytes)}”`);
  say(
    isEcho
      ? "it sends datagrams back: an echo server (--echo)"
      : `it answers ${asked} with ${said} (--expect-reply TEXT says what has to be in it)`,
  );
  return { ...dialect, kind: isEcho ? "echo" : "answer" };
}

/** Ends the check unless the answer is the one to these bytes. */
export function expectAnswer(trial: Trial<UdpDialect>, sent: Uint8Array, answer: Uint8Array | null | undefined): void {
  if (answer === null || answer === undefined) trial.fail("no answer came");
  const { kind, reply } = trial.dialect;
  if (kind === "echo" && !equal(sent, answer)) trial.fail(differenceOf(sent, answer));
  if (kind === "reply" && !new TextDecoder().decode(answer).includes(reply)) {
    trial.fail(`another answer came than ${JSON.stringify(reply)}`);
  }
}

/** Exchanges one datagram with the server from a new socket. */
export async function exchange(trial: Trial<UdpDialect>, bytes = messageOf(trial)): Promise<DatagramTalk> {
  const talk = await trial.openDatagram();
  expectAnswer(trial, bytes, await talk.ask(bytes, trial.patience));
  return talk;
}

/** The server is still there: it answers a plain message. */
export async function alive(trial: Trial<UdpDialect>): Promise<void> {
  if (trial.dialect.kind === "silent") return;
  using talk = await trial.openDatagram();
  if (await talk.ask(trial.dialect.message, trial.patience) !== null) return;
  // Nothing tells that nobody listens. Three times in vain is as good as a refusal: what follows is not tried.
  trial.steps.add(talk.number, "refused");
  trial.fail("the server answers nothing any more");
}

/**
 * Sends a datagram of these bytes. An echo server must send it back whole, and one that answers everything must answer it; any other must
 * answer the next message.
 */
export async function carry(trial: Trial<UdpDialect>, bytes: Uint8Array): Promise<void> {
  if (trial.dialect.kind !== "answer") return void await exchange(trial, bytes);
  const talk = await trial.openDatagram();
  await talk.send(bytes);
  await alive(trial);
}

/** A datagram that the server accepts; to an echo server with a mark that tells it from the others. */
export function marked(trial: Trial<UdpDialect>, mark: string): Uint8Array {
  const { kind, message } = trial.dialect;
  return encodeText(kind === "echo" ? `${message} ${mark}` : message);
}

/** The message of the dialect as bytes. */
export function messageOf(trial: Trial<UdpDialect>): Uint8Array {
  return encodeText(trial.dialect.message);
}

/** Why a check that looks for its own bytes in the answer does not apply; `null` if it does. */
export function needsEcho({ kind }: UdpDialect): string | null {
  return kind === "echo" ? silenceOf({ kind }) : "only the answer of an echo server shows it (--echo)";
}

/** Why a server that answers nothing cannot be checked. */
export function silenceOf({ kind }: Pick<UdpDialect, "kind">): string | null {
  return kind === "silent" ? "over UDP, nothing is seen of a server that answers nothing" : null;
}

/** Whether two datagrams are the same. */
export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** What is wrong with an echo. */
function differenceOf(sent: Uint8Array, answer: Uint8Array): string {
  const at = sent.findIndex((byte, index) => byte !== answer[index]);
  const shown = counted(sent.length, "byte");
  if (at < 0) return `all ${shown} came back, and ${counted(answer.length - sent.length, "byte")} more`;
  return at === answer.length
    ? `only the first ${counted(answer.length, "byte")} of ${thousands(sent.length)} came back`
    : `other bytes came back than the ${shown} that were sent, from byte ${at + 1} on`;
}
