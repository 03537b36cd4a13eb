/**
 * The two addresses of a relay. Pure.
 *
 * @module
 */
import { type Endpoint, parsePort, portRule, readHost } from "../../lib/addr.ts";
import { UsageError } from "../../lib/errors.ts";
import type { FaultTransport } from "../../lib/faults/plan.ts";

/** Where a relay listens. */
export interface ListenAddress extends Endpoint {
  readonly transport: FaultTransport;
}

const THIS_MACHINE = "127.0.0.1";

/**
 * Reads where to listen: `[tcp|udp]:[ADDRESS:]PORT`. The transport is TCP unless given, the address loopback,
 * and port 0 is any free one.
 *
 * @throws {UsageError} The text has another form.
 *
 * @example Usage
 * ```ts
 * import { parseListen } from "./address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseListen("9000"), { transport: "tcp", hostname: "127.0.0.1", port: 9000 });
 * assertEquals(parseListen("udp:0.0.0.0:9000"), { transport: "udp", hostname: "0.0.0.0", port: 9000 });
 * assertEquals(parseListen("tcp:[::1]:0"), { transport: "tcp", hostname: "::1", port: 0 });
 * ```
 */
export function parseListen(text: string): ListenAddress {
  const [, transport = "tcp", rest = ""] = /^(?:(tcp|udp):)?(.*)$/si.exec(text) ?? [];
  const [, host = "", port = ""] = /^(?:(.*):)?([^:\]]*)$/s.exec(rest) ?? [];
  if (/^(?:[^[].*:|:)/s.test(host)) {
    throw wrong(text, "an IPv6 address before a port needs brackets, as in tcp:[::1]:9000");
  }
  const number = parsePort(port, { zero: true });
  if (number === null) {
    const form = /^-?\d+$/.test(port) ? `its port: ${portRule({ zero: true })}` : "it must be [tcp|udp]:[ADDRESS:]PORT";
    throw wrong(text, form);
  }
  return {
    transport: transport.toLowerCase() === "udp" ? "udp" : "tcp",
    hostname: host === "" ? THIS_MACHINE : readHost(host),
    port: number,
  };
}

/**
 * Reads where to forward to: `HOST:PORT`, or `:PORT` of this machine.
 *
 * @throws {UsageError} The text has another form.
 *
 * @example Usage
 * ```ts
 * import { parseTarget } from "./address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseTarget("localhost:8080"), { hostname: "localhost", port: 8080 });
 * assertEquals(parseTarget(":8080"), { hostname: "127.0.0.1", port: 8080 });
 * ```
 */
export function parseTarget(text: string): Endpoint {
  const [, host, port = ""] = /^(?!(?:tcp|udp):)(\[.*\]|[^:]*):([^:]*)$/si.exec(text) ?? [];
  if (host === undefined) throw wrong(text, targetHint(text));
  const number = parsePort(port);
  if (number === null) throw wrong(text, `its port: ${portRule()}`);
  return { hostname: host === "" ? THIS_MACHINE : readHost(host), port: number };
}

function targetHint(text: string): string {
  if (/^\d+$/.test(text)) return `a port of this machine is :${text}`;
  if (text.includes("://")) return "it is a URL; the address alone is HOST:PORT, such as localhost:8080";
  if (/^(tcp|udp):/i.test(text)) return "the transport is that of --listen; here it is HOST:PORT";
  if (/:.*:/.test(text)) return "an IPv6 address before a port needs brackets, as in [::1]:9000";
  return "it must be HOST:PORT, such as localhost:8080";
}

function wrong(text: string, why: string): UsageError {
  return new UsageError(`Cannot use ${JSON.stringify(text)}: ${why}`);
}
