/**
 * The hosts that a server answers to. Pure.
 *
 * In a DNS rebinding attack, a web page makes its own name resolve to an address of this machine. Its requests then reach this server,
 * and the browser lets the page read the answers as same-origin. The Host field reveals it: it holds the page's name, not ours.
 *
 * @module
 */
import { isLoopback } from "../../lib/addr.ts";
import { canonicalAddress } from "../../lib/addr.ts";
import { Refusal } from "./refusal.ts";
import { lowerCased, NOTHING } from "./syntax.ts";

/** The hosts accepted besides loopback, as plain data that can be sent to a worker. */
export interface HostRules {
  /** Names and addresses in the spelling of `parseHostName`; `*.example.org` matches any one label, `*` every host. */
  readonly names: readonly string[];
  /** Whether to accept every address, if the machine's own are unknown. That is safe: rebinding needs a name. */
  readonly anyAddress: boolean;
}

/** Accepts every host. */
export const ANY_HOST: HostRules = { names: ["*"], anyAddress: true };

const ENCODER = new TextEncoder();

/**
 * Checks hosts and remembers the last accepted one as it was spelled.
 *
 * @example Usage
 * ```ts
 * import { Hosts } from "./hosts.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const hosts = new Hosts({ names: ["wiki.example"], anyAddress: false });
 * const asked = ["localhost:8080", "[::1]", "Wiki.Example.:80", "192.0.2.7", "evil.example"];
 * assertEquals(asked.map((host) => hosts.accepts(host, "192.0.2.7:8080")), [true, true, true, true, false]);
 * ```
 */
export class Hosts {
  readonly #names: ReadonlySet<string>;
  readonly #anyAddress: boolean;
  #last = NOTHING;

  constructor({ names, anyAddress }: HostRules) {
    this.#names = new Set(names);
    this.#anyAddress = anyAddress;
  }

  /** Whether bytes are the last accepted host. */
  isLast(bytes: Uint8Array, from: number, to: number): boolean {
    const last = this.#last;
    if (to - from !== last.length || last.length === 0) return false;
    for (let index = 0; index < last.length; index++) {
      if (bytes[from + index] !== last[index]) return false;
    }
    return true;
  }

  /**
   * Whether to answer a request for a host. Ports are ignored, since port forwarding changes them.
   *
   * @param host A well-formed host with an optional port.
   * @param local The local address and port of the connection.
   */
  accepts(host: string, local: string): boolean {
    if (!this.#isOurs(bareHost(host), bareHost(local))) return false;
    this.#last = ENCODER.encode(host);
    return true;
  }

  /**
   * Whether a page is this server's own. That every host, or every address, is accepted makes no page ours: then it must come from the
   * very host that is asked.
   *
   * @param page The host of the page's origin, well formed, with an optional port, which is ignored.
   * @param asked The accepted host that the page sends its request to.
   * @param local The local address and port of the connection.
   */
  isOwnPage(page: string, asked: string, local: string): boolean {
    const host = bareHost(page);
    return this.#isKnown(host, bareHost(local)) || host === bareHost(asked);
  }

  #isOurs(host: string, local: string): boolean {
    return this.#names.has("*") || this.#isKnown(host, local) || (this.#anyAddress && canonicalAddress(host) !== null);
  }

  #isKnown(host: string, local: string): boolean {
    if (this.#names.has(host)) return true;
    const address = canonicalAddress(host);
    if (address !== null) {
      return isLoopback(address) || address === canonicalAddress(local) || this.#names.has(address);
    }
    const dot = host.indexOf(".");
    return host === "localhost" || host.endsWith(".localhost") || (dot > 0 && this.#names.has(`*${host.slice(dot)}`));
  }
}

/** A host without port, brackets and trailing dot, in lower case. */
function bareHost(host: string): string {
  const [, literal, name = ""] = /^(?:\[([^\]]*)\]|([^:]*))/.exec(host) ?? [];
  return lowerCased(literal ?? name).replace(/\.$/, "");
}

/** The refusal of a request for another host (RFC 9110 15.5.20). */
export function misdirected(): Refusal {
  return new Refusal(421, "this server does not answer to that host; --host-name NAME adds it");
}

/** The refusal of an https target that came over a connection without TLS (RFC 9110 7.4). */
export function unsecured(): Refusal {
  return new Refusal(421, "an https target needs a connection with TLS");
}
