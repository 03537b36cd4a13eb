/**
 * The command lines that a script shows to its user.
 *
 * @module
 */
import type { Endpoint } from "../addr.ts";
import { ifPermitted } from "../permission.ts";

/** How the user starts a script: as `plainwire tcp server`, if that is how this one was started, else as `deno task tcp:server`. */
export function commandFor(task: string): string {
  return startedByPlainwire() ? `plainwire ${task.replace(":", " ")}` : `deno task ${task}`;
}

/** The command with which the client of a task reaches a server. */
export function joinCommand(task: string, { hostname, port }: Endpoint, flags = ""): string {
  return `${commandFor(task)} --host ${hostname} --port ${port}${flags}`;
}

/** `plainwire.ts` says so in the environment. */
function startedByPlainwire(): boolean {
  return ifPermitted(() => Deno.env.get("PLAINWIRE")) !== undefined;
}
