/**
 * The good client of each dialect.
 *
 * @module
 */
import type { Dialect } from "../servers.ts";
import { openRoom, openTurns } from "./chat.ts";
import type { OpenGood } from "./client.ts";
import { openUdpEcho, openUdpSum, openUdpTurns } from "./datagram.ts";
import { openEcho, openHttp, openReply, openSum } from "./stream.ts";

/** How a good client of each dialect is opened, how many there are all the time, and how long one pauses between exchanges (ms). */
export const GOOD: Readonly<
  Record<Dialect, { readonly open: OpenGood; readonly clients: number; readonly pause: number }>
> = {
  echo: { open: openEcho, clients: 2, pause: 25 },
  reply: { open: openReply, clients: 2, pause: 25 },
  http: { open: openHttp, clients: 2, pause: 25 },
  room: { open: openRoom, clients: 2, pause: 200 },
  turns: { open: openTurns, clients: 1, pause: 100 },
  sum: { open: openSum, clients: 2, pause: 25 },
  "udp-echo": { open: openUdpEcho, clients: 2, pause: 25 },
  "udp-turns": { open: openUdpTurns, clients: 1, pause: 100 },
  "udp-sum": { open: openUdpSum, clients: 2, pause: 25 },
};
