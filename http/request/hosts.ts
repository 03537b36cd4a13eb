/**
 * Which hosts a server answers to. Pure.
 *
 * A page on the web may have its own name resolved to an address of this machine (DNS rebinding): its requests come here, and the
 * browser lets it read the answers, since they are of its own origin. The Host field tells: it has the page's name, not ours.
 *
 * @module
 */
import { isLoopback } from "../../lib/addr.ts";
import { canonicalAddress } from "../../lib/addr.ts";
import { Refusal } from "./refusal.ts";
import { NOTHING } from "./syntax.ts";

/** What a server answers to besides loopback, as plain data: a worker gets the same. */
export interface HostRules {
  /** Names and addresses as `parseHostName` writes them; `*.example.org` stands for any one label, `*` for every host. */
  readonly names: readonly string[];
  /** Whether every address will do: the machine's own are not known. Rebinding needs a name. */
  readonly anyAddress: boolean;
}

/** Every host is accepted. */
export const ANY_HOST: HostRules = { names: ["*"], anyAddress: true };

const ENCODER = new TextEncoder();

/**
 * Judges hosts and remembers the one that it accepted last, as it was spelled.
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

  /** Tells whether bytes are the host that was accepted last. */
  isLast(bytes: Uint8Array, from: number, to: number): boolean {
    const last = this.#last;
    if (to - from !== last.length || last.length === 0) return false;
    for (let index = 0; index < last.length; index++) {
      if (bytes[from + index] !== last[index]) return false;
    }
    return true;
  }

  /**
   * Tells whether a request for a host is answered. Ports are not looked at: they change where ports are forwarded.
   *
   * @param host A well-formed host, perhaps with a port.
   * @param local The address and port that the request came to: an address of this machine.
   */
  accepts(host: string, local: string): boolean {
    if (!this.#isOurs(bareHost(host), bareHost(local))) return false;
    this.#last = ENCODER.encode(host);
    return true;
  }

  #isOurs(host: string, local: string): boolean {
    if (this.#names.has("*") || this.#names.has(host)) return true;
    const address = canonicalAddress(host);
    if (address !== null) {
      return this.#anyAddress || isLoopback(address) || address === canonicalAddress(local) || this.#names.has(address);
    }
    return host === "localhost" || host.endsWith(".localhost") || this.#names.has(`*${host.slice(host.indexOf("."))}`);
  }
}

/** A host without port, brackets and last dot, in lower case. */
function bareHost(host: string): string {
  const [, literal, name = ""] = /^(?:\[([^\]]*)\]|([^:]*))/.exec(host) ?? [];
  return (literal ?? name).replace(/\.$/, "").toLowerCase();
}

/** The refusal of a request for another host (RFC 9110 15.5.20). */
export function misdirected(): Refusal {
  return new Refusal(421, "this server does not answer to that host; --host-name NAME makes it do so");
}
