/**
 * What `--explain` says of lookups, listeners, connections that open, and handshakes. Pure.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, isLoopback, isWildcard } from "../../addr.ts";
import type { Role } from "../../events.ts";
import { milliseconds } from "../../text.ts";
import { BoundedMap } from "../../bounded_map.ts";
import type { WireEvent } from "../event.ts";
import type { Narrator } from "./narrator.ts";
import type { Topic } from "./whys.ts";
import { inWords, isOurClose, named } from "./words.ts";

/** The most connections that are remembered while they try addresses. */
const MOST_ATTEMPTS = 1000;

/** An address that a connection has tried in vain. */
interface Attempt {
  readonly peer: Endpoint;
  readonly error: string;
}

/** Follows what happens before the first byte. */
export class Opening {
  #role: Role;
  #attempts = new BoundedMap<number, Attempt[]>(MOST_ATTEMPTS);
  /** The last lookup of a name. */
  #name: { readonly name: string; readonly addresses: readonly string[] } | null = null;

  constructor(role: Role) {
    this.#role = role;
  }

  /** Says what there is to say about a call that comes before the first byte. */
  explain(event: WireEvent, narrator: Narrator): void {
    switch (event.call) {
      case "resolve":
        return this.#resolve(event, narrator);
      case "listen":
      case "bind":
        return listener(event, this.#role, narrator);
      case "connect":
        return this.#connect(event, narrator);
      case "accept":
        return accept(event, narrator);
      case "handshake":
        return handshake(event, this.#role, narrator);
    }
  }

  #resolve({ at, flow, name = "", addresses = [], duration, error }: WireEvent, narrator: Narrator): void {
    if (error !== undefined) {
      return narrator.say(at, flow, "trouble", `getaddrinfo(3): ${named(name)}: ${inWords(error)}`, "resolve");
    }
    this.#name = { name, addresses };
    // An address needs no lookup.
    if (addresses.length === 1 && addresses[0] === name) return;
    const found = addresses.length === 0 ? "no address" : addresses.slice(0, 8).join(", ");
    const tried = addresses.length > 1 ? "; to be tried in this order" : "";
    narrator.say(
      at,
      flow,
      "state",
      `getaddrinfo(3): ${named(name)} is ${found} (${milliseconds(duration)}${tried})`,
      "resolve",
    );
  }

  #connect(event: WireEvent, narrator: Narrator): void {
    const { at, flow, local, peer, duration, error } = event;
    const where = peer === null ? "the server" : formatEndpoint(peer);
    if (error !== undefined) {
      // Another address was quicker.
      if (isOurClose(error)) return;
      narrator.say(at, flow, "trouble", `connect(2) to ${where}: ${inWords(error)}`, whyFailed(error));
      if (peer !== null) this.#remember(flow, peer, error);
      return;
    }
    if (narrator.hears(at)) {
      const ours = local === null ? "" : `; our end is ${formatEndpoint(local)}`;
      const text = `connect(2) to ${where}: SYN out, SYN+ACK in, ACK out, ${milliseconds(duration)}${ours}`;
      narrator.say(at, flow, "state", text, "connect");
    } else narrator.untold.add(at, "connect", 0);
    const failed = this.#attempts.get(flow);
    this.#attempts.delete(flow);
    if (failed !== undefined && peer !== null) this.#compare(event, peer, failed, narrator);
  }

  #remember(flow: number, peer: Endpoint, error: string): void {
    const failed = this.#attempts.get(flow) ?? [];
    if (failed.length < 8) failed.push({ peer, error });
    this.#attempts.set(flow, failed);
  }

  /** An address was tried in vain before this one succeeded: mistakes 12 and, where only one family listens, 11. */
  #compare({ at, flow }: WireEvent, peer: Endpoint, failed: readonly Attempt[], narrator: Narrator): void {
    const [first] = failed;
    if (first === undefined) return;
    const name = this.#name?.addresses.includes(peer.hostname) ? named(this.#name.name) : "The name";
    const text =
      `${name} is ${first.peer.hostname} too, where nobody answered: a client that tries only that one fails`;
    narrator.mistake(at, flow, 12, text);
    const other = failed.find((each) =>
      each.error === "ECONNREFUSED" && each.peer.port === peer.port && isIpv6(each.peer) !== isIpv6(peer)
    );
    if (other === undefined) return;
    const [yes, no] = isIpv6(peer) ? ["IPv6", "IPv4"] : ["IPv4", "IPv6"];
    narrator.mistake(
      at,
      flow,
      11,
      `The server listens on ${yes} only: ${formatEndpoint(other.peer)}, ${no}, was refused`,
    );
  }
}

