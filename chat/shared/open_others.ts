/**
 * Finds the other servers of a room on its broker.
 *
 * @module
 */
import { Exit, Failure } from "../../lib/errors.ts";
import type { Events } from "../../lib/events.ts";
import { CLAIM_TTL } from "./claims.ts";
import type { Broker } from "./connection.ts";
import { NatsBus } from "./nats_bus.ts";
import { NatsTable } from "./nats_table.ts";
import { Others } from "./others.ts";
import type { RoomSubjects } from "./subjects.ts";

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
 * @throws {Error} The broker does not answer, or does not permit it.
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
    throw failure(broker, error);
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
    throw failure(broker, error);
  }
}

function failure(broker: Broker, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { name = "", message = "" } = error instanceof Error ? error : {};
  const forbidden = /Permissions Violation (for .*)/i.exec(message);
  const state = forbidden !== null
    ? `the broker does not permit it: ${forbidden[1]}; see chat/shared/README.md`
    : name === "TimeoutError"
    ? "JetStream does not answer about the names of its members; see chat/shared/README.md for the permissions it takes"
    : `${message} (the names of its members)`;
  const code = name === "TimeoutError" ? Exit.timedOut : Exit.failed;
  return new Failure(code, `Cannot join the room at NATS ${broker.server}: ${state}`, { cause: error });
}
