/**
 * The flags that describe a chat.
 *
 * @module
 */
import { flag } from "../../../lib/script/flag_kinds.ts";
import { tcpFlags } from "../tcp/flags.ts";

/** What they do not say, a first look finds out if it can. */
export const chatFlags = {
  terminator: tcpFlags.terminator,
  mode: flag.choice("chat: everyone in one room, or one client and the operator in turn", ["room", "turns"], {
    default: "room",
  }),
  join: flag.text("chat: what a member sends first, {name} being its name, as in '/nick {name}'; '' = nothing", {
    default: undefined,
  }),
  quit: flag.text("chat: the line that ends a session; '' = there is none", {
    default: undefined,
    placeholder: "LINE",
  }),
};
