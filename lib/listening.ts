/**
 * The event of a server that listens: where, and how clients get there.
 *
 * @module
 */

/** How visitors find the page of a server that has one. */
export interface PageLink {
  /** Its URLs: those for other machines, the likeliest first; if there are none, that for this machine. */
  readonly urls: readonly string[];
  /** The SHA-256 fingerprint of the certificate that comes with it, as browsers show it: `9F:86:…`. */
  readonly certificate?: string;
  /** The QR code of the first URL, in rows of half blocks, for a terminal only. */
  readonly qr?: readonly string[];
}

/** A server's socket is listening; scripts and tests learn the port from this event. */
export interface Listening extends Partial<PageLink> {
  readonly event: "listening";
  readonly transport: "tcp" | "udp";
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  /** The command that joins from another machine, one per address; empty if only this machine can connect. */
  readonly join: readonly string[];
  /** The command that joins from this machine. */
  readonly here: string;
  /** What a client does here, in prose only: JSON leaves it out. */
  readonly verb: "connect" | "join";
  /** The flag that opens it to other machines, in prose only too. */
  readonly everywhere?: string;
}
