/**
 * The flags that describe a server of plain UDP.
 *
 * @module
 */
import { tcpFlags } from "../tcp/flags.ts";

const { echo, expectReply, discard, message } = tcpFlags;

/** What they do not say, a first exchange finds out. */
export const udpFlags = { echo, expectReply, discard, message };
