/**
 * The groups, in the order in which they are measured.
 *
 * @module
 */
import { bulk } from "./groups/bulk.ts";
import { chat } from "./groups/chat.ts";
import { http } from "./groups/http.ts";
import { memory } from "./groups/memory.ts";
import { start } from "./groups/start.ts";
import { tcp } from "./groups/tcp.ts";
import { tls } from "./groups/tls.ts";
import { udp } from "./groups/udp.ts";
import { wire } from "./groups/wire.ts";
import type { GroupPlan } from "./plan.ts";

/** All groups. */
export const GROUPS: readonly GroupPlan[] = [tcp, bulk, udp, http, tls, chat, start, memory, wire];
