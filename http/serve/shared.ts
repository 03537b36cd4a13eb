/**
 * State and settings that all connections of one server share.
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
import type { SiteFolder } from "../site/inside.ts";
import type { Site } from "../site/resource.ts";

/** Limits of a connection. Times are in milliseconds; 0 = none. */
export interface HttpLimits extends BodyLimits {
  /** How long a connection may be idle, between requests or within one. */
  readonly idleTime: number;
  /** How long a head may take from its first byte to its last. */
  readonly headTime: number;
  /** How long a request may take, body included. */
  readonly requestTime: number;
  /** The number of requests after which the connection is closed. */
  readonly maxRequests: number;
}

/** A client may send all of a body that is too large before it reads the refusal, so the server reads on (RFC 9112 9.6). */
export const LINGER = { time: 5000, bytes: 256 * 1024 * 1024 };

/** The settings from the flags, as plain data that can be sent to a worker. */
export interface HttpSettings {
  readonly limits: HttpLimits;
  readonly log: LogFormat;
  /** The accepted hosts. */
  readonly hosts: HostRules;
  /** The folder of served files; `null` = none. */
  readonly dir: SiteFolder | null;
  /** The TLS settings; `null` = no TLS. */
  readonly tls: ServerTls | null;
}

/** The part of a server that its connections need. */
export interface HttpService {
  readonly site: Site;
  readonly limits: HttpLimits;
  readonly clock: Clock;
  /** How long a client may stop reading, in milliseconds. */
  readonly stallTime: number;
  readonly log: RequestLog;
  readonly events: Events;
  /** Aborts when the server stops: the current answer is then the connection's last. */
  readonly signal: AbortSignal;
  /** Unused answer buffers; an idle connection has none. */
  readonly outboxes: AnswerBytes[];
  /** The memory limit of all connections together: bodies, answers and bytes in between. */
  readonly memory: MemoryBudget;
  readonly hosts: Hosts;
}
