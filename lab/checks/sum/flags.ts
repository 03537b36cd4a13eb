/**
 * The flags that describe a server of the number exchange.
 *
 * @module
 */
import { flag } from "../../../lib/script/flag_kinds.ts";
import { tcpFlags } from "../tcp/flags.ts";

const { terminator } = tcpFlags;

/** What the user says about the server. */
export const sumFlags = {
  terminator,
  udp: flag.on("the server speaks UDP"),
  keepsRunning: flag.on("the server refuses a number outside 1-100 instead of stopping"),
  jsonLines: flag.on("the server also takes JSON objects"),
};
