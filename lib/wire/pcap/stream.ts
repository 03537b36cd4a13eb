/**
 * One direction of a TCP connection, put in order (RFC 9293 3.4). Pure.
 *
 * @module
 */

/** A segment's place in the stream, and what it carries. */
export interface Segment {
  readonly at: number;
  /** The sequence number of its first byte. */
  readonly seq: number;
  /** What was captured of its bytes. */
  readonly payload: Uint8Array;
  /** How many bytes it has, also where fewer were captured. */
  readonly length: number;
  readonly flags: number;
  /** Whether it ends the stream. */
  readonly fin: boolean;
  readonly comments: readonly string[];
}

/** What a segment adds to the stream, in order. */
export interface Delivered {
  /** The segment; its time is when the capture had all that comes before it. */
  readonly segment: Segment;
  readonly at: number;
  /** Its bytes that had not been there before. */
  readonly bytes: Uint8Array;
  /** How many bytes before these, and among them at their end, the capture lacks. */
  readonly missing: number;
  /** Whether the stream ends here. */
  readonly fin: boolean;
}

/** What all streams together may still keep of what cannot be told yet, in bytes: segments ahead of their turn, and unfinished calls. */
export interface Budget {
  left: number;
}

/** What one stream keeps at most: segments. */
const MOST_SEGMENTS = 1024;
/** What a segment takes besides its payload, in bytes. */
const OVERHEAD = 200;

/** How far a sequence number is ahead of another; they wrap at 2^32. */
function ahead(seq: number, of: number): number {
  return (seq - of) | 0;
}

/**
 * Puts segments in order: repeated bytes are dropped, and what comes too early is kept. Bytes that the receiver has acknowledged while
 * the capture lacks them will not come any more; the stream goes on after them.
 */
export class Stream {
  #budget: Budget;
  /** The next byte; `null` until the stream begins. */
  #next: number | null = null;
  /** Segments that are ahead of their turn, in order. */
  #early: Segment[] = [];
  /** Whether it has ended. */
  ended = false;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Whether it has begun. */
  get begun(): boolean {
    return this.#next !== null;
  }

  /** Begins with the byte of this sequence number. */
  begin(seq: number): void {
    this.#next = seq >>> 0;
  }

  /** Takes a segment with bytes, or with the end. */
  arrive(segment: Segment): Delivered[] {
    this.#next ??= segment.seq;
    if (this.ended) return [];
    if (ahead(segment.seq, this.#next) > 0) {
      this.#keep(segment);
      return this.#budget.left < 0 || this.#early.length > MOST_SEGMENTS ? this.#skip(segment.at) : [];
    }
    const delivered = [...this.#deliver(segment, segment.at, 0)];
    return this.#early.length === 0 ? delivered : [...delivered, ...this.#catchUp(segment.at)];
  }

  /** The receiver has acknowledged everything before `ack`. */
  acknowledged(ack: number, at: number): Delivered[] {
    const [first] = this.#early;
    return first !== undefined && ahead(ack, first.seq) >= 0 ? this.#skip(at) : [];
  }

  /** Delivers what is kept: nothing more will come. */
  flush(at: number): Delivered[] {
    const delivered: Delivered[] = [];
    while (this.#early.length > 0) delivered.push(...this.#skip(at));
    return delivered;
  }

  /** Goes on after a gap. */
  #skip(at: number): Delivered[] {
    const first = this.#early.shift();
    if (first === undefined) return [];
    this.#budget.left += first.payload.length + OVERHEAD;
    const missing = Math.max(0, ahead(first.seq, this.#next ?? first.seq));
    this.#next = missing > 0 ? first.seq : this.#next;
    return [...this.#deliver(first, at, missing), ...this.#catchUp(at)];
  }

  /** Delivers kept segments whose turn has come. */
  #catchUp(at: number): Delivered[] {
    const delivered: Delivered[] = [];
    let count = 0;
    for (const segment of this.#early) {
      if (ahead(segment.seq, this.#next ?? 0) > 0) break;
      count++;
      this.#budget.left += segment.payload.length + OVERHEAD;
      delivered.push(...this.#deliver(segment, at, 0));
    }
    this.#early.splice(0, count);
    return delivered;
  }

  /** Delivers what is new in a segment that is not ahead. */
  #deliver(segment: Segment, at: number, gap: number): Delivered[] {
    if (this.ended) return [];
    const known = -ahead(segment.seq, this.#next ?? 0);
    const fresh = segment.length - known;
    if (fresh < 0 || (fresh === 0 && !segment.fin)) return [];
    this.#next = (segment.seq + segment.length) >>> 0;
    if (segment.fin) this.ended = true;
    const bytes = segment.payload.subarray(Math.min(known, segment.payload.length));
    return [{ segment, at, bytes, missing: gap + fresh - bytes.length, fin: segment.fin }];
  }

  #keep(segment: Segment): void {
    let at = this.#early.length;
    while (at > 0 && ahead(segment.seq, this.#early[at - 1]?.seq ?? 0) < 0) at--;
    // A view would keep the whole chunk in memory.
    this.#early.splice(at, 0, { ...segment, payload: segment.payload.slice() });
    this.#budget.left -= segment.payload.length + OVERHEAD;
  }
}
