/**
 * Idle connections: opened, kept, and closed again.
 *
 * @module
 */
import { HOST } from "./servers.ts";

/** How many are being opened at a time. */
const AT_ONCE = 64;
/** Descriptors that this process keeps for everything else. */
const SPARE = 1500;

/** A crowd that does nothing. */
export class IdleCrowd implements Disposable {
  /** Why there are no more of them; `null` if there are as many as were asked for. */
  limit: string | null = null;
  #sockets: Deno.TcpConn[] = [];

  /** How many are connected. */
  get size(): number {
    return this.#sockets.length;
  }

  /**
   * Opens connections until there are enough, the time is over, or the system has no more.
   *
   * @param reads Whether they read, as a member of a chat does.
   */
  async open(
    { port, count, time, signal, reads }: {
      readonly port: number;
      readonly count: number;
      readonly time: number;
      readonly signal: AbortSignal;
      readonly reads: boolean;
    },
  ): Promise<void> {
    const end = performance.now() + time;
    let begun = 0;
    const opener = async (): Promise<void> => {
      while (begun < count && this.limit === null && !signal.aborted) {
        if (performance.now() > end) this.limit = `only ${Math.round(time / 1000)} s were there to open them`;
        else begun++;
        if (this.limit === null) await this.#openOne(port, reads);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, opener));
  }

  async #openOne(port: number, reads: boolean): Promise<void> {
    try {
      const socket = await Deno.connect({ hostname: HOST, port });
      this.#sockets.push(socket);
      if (reads) this.#read(socket);
    } catch (error) {
      this.limit ??= `the system allowed no more: ${error instanceof Error ? error.message : error}`;
    }
  }

  async #read(socket: Deno.TcpConn): Promise<void> {
    const into = new Uint8Array(4096);
    try {
      while (await socket.read(into) !== null);
    } catch {
      // Closed here, or reset.
    }
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) {
      try {
        socket.close();
      } catch {
        // The read has found its end.
      }
    }
    this.#sockets = [];
  }
}

/** The most idle connections that the descriptors of this process allow; as many as wanted where nobody knows. */
export async function allowed(wanted: number): Promise<number> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "ulimit -Hn"], stdout: "piped" }).output();
  const most = Number(new TextDecoder().decode(stdout).trim());
  return Number.isFinite(most) ? Math.max(0, Math.min(wanted, most - SPARE)) : wanted;
}
