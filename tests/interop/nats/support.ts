/**
 * A real nats-server for the tests of shared rooms.
 *
 * @module
 */
import { launch } from "../support.ts";
import type { RunningScript } from "../../support/script.ts";

/** Options of {@linkcode Broker.start}. */
export interface BrokerOptions {
  /** More lines of its configuration file. */
  readonly config?: string;
  /** Without it, JetStream is off. */
  readonly jetStream?: boolean;
}

/** A nats-server on a port of its own, with its store in a temporary folder. It can be killed and started again. */
export class Broker implements AsyncDisposable {
  /** Its folder, for whatever its configuration names. */
  readonly folder: string;
  port = 0;
  #options: BrokerOptions;
  #server: RunningScript | null = null;

  private constructor(folder: string, options: BrokerOptions) {
    this.folder = folder;
    this.#options = options;
  }

  /** Starts it on a free port of the loopback interface, in a folder that the tests may have filled. */
  static async start(
    options: BrokerOptions = {},
    folder = Deno.makeTempDirSync({ prefix: "plainwire-nats-" }),
  ): Promise<Broker> {
    const broker = new Broker(folder, options);
    await broker.start();
    return broker;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `nats://${this.address}`;
  }

  /** Starts it, on the same port as before; ready when it listens. */
  async start(): Promise<void> {
    const { config = "", jetStream = true } = this.#options;
    const path = `${this.folder}/nats.conf`;
    const store = jetStream ? `jetstream { store_dir: "${this.folder}/store" }` : "";
    await Deno.writeTextFile(path, `host: 127.0.0.1\nport: ${this.port || -1}\n${store}\n${config}\n`);
    this.#server = launch("nats-server", ["-c", path]);
    const [, port] = await this.#server.until(
      /Listening for client connections on 127\.0\.0\.1:(\d+)[^]*Server is ready/,
      "stderr",
    );
    this.port = Number(port);
  }

  /** Sends a signal and, unless it only stops the process for a while, waits for its end. */
  async signal(signal: Deno.Signal): Promise<void> {
    if (signal === "SIGSTOP" || signal === "SIGCONT") this.#server?.signal(signal);
    else await this.#server?.stop(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}
