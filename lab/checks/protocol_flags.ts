/**
 * The flags that describe a protocol, for all protocols. Two that mean the same are a single flag with the same key.
 *
 * @module
 */
import { chatFlags } from "./chat/flags.ts";
import { httpFlags } from "./http/flags.ts";
import { sumFlags } from "./sum/flags.ts";
import { tcpFlags } from "./tcp/flags.ts";
import { udpFlags } from "./udp/flags.ts";

/** The flags of each protocol. */
export const flagsOf = { tcp: tcpFlags, udp: udpFlags, http: httpFlags, chat: chatFlags, sum: sumFlags };

/** All of them. */
export const protocolFlags = { ...chatFlags, ...httpFlags, ...sumFlags, ...udpFlags, ...tcpFlags };
