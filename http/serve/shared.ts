/**
 * What all connections of one server share.
 *
 * @module
 */
import type { Events } from "../../lib/events.ts";
import type { MemoryBudget } from "../../lib/memory.ts";
import type { ServerTls } from "../../lib/tls/server.ts";
import type { BodyLimits } from "../request/body.ts";
import type { Clock } from "./clock.ts";
import type { HostRules, Hosts } from "../request/hosts.ts";
import type { LogFormat, RequestLog } from "./request_log.ts";
import type { AnswerBytes } from "../answer/bytes.ts";
import type { Site } from "../site/resource.ts";

/** Limits of a connection. Times are in milliseconds; 0 = none. */
export interface HttpLimits extends BodyLimits {
  /** How long a connection may be silent, between requests or within one. */
  readonly idleTime: number;
  /** How long a head may take from its first byte to its last. */
  readonly headTime: number;
  /** How long a request may take, body included. */
  readonly requestTime: number;
  /** After so many requests the connection is closed. */
  readonly maxRequests: number;
}

/** What the flags say, as plain data: a worker gets the same. */
export interface HttpSettings {
  readonly limits: HttpLimits;
  readonly log: LogFormat;
  /** The hosts that are answered to. */
  readonly hosts: HostRules;
  /** The folder whose files are served, absolute and without links; `null` = none. */
  readonly dir: string | null;
  /** The certificate and key to speak TLS with; `null` = none. */
  readonly tls: ServerTls | null;
}

/** The part of a server that its connections need. */
export interface HttpService {
  readonly site: Site;
  readonly limits: HttpLimits;
  readonly clock: Clock;
  /** How long a client may not read what is written to it, in milliseconds. */
  readonly stallTime: number;
  readonly log: RequestLog;
  readonly events: Events;
  /** Aborts when the server stops: the answer under way is the connection's last. */
  readonly signal: AbortSignal;
  /** Buffers for answers that nobody uses at the moment; a connection at rest has none. */
  readonly outboxes: AnswerBytes[];
  /** What all connections together may hold: bodies, answers, what waits between. */
  readonly memory: MemoryBudget;
  readonly hosts: Hosts;
}
