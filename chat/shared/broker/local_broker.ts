/**
 * A nats-server of our own, for trying a shared room out: on loopback, with its store in a temporary folder.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { Exit, Failure } from "../../../lib/errors.ts";
import { abortable } from "../../../lib/within.ts";

/** The longest that it may take to be ready, and to end (ms). */
const START = 10_000;
const END = 5000;
/** How much of what it says is kept, for the reason it ended (characters). */
const KEPT = 4000;

/**
 * Starts it, and ends it when standard input ends: that happens too when this program is killed. Then its folder is removed.
 * A background command has no input of its own, hence descriptor 3.
 */
const SHELL = `
command -v nats-server >/dev/null || exit 127
folder=$(mktemp -d -t plainwire-nats.XXXXXX) || exit 1
exec 3<&0
nats-server --addr 127.0.0.1 --port -1 --jetstream --store_dir "$folder" 2>&1 &
server=$!
{ read -r _; kill "$server"; } <&3 >/dev/null 2>&1 &
wait "$server"
code=$?
rm -rf "$folder"
exit "$code"`;

const MISSING = "it is not installed; `apt-get install nats-server`, `brew install nats-server`, or a program from " +
  "github.com/nats-io/nats-server/releases; with Docker: `docker run -p 4222:4222 nats -js` and " +
  "`chat:server --room NAME --nats nats://localhost`";

/** A nats-server that runs until it is disposed of. */
export class LocalBroker implements AsyncDisposable {
  /** Aborts with a {@linkcode Failure} when it ends by itself. */
  readonly signal: AbortSignal;
  #gone = new AbortController();
  #child: Deno.ChildProcess;
  #said = "";
  #listening = Promise.withResolvers<number>();
  #reading: Promise<void>;
  #address = "";

  private constructor(child: Deno.ChildProcess) {
    this.signal = this.#gone.signal;
    this.#child = child;
    this.#listening.promise.catch(() => {});
    this.#reading = this.#read();
  }

  /**
   * Starts it on a free port, and waits until it is ready.
   *
   * @throws {Failure} There is no nats-server, or it does not start.
   */
  static async start(signal: AbortSignal): Promise<LocalBroker> {
    let child: Deno.ChildProcess;
    try {
      // Out of the terminal's group: at Ctrl-C the rooms close first.
      const options = { stdin: "piped", stdout: "piped", stderr: "null", detached: true } as const;
      child = new Deno.Command("sh", { args: ["-c", SHELL], ...options }).spawn();
    } catch (error) {
      throw new Failure(Exit.failed, "Cannot start nats-server: there is no POSIX shell here; start it by hand", {
        cause: error,
      });
    }
    const broker = new LocalBroker(child);
    try {
      const port = await abortable(deadline(broker.#listening.promise, START), signal);
      broker.#address = `127.0.0.1:${port}`;
      return broker;
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where it listens: `127.0.0.1:PORT`. */
  get address(): string {
    return this.#address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It may have ended already.
    await this.#child.stdin.close().catch(() => {});
    await deadline(Promise.all([this.#child.status, this.#reading]), END).catch(() => {});
  }

  /** Reads what it says until it ends. */
  async #read(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#said = (this.#said + text).slice(-KEPT);
      const [, port] = /client connections on 127\.0\.0\.1:(\d+)[^]*Server is ready/.exec(this.#said) ?? [];
      if (port !== undefined) this.#listening.resolve(Number(port));
    }
    const { code } = await this.#child.status;
    const failure = new Failure(
      Exit.failed,
      code === 127 ? `Cannot start nats-server: ${MISSING}` : this.#ending(code),
    );
    this.#listening.reject(failure);
    this.#gone.abort(failure);
  }

  #ending(code: number): string {
    const last = this.#said.trim().split("\n").at(-1)?.replace(/^\[\d+\] [\d/]+ [\d:.]+ /, "") ?? "";
    return `Cannot go on: nats-server ended with code ${code}${last === "" ? "" : `: ${last}`}`;
  }
}
