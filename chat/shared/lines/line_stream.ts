/**
 * A room's lines in a stream of NATS JetStream: the stream numbers them, and adds none twice.
 *
 * They are read one by one by their numbers. A consumer would be told of them, but some do not come back after the broker was killed, and
 * others then deliver lines twice; what the subject's plain messages tell is only that there is something to read.
 *
 * @module
 */
import { jetstream, type JetStreamClient, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { StoredMsg, StreamConfig, StreamInfo } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import { Exit, Failure } from "../../../lib/errors.ts";
import { openFailure } from "../broker/join_failure.ts";
import type { Broker } from "../broker/connection.ts";
import { type Added, type LineStore, type StoredLine, type StoreState, TooLargeError } from "./line_store.ts";
import type { RoomSubjects } from "../broker/subjects.ts";
import { UntilGone } from "../broker/until_gone.ts";

/**
 * How many lines the stream keeps, and how many bytes of them; the oldest give way. Ten servers may have a thousand lines each that
 * wait for a broker, and each may find them a little later than another has sent them.
 */
const KEPT_LINES = 10_000;
const KEPT_BYTES = 64 * 1024 * 1024;
/** For how long the stream remembers ids (ms). The journal's own memory of them reaches further. */
const DUPLICATES = 120_000;
/** The longest that the broker may take for one answer (ms). */
const ANSWER = 3000;
/** How many lines may be on their way at once. */
const WINDOW = 64;
const GONE = "the broker is gone";
/** Error codes of JetStream. */
const [STREAM_NOT_FOUND, NAME_IN_USE, SUBJECTS_OVERLAP, MESSAGE_TOO_LARGE] = [10059, 10058, 10065, 10054];

/** The stream of one room. */
export class LineStream implements LineStore {
  window = 1;
  #broker: Broker;
  #room: RoomSubjects;
  #stream: JetStreamClient;
  #manager: JetStreamManager;
  #untilGone: UntilGone;

  private constructor(broker: Broker, room: RoomSubjects, manager: JetStreamManager) {
    this.#broker = broker;
    this.#room = room;
    this.#manager = manager;
    this.#stream = jetstream(broker.nats, { timeout: ANSWER });
    this.#untilGone = new UntilGone(broker);
  }

  /**
   * Opens a room's stream, and makes it if it is missing.
   *
   * @throws {Failure} There is no JetStream, no permission, or a stream of that name that cannot serve.
   */
  static async open(broker: Broker, room: RoomSubjects): Promise<LineStream> {
    // Without the check of the API, which takes a permission of its own.
    const manager = await jetstreamManager(broker.nats, { timeout: ANSWER, checkAPI: false });
    const stream = new LineStream(broker, room, manager);
    try {
      await stream.look();
      return stream;
    } catch (error) {
      throw openFailure(broker.server, `the stream ${room.stream}`, error);
    }
  }

  get up(): boolean {
    return this.#broker.up;
  }

  async add(id: string, data: Uint8Array): Promise<Added> {
    const { line: subject, stream: streamName } = this.#room;
    try {
      const options = { msgID: id, timeout: ANSWER, expect: { streamName } };
      const { seq, duplicate } = await this.#ask(() => this.#stream.publish(subject, data, options));
      return { number: seq, before: duplicate };
    } catch (error) {
      throw isTooLarge(error) ? new TooLargeError("the broker takes no line of this length", { cause: error }) : error;
    }
  }

  async read(number: number): Promise<StoredLine | null> {
    return stored(await this.#ask(() => this.#manager.streams.getMessage(this.#room.stream, { seq: number })));
  }

  async readFrom(number: number): Promise<StoredLine | null> {
    const next = { seq: number, next_by_subj: this.#room.line };
    return stored(await this.#ask(() => this.#manager.streams.getMessage(this.#room.stream, next)));
  }

  async look(): Promise<StoreState> {
    const { streams } = this.#manager;
    const info = await this.#ask(() => streams.info(this.#room.stream)).catch((error: unknown) => {
      if (codeOf(error) !== STREAM_NOT_FOUND) throw error;
      return this.#make();
    });
    const { config, created, state, cluster } = info;
    const problem = problemOf(config, this.#room.line);
    if (problem !== null) throw new Failure(Exit.failed, `Cannot use the stream ${config.name}: ${problem}`);
    // In a cluster the lines on their way when a leader fails may be lost one by one.
    this.window = cluster === undefined ? WINDOW : 1;
    return { identity: `${config.name} ${created}`, first: state.first_seq, last: state.last_seq };
  }

  watch(listener: (what: "line" | "gone" | "back") => void): () => void {
    const unwatch = this.#broker.watch((up) => listener(up ? "back" : "gone"));
    // Without permission to listen, lines are found by looking. The broker's warning says so.
    const subscription = this.#broker.nats.subscribe(this.#room.line, {
      callback: (error) => {
        if (error === null) listener("line");
      },
    });
    return () => {
      unwatch();
      subscription.unsubscribe();
    };
  }

  /** Makes the stream. Of several servers that try at once, all get the same one. */
  async #make(): Promise<StreamInfo> {
    const config = {
      name: this.#room.stream,
      subjects: [this.#room.line],
      max_msgs: KEPT_LINES,
      max_bytes: KEPT_BYTES,
      duplicate_window: nanos(DUPLICATES),
    };
    return await this.#ask(() => this.#manager.streams.add(config)).catch((error: unknown) => {
      const code = codeOf(error);
      if (code !== NAME_IN_USE && code !== SUBJECTS_OVERLAP) throw error;
      // Subjects overlap with those of another's stream, or of this one, made in the same instant.
      return this.#ask(() => this.#manager.streams.info(this.#room.stream)).catch((missing: unknown) => {
        throw codeOf(missing) === STREAM_NOT_FOUND ? error : missing;
      });
    });
  }

  /** Asks the broker; once it is gone, nobody waits for the answer. */
  #ask<T>(ask: () => Promise<T>): Promise<T> {
    return this.up ? this.#untilGone.wait(ask()) : Promise.reject(new Error(GONE));
  }
}

function stored(message: StoredMsg | null): StoredLine | null {
  if (message === null) return null;
  const { seq: number, data, timestamp } = message;
  return { number, id: message.header.get("Nats-Msg-Id"), data, at: Date.parse(timestamp) };
}

/** Why a stream that somebody else has made cannot serve; `null` if it can. */
function problemOf(config: Partial<StreamConfig>, subject: string): string | null {
  const advice = `; delete it (\`nats stream rm ${config.name}\`), and it is made anew`;
  if (config.subjects?.includes(subject) !== true) return `it does not keep ${subject}${advice}`;
  if (config.retention !== "limits") return `it forgets lines that were read (retention: ${config.retention})${advice}`;
  if (config.no_ack === true) return `it does not say what it has stored (no_ack)${advice}`;
  if (config.discard !== "old") return `it refuses new lines when it is full (discard: ${config.discard})${advice}`;
  return null;
}

function codeOf(error: unknown): number {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : 0;
}

/** The client library refuses what is longer than the broker's `max_payload`, the stream what is longer than its `max_msg_size`. */
function isTooLarge(error: unknown): boolean {
  return codeOf(error) === MESSAGE_TOO_LARGE || error instanceof Error && error.message.includes("max_payload");
}
