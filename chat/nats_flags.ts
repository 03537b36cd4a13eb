/**
 * The flags of a room that several servers share. What they name is loaded only with `--room`.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, isWildcard, parseHost, parsePort } from "../lib/addr.ts";
import { UsageError } from "../lib/errors.ts";
import { ifPermitted } from "../lib/permission.ts";
import { splitAddress } from "../lib/script/endpoint.ts";
import { type Flag, grouped } from "../lib/script/flags.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { type Given, refuseWithout } from "../lib/script/unused_flags.ts";

/** The most characters (code points) of a room's name. */
const MAX_ROOM = 64;
/** The port of NATS where none is given. */
const NATS_PORT = 4222;
/** The most brokers of one list; the room's is one cluster. */
const MAX_SERVERS = 16;

/** The brokers that `--nats` names. */
export interface NatsServers {
  /** `host:port` each, IPv6 in brackets. */
  readonly servers: readonly string[];
  /** Whether TLS is demanded; without it, it is used where the broker offers it. */
  readonly tls: boolean;
}

/** Which room, and where its broker is. */
export interface NatsOptions extends NatsServers {
  readonly room: string;
  /** The paths of a credentials file and of a CA's certificates. */
  readonly creds: string | undefined;
  readonly ca: string | undefined;
}

/** `--room`, `--nats` and what goes with them. */
export const natsFlags = grouped("Shared rooms", {
  room: checkedText("share the room of this name with every other server on the same NATS broker", "NAME", readRoom),
  nats: checkedText(
    "that broker, with JetStream: nats://HOST:PORT or tls://HOST:PORT, or several with commas",
    "URL",
    readBrokers,
  ),
  natsCreds: flag.path("credentials file for it; or set NATS_USER and NATS_PASSWORD, or NATS_TOKEN", {
    default: undefined,
  }),
  natsCa: flag.path("PEM file of the CA to trust for it, instead of those that come with Deno", { default: undefined }),
});

/** A flag of one text that is checked; `undefined` without it. */
function checkedText<T>(help: string, placeholder: string, read: (text: string) => T): Flag<T | undefined> {
  const text = flag.text(help, { default: undefined, placeholder });
  return {
    ...text,
    read: (texts) => {
      const given = text.read(texts);
      return given === undefined ? undefined : read(given);
    },
  };
}

/**
 * Reads the name of a shared room: 1 to 64 characters of any script, equal however they were composed (Unicode NFC).
 *
 * @throws {UsageError} It is empty, too long, or has control characters.
 */
export function readRoom(text: string): string {
  const name = text.trim().normalize("NFC");
  const length = [...name].length;
  const problem = length === 0
    ? "a room's name has at least one character"
    : length > MAX_ROOM
    ? `a room's name has at most ${MAX_ROOM} characters`
    : /\p{Cc}/u.test(name) || !name.isWellFormed()
    ? "a room's name is text, without control characters"
    : null;
  if (problem !== null) throw new UsageError(`Cannot use ${JSON.stringify(text)}: ${problem}`);
  return name;
}

/**
 * Reads a list of brokers, with commas between them. One list is either with `tls://` or without.
 *
 * @throws {UsageError} It is no such list, or has a password in it.
 *
 * @example Usage
 * ```ts
 * import { readBrokers } from "./nats_flags.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readBrokers("nats://a.example,[::1]:5222"), { servers: ["a.example:4222", "[::1]:5222"], tls: false });
 * ```
 */
export function readBrokers(text: string): NatsServers {
  // Not a word of it is repeated: what is to be hidden would then be in a log, too.
  if (text.includes("@")) {
    const advice = "set NATS_USER and NATS_PASSWORD, or NATS_TOKEN, or use --nats-creds";
    throw new UsageError(`Cannot use with a password in it: every user of this machine sees it by \`ps\`; ${advice}`);
  }
  const wrong = (part: string, why: string): UsageError => new UsageError(`Cannot use ${JSON.stringify(part)}: ${why}`);
  const parts = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  if (parts.length === 0 || parts.length > MAX_SERVERS) {
    throw wrong(
      text,
      `it must be 1 to ${MAX_SERVERS} addresses such as nats://localhost:4222, with commas between them`,
    );
  }
  const schemes = new Set<string>();
  const servers = parts.map((part) => {
    const [, scheme = "nats", rest = ""] = /^(?:([a-z]+):\/\/)?([^/]*)\/?$/i.exec(part) ?? [];
    schemes.add(scheme.toLowerCase());
    const split = splitAddress(rest);
    const host = parseHost(split?.host ?? rest);
    const port = split === null ? NATS_PORT : parsePort(split.port);
    if (!/^(nats|tls)$/i.test(scheme) || host === null || port === null) {
      throw wrong(part, "it must be nats://HOST:PORT or tls://HOST:PORT");
    }
    return `${host.includes(":") ? `[${host}]` : host}:${port}`;
  });
  if (schemes.size > 1) throw wrong(text, "with tls:// for one of them, all need it");
  return { servers, tls: schemes.has("tls") };
}

/**
 * The shared room that the flags ask for; `null` without `--room`.
 *
 * @throws {UsageError} One of them was given without what it needs.
 */
export function natsOptions(
  { options, given }: {
    readonly options: {
      readonly room: string | undefined;
      readonly nats: NatsServers | undefined;
      readonly natsCreds: string | undefined;
      readonly natsCa: string | undefined;
    };
    readonly given: Given;
  },
): NatsOptions | null {
  refuseWithout(given, "room", "nats");
  refuseWithout(given, "nats", "room", "natsCreds", "natsCa");
  const { room, nats, natsCreds: creds, natsCa: ca } = options;
  return room === undefined || nats === undefined ? null : { room, ...nats, creds, ca };
}

/** What a server is called on the others of its room: its own address, or the machine's name where it listens on all. */
export function selfOf({ addr }: { readonly addr: Endpoint }): string {
  const hostname = isWildcard(addr.hostname) ? ifPermitted(() => Deno.hostname()) ?? addr.hostname : addr.hostname;
  return formatEndpoint({ hostname, port: addr.port });
}
