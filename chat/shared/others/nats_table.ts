/**
 * Tables that the servers of a room share, in key-value buckets of NATS JetStream.
 *
 * @module
 */
import { jetstream } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { Held, Table } from "./bus.ts";
import type { Broker } from "../broker/connection.ts";
import { UntilGone } from "../broker/until_gone.ts";

/** The longest that the broker may take for one answer (ms). */
const ANSWER = 2000;
/** JetStream's error for a key of another revision. */
const [WRONG_REVISION, WRONG_REVISION_UNKNOWN] = [10071, 10164];

/** One bucket. It is made on first use, and anew when it has gone, as after the broker has lost its store. */
export class NatsTable implements Table {
  #broker: Broker;
  #untilGone: UntilGone;
  #bucket: string;
  #ttl: number;
  #opening: Promise<KV> | null = null;

  /** @param ttl How long a key lasts after its last change (ms); 0 = for ever. */
  constructor(broker: Broker, bucket: string, ttl: number) {
    this.#broker = broker;
    this.#untilGone = new UntilGone(broker);
    // It may have come back without its store.
    broker.watch(() => this.#opening = null);
    this.#bucket = bucket;
    this.#ttl = ttl;
  }

  create(key: string, value: string): Promise<number | null> {
    return this.#change((bucket) => bucket.create(key, value));
  }

  update(key: string, value: string, revision: number): Promise<number | null> {
    return this.#change((bucket) => bucket.update(key, value, revision, ANSWER));
  }

  async get(key: string): Promise<Held | null> {
    const entry = await this.#use((bucket) => bucket.get(key));
    return entry?.operation === "PUT" ? { value: entry.string(), revision: entry.revision } : null;
  }

  async remove(key: string, revision: number): Promise<void> {
    await this.#change(async (bucket) => {
      await bucket.delete(key, { previousSeq: revision });
      return 0;
    });
  }

  async #change(change: (bucket: KV) => Promise<number>): Promise<number | null> {
    try {
      return await this.#use(change);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : 0;
      if (code === WRONG_REVISION || code === WRONG_REVISION_UNKNOWN) return null;
      throw error;
    }
  }

  async #use<T>(work: (bucket: KV) => Promise<T>): Promise<T> {
    if (!this.#broker.up) throw new Error("the broker cannot be reached");
    const opening = this.#opening ??= this.#open();
    try {
      return await this.#untilGone.wait(opening.then(work));
    } catch (error) {
      // Whatever it was, the next one looks whether the bucket is still there.
      if (this.#opening === opening) this.#opening = null;
      throw error;
    }
  }

  #open(): Promise<KV> {
    // Without the check of the API, which takes a permission of its own; and read where the changes are made, not from a copy.
    const client = jetstream(this.#broker.nats, { timeout: ANSWER, checkAPI: false });
    return new Kvm(client).create(this.#bucket, { ttl: this.#ttl, history: 1, allow_direct: false });
  }
}
