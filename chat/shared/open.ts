/**
 * Opens a room that several servers share: the way in, for `chat:server --room NAME --nats URL`.
 *
 * @module
 */
import { UsageError } from "../../lib/errors.ts";
import type { Events } from "../../lib/events.ts";
import type { NatsOptions } from "../nats_flags.ts";
import type { Elsewhere } from "../room/elsewhere.ts";
import type { Member } from "../room/member.ts";
import type { SharedRoom } from "../room/shared_room.ts";
import { joinFailure } from "./broker/join_failure.ts";
import { type Broker, openBroker } from "./broker/connection.ts";
import { credentials, readPath } from "./broker/credentials.ts";
import { encodedSize } from "./broker/json.ts";
import { SharedJournal } from "./lines/journal.ts";
import { LineStream } from "./lines/line_stream.ts";
import { openOthers } from "./others/open_others.ts";
import type { Others } from "./others/others.ts";
import { roomSubjects } from "./broker/subjects.ts";

/** What a server is to the others of its room. */
export interface SharedRoomOptions {
  /** What it is called there, `host:port`. */
  readonly self: string;
  /** The operator's name, and whether the user has chosen it. */
  readonly operator: { readonly name: string; readonly chosen: boolean };
  /** The most bytes of a member's line. */
  readonly maxMessage: number;
  readonly events: Events;
  /** Gives up while the room is opened. */
  readonly signal: AbortSignal;
}

/** A shared room that is open. Disposing of it waits a moment for the last lines, and closes the connection. */
export class OpenRoom implements SharedRoom, AsyncDisposable {
  readonly journal: SharedJournal;
  readonly elsewhere: Elsewhere;
  readonly operatorName: string;
  #resources: AsyncDisposableStack;

  /** @param resources Owned by this object from here on. */
  constructor(
    journal: SharedJournal,
    { others, name }: { others: Others; name: string },
    resources: AsyncDisposableStack,
  ) {
    this.journal = journal;
    this.elsewhere = others;
    this.operatorName = name;
    this.#resources = resources;
  }

  tellMembers(tell: (text: string, to: Member | null) => void): void {
    this.journal.outage.announce = tell;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/**
 * Connects to a room's broker, and reads what was said there before.
 *
 * @throws {Failure} The broker cannot be reached, or cannot serve.
 */
export async function openSharedRoom(nats: NatsOptions, options: SharedRoomOptions): Promise<OpenRoom> {
  const { self, maxMessage, events, signal } = options;
  const ca = nats.ca === undefined ? undefined : await readCa(nats.ca);
  await using opening = new AsyncDisposableStack();
  const broker = opening.use(
    await openBroker({
      servers: nats.servers,
      tls: nats.tls,
      ca,
      credentials: await credentials(nats.creds),
      name: `plainwire chat:server ${self}`,
      events,
      signal,
    }),
  );
  checkPayload(broker, maxMessage);
  const subjects = roomSubjects(nats.room);
  const store = await LineStream.open(broker, subjects);
  const journal = opening.use(await SharedJournal.open({ store, self, events }));
  const found = await openOthers(broker, subjects, options);
  opening.use(found.others);
  const at = `${broker.server}${broker.encrypted ? " (TLS)" : ""}`;
  events.emit({ event: "notice", message: `Sharing the room "${nats.room}" over NATS at ${at}` });
  return new OpenRoom(journal, found, opening.move());
}

async function readCa(path: string): Promise<string> {
  const pem = await readPath(path, "--nats-ca");
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw new UsageError(`Cannot use --nats-ca ${path}: it has no certificate in PEM`);
  }
  return pem;
}

/** Without this, a line that is too long for the broker would be lost later, and its author not told. */
function checkPayload(broker: Broker, maxMessage: number): void {
  const most = broker.nats.info?.max_payload ?? Infinity;
  const needed = encodedSize(maxMessage);
  if (needed <= most) return;
  const advice = `raise its max_payload to ${needed}, or lower --max-message`;
  throw joinFailure(broker.server, `it takes ${most} bytes at most; ${advice}`);
}
