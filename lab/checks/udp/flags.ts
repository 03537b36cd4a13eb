/**
 * The flags that describe a server of plain UDP.
 *
 * @module
 */
import { tcpFlags } from "../tcp/flags.ts";

const { echo, expectReply, discard, message } = tcpFlags;

/** They say what a first exchange would find out. */
export const udpFlags = { echo, expectReply, discard, message };
