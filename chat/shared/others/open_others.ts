/**
 * Finds the other servers of a room on its broker.
 *
 * @module
 */
import type { Events } from "../../../lib/events.ts";
import { CLAIM_TTL } from "./claims.ts";
import { openFailure } from "../broker/join_failure.ts";
import type { Broker } from "../broker/connection.ts";
import { NatsBus } from "./nats_bus.ts";
import { NatsTable } from "./nats_table.ts";
import { Others } from "./others.ts";
import type { RoomSubjects } from "../broker/subjects.ts";

/** What the broker is asked about. */
const ABOUT = "the names of the room's members";

/** What a server is to the others. */
export interface OpenOthersOptions {
  /** What it is called there, `host:port`. */
  readonly self: string;
  /** The operator's name, and whether the user has chosen it. */
  readonly operator: { readonly name: string; readonly chosen: boolean };
  readonly events: Events;
}

/**
 * Finds the other servers, and claims the operator's name.
 *
 * @throws {Failure} The broker does not answer, or does not permit it.
 */
export async function openOthers(
  broker: Broker,
  subjects: RoomSubjects,
  { self, operator, events }: OpenOthersOptions,
): Promise<{ others: Others; name: string }> {
  const opening = Others.open({
    bus: new NatsBus(broker, subjects.prefix),
    names: new NatsTable(broker, subjects.names, CLAIM_TTL),
    guests: new NatsTable(broker, subjects.guests, 0),
    ...{ self, events },
  });
  const others = await opening.catch((error) => {
    throw openFailure(broker.server, ABOUT, error);
  });
  try {
    const name = await others.claimOperatorName(operator.name);
    if (operator.chosen && name !== operator.name) {
      const message = `The name ${operator.name} is taken on another server of the room; you are ${name}`;
      events.emit({ event: "warning", message });
    }
    return { others, name };
  } catch (error) {
    await others[Symbol.asyncDispose]();
    throw openFailure(broker.server, ABOUT, error);
  }
}
