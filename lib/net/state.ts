/**
 * What the platform's errors mean.
 *
 * @module
 */
import { isLinkLocal } from "../addr.ts";
import { Exit, type ExitCode, stateOf } from "../errors.ts";

/** What an error means for an operation on a host: as {@linkcode stateOf}, but an interface that does not exist is named (RFC 4007 11). */
export function stateAt(hostname: string, error: unknown): { code: ExitCode; state: string } {
  const { code, state } = stateOf(error);
  if (code !== Exit.nameNotFound || !isLinkLocal(hostname)) return { code, state };
  return { code, state: `this machine has no interface ${hostname.replace(/^.*?%/, "")}` };
}