function isIpv6({ hostname }: Endpoint): boolean {
  return hostname.includes(":");
}

function whyFailed(error: string): Topic | undefined {
  if (error === "ECONNREFUSED") return "refused";
  if (error === "ETIMEDOUT") return "timeout";
  return error === "EHOSTUNREACH" || error === "ENETUNREACH" ? "unreachable" : undefined;
}

function listener({ at, flow, call, local, error, transport }: WireEvent, role: Role, narrator: Narrator): void {
  const where = local === null ? "the address" : formatEndpoint(local);
  const calls = call === "listen" ? "bind(2), listen(2)" : "bind(2)";
  if (error !== undefined) {
    if (error === "EADDRINUSE") {
      return narrator.mistake(at, flow, 13, `${calls}: ${where} is in use (EADDRINUSE)`);
    }
    return narrator.say(at, flow, "trouble", `${calls}: ${where}: ${inWords(error)}`);
  }
  const text = transport === "udp" && role === "client"
    ? `bind(2): our datagrams leave from ${where}, and answers come back to it`
    : `${calls}: ${where} ${transport === "udp" ? "takes datagrams" : "is open for connections"}${reach(local)}`;
  narrator.say(at, flow, "state", text, transport === "udp" ? "bind" : "listen");
}

/** Who can reach a listener. Loopback is a good choice until others are to connect, so that mistake is named, not counted. */
function reach(local: Endpoint | null): string {
  if (local === null) return "";
  const { hostname } = local;
  if (isLoopback(hostname)) return ", from this machine only ([mistake 11] if others are to connect)";
  if (hostname === "::") return " at every address of this machine, IPv6 and IPv4";
  if (isWildcard(hostname)) {
    return " at every IPv4 address of this machine ([mistake 11] for a client that tries IPv6, as ::1 for localhost)";
  }
  return ", at this address only: not at 127.0.0.1";
}

function accept({ at, flow, peer, error }: WireEvent, narrator: Narrator): void {
  if (error !== undefined) return narrator.say(at, flow, "trouble", `accept(2): ${inWords(error)}`);
  if (!narrator.hears(at)) return narrator.untold.add(at, "accept", 0);
  const from = peer === null ? "a client" : formatEndpoint(peer);
  narrator.say(
    at,
    flow,
    "state",
    `accept(2): ${from}; the system had completed the handshake: SYN in, SYN+ACK out, ACK in`,
    "accept",
  );
}

function handshake({ at, flow, session, duration, error }: WireEvent, role: Role, narrator: Narrator): void {
  if (error !== undefined) {
    if (isOurClose(error)) return;
    // Our own errors are told where they are handled.
    const own = error === "Failure" || error === "Error";
    const why = own ? ", or we do not trust the peer's certificate" : `: ${inWords(error)}`;
    return narrator.say(at, flow, "trouble", `The TLS handshake failed${why}`);
  }
  const { version = "TLS", cipher = "", subject = null, verified = true } = session ?? {};
  if (narrator.hears(at)) {
    const who = subject === null
      ? ""
      : `; the peer's certificate is for ${named(subject)}${verified ? ", verified" : ""}`;
    const text = `TLS handshake in ${milliseconds(duration)}: ${named(`${version}, ${cipher}`)}${who}`;
    narrator.say(at, flow, "state", text, "handshake");
  } else narrator.untold.add(at, "handshake", 0);
  // Clients need not show a certificate.
  if (role === "client" && !verified) {
    narrator.mistake(at, flow, 19, "Encrypted, but not verified: nothing proves who the server is");
  }
}
