/**
 * A check and a trial of a chat.
 *
 * @module
 */
import type { Check } from "../check.ts";
import type { Trial } from "../trial.ts";
import type { ChatDialect } from "./dialect.ts";

/** A check of a chat. */
export type ChatCheck = Check<ChatDialect>;
/** One run of one. */
export type ChatTrial = Trial<ChatDialect>;
