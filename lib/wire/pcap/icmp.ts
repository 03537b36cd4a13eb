/**
 * ICMP messages that say why a packet did not arrive (RFC 792, RFC 4443 3.1). Pure.
 *
 * @module
 */
import { Protocol } from "../formats.ts";
import { type Route, routeOf } from "./route.ts";
import { type IpPacket, readIp } from "./ip.ts";

/** A packet that did not arrive. */
export interface Unreachable {
  readonly route: Route;
  readonly protocol: number;
  /** The errno name that its sender gets. */
  readonly error: string;
}

/** Destination unreachable: its type, and the errors that its codes mean to the sender. */
const V4 = {
  type: 3,
  errors: new Map([[0, "ENETUNREACH"], [1, "EHOSTUNREACH"], [3, "ECONNREFUSED"], [13, "EHOSTUNREACH"]]),
};
const V6 = { type: 1, errors: new Map([[0, "ENETUNREACH"], [1, "EACCES"], [3, "EHOSTUNREACH"], [4, "ECONNREFUSED"]]) };

/**
 * Reads the beginning of the packet that an ICMP message is about.
 *
 * @returns `null` if the message says something else.
 */
export function readUnreachable({ protocol, payload }: IpPacket): Unreachable | null {
  const { type, errors } = protocol === Protocol.icmpV6 ? V6 : V4;
  const error = errors.get(payload[1] ?? -1);
  const lost = payload[0] === type && error !== undefined ? readIp(payload.subarray(8)) : null;
  if (lost === null || error === undefined || lost.payload.length < 4) return null;
  const ports = new DataView(lost.payload.buffer, lost.payload.byteOffset, 4);
  return { route: routeOf(lost, ports.getUint16(0), ports.getUint16(2)), protocol: lost.protocol, error };
}
