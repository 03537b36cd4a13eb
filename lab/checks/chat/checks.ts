/**
 * The checks of a chat: a room, or a conversation in turns.
 *
 * @module
 */
import type { Protocol } from "../protocol.ts";
import type { ChatDialect } from "./dialect.ts";
import { forgingChecks } from "./forging_checks.ts";
import { framingChecks } from "./framing_checks.ts";
import { leavingChecks } from "./leaving_checks.ts";
import { lengthChecks } from "./length_checks.ts";
import { loadChecks } from "./load_checks.ts";
import { dialectOf } from "./look.ts";
import { nameChecks } from "./name_checks.ts";
import { Party } from "./party.ts";
import { roomChecks } from "./room_checks.ts";
import { textChecks } from "./text_checks.ts";
import { turnsChecks } from "./turns_checks.ts";
import { turnsEndsChecks } from "./turns_ends_checks.ts";
import type { ChatCheck, ChatTrial } from "./types.ts";

/** Those of a room, the ones that make a room slow down last. */
const ofRooms = only("room", [
  ...roomChecks,
  ...framingChecks,
  ...textChecks,
  ...forgingChecks,
  ...nameChecks,
  ...leavingChecks,
  ...lengthChecks,
  ...loadChecks,
]);
const ofTurns = only("turns", [...turnsChecks, ...turnsEndsChecks]);

function only(mode: ChatDialect["mode"], checks: readonly ChatCheck[]): ChatCheck[] {
  return checks.map((check) => ({
    ...check,
    skip: (dialect) => dialect.mode === mode ? check.skip?.(dialect) ?? null : `it belongs to --mode ${mode}`,
  }));
}

/** One client gets in, and is greeted; where nobody is greeted, two hear each other. */
async function alive(trial: ChatTrial): Promise<void> {
  const { mode, greets } = trial.dialect;
  const party = new Party(trial);
  if (mode === "turns") await party.connect();
  else if (greets) await party.enter();
  else await party.gather(2);
}

/** A chat over TCP. A server in turns may serve one client, and end: it is started anew for each check. */
export const protocol: Protocol<ChatDialect> = {
  transport: "tcp",
  checks: [...ofRooms, ...ofTurns],
  checksFor: ({ mode }) => mode === "room" ? ofRooms : ofTurns,
  dialectOf,
  alive,
  fresh: ({ mode }) => mode === "turns",
};
