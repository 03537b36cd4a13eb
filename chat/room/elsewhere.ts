/**
 * What a room asks of the other servers that share it. Pure: an interface.
 *
 * @module
 */
import type { RemoteMember } from "./member.ts";

/** What a moderator orders on every server. */
export interface Order {
  readonly kind: "kick" | "mute" | "unmute" | "ban" | "unban";
  /** The rest of the command line, as the operator typed it. */
  readonly rest: string;
}

/** The other servers of a room. */
export interface Elsewhere {
  /** What this server is called there, `host:port`. */
  readonly self: string;
  /** The members on other servers, as last heard. */
  readonly members: readonly RemoteMember[];
  /** Finds one by name, ignoring case, width, accents and punctuation. */
  find(name: string): RemoteMember | null;
  /**
   * Claims a name for a member here. It is this server's until released, or until the server is gone.
   *
   * @param session The secret of the member's session, which lets it have the name that it had on another server.
   * @returns `null` if it worked, else the problem as the end of a sentence.
   */
  claim(name: string, session: string | null): Promise<string | null>;
  /** Gives a name up. */
  release(name: string): void;
  /** Asks every server who is there; the members of servers that do not answer are those last heard. */
  who(): Promise<readonly RemoteMember[]>;
  /** Sends a private message; `false` if its server did not confirm it. */
  tell(to: RemoteMember, from: string, text: string): Promise<boolean>;
  /** Gives an order to every other server; returns what they did, each as a sentence for the operator. */
  order(order: Order): Promise<readonly string[]>;
}
