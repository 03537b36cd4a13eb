/**
 * All targets.
 *
 * @module
 */
import type { Target } from "./engine/target.ts";
import { http } from "./targets/http.ts";
import { websocket } from "./targets/websocket.ts";
import { addr } from "./targets/addr.ts";
import { entries } from "./targets/entries.ts";
import { names } from "./targets/names.ts";
import { fields } from "./targets/fields.ts";
import { flags } from "./targets/flags.ts";
import { knownHosts, peer, pem } from "./targets/pem.ts";
import { pcap } from "./targets/pcap.ts";
import { printing } from "./targets/printing.ts";
import { telnet } from "./targets/telnet.ts";
import { chat } from "./targets/chat.ts";
import { reader } from "./targets/reader.ts";
import { sum } from "./targets/sum.ts";
import { utf8 } from "./targets/utf8.ts";

/** In the order in which they are run: the slowest first, so that no thread waits for one of them at the end. */
export const TARGETS: readonly Target[] = [
  names,
  printing,
  flags,
  utf8,
  addr,
  pcap,
  http,
  websocket,
  reader,
  chat,
  fields,
  sum,
  telnet,
  entries,
  pem,
  peer,
  knownHosts,
];

/** The target of a name; there must be one. */
export function targetNamed(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (found === undefined) throw new Error(`no such target: ${name}`);
  return found;
}
