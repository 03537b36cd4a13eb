/**
 * A second opinion on requests: llhttp, Node's parser, as undici ships it (WebAssembly).
 *
 * @module
 */
import wasm from "undici/llhttp";
import { concat, fromLatin1 } from "../engine/bytes.ts";

/** A request as llhttp saw it. */
export interface SeenRequest {
  method: string;
  target: string;
  minor: number;
  major: number;
  /** Names and values without the white space around them; the trailers too. */
  readonly fields: [name: string, value: string][];
  readonly trailers: [name: string, value: string][];
  /** The fields with that white space. */
  readonly raw: readonly [name: string, value: string][];
  body: Uint8Array;
  /** Whether all of it has arrived. */
  complete: boolean;
  keepAlive: boolean;
  /** Where it ends in the input. */
  end: number;
}

/** What llhttp made of some bytes. */
export interface Seen {
  readonly requests: SeenRequest[];
  /** How it ended: it wants more, it refuses the rest, or the rest is another protocol's. */
  readonly ending: "more" | "refused" | "upgrade";
  /** Why it refuses: `HPE_INVALID_URL: Unexpected char in url fragment start`. */
  readonly why: string;
}

const REQUEST = 1;
const [OK, PAUSED, PAUSED_UPGRADE] = [0, 21, 22];

interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(size: number): number;
  free(at: number): void;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, at: number, length: number): number;
  llhttp_resume(parser: number): void;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_error_reason(parser: number): number;
  llhttp_errno_name(code: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_method_name(method: number): number;
  llhttp_get_http_minor(parser: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_should_keep_alive(parser: number): number;
}

/** The run in progress: parsers are used one at a time. */
let run: Run;

const take = (what: "target" | "name" | "value" | "body") => (_: number, at: number, length: number): number => {
  run.take(what, at, length);
  return OK;
};

const exports = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
  env: {
    wasm_on_message_begin: () => OK,
    wasm_on_url: take("target"),
    wasm_on_status: () => OK,
    wasm_on_header_field: take("name"),
    wasm_on_header_value: take("value"),
    wasm_on_headers_complete: () => {
      run.headComplete();
      return OK;
    },
    wasm_on_body: take("body"),
    // A pause tells where the message ends.
    wasm_on_message_complete: () => {
      run.complete();
      return PAUSED;
    },
  },
}).exports as unknown as Exports;
exports._initialize();

/** Bytes of the input; grown once if needed. */
let buffer = { at: exports.malloc(1 << 17), size: 1 << 17 };

function textAt(at: number): string {
  const bytes = new Uint8Array(exports.memory.buffer, at);
  return fromLatin1(bytes.subarray(0, bytes.indexOf(0)));
}

/** The methods that llhttp knows. */
export const METHODS: readonly string[] = Array.from({ length: 47 }, (_, n) => textAt(exports.llhttp_method_name(n)));

/** Collects what one parser tells. */
class Run {
  readonly requests: SeenRequest[] = [];
  #parser: number;
  #target = "";
  #pairs: [string, string][] = [];
  #inValue = true;
  #body: Uint8Array[] = [];
  #head: SeenRequest | null = null;

  constructor(parser: number) {
    this.#parser = parser;
  }

  take(what: "target" | "name" | "value" | "body", at: number, length: number): void {
    const bytes = new Uint8Array(exports.memory.buffer, at, length);
    if (what === "body") {
      this.#body.push(bytes.slice());
      return;
    }
    const text = fromLatin1(bytes);
    if (what === "target") this.#target += text;
    else if (what === "name") {
      if (this.#inValue) this.#pairs.push(["", ""]);
      this.#inValue = false;
      (this.#pairs.at(-1) as [string, string])[0] += text;
    } else {
      this.#inValue = true;
      (this.#pairs.at(-1) as [string, string])[1] += text;
    }
  }

  headComplete(): void {
    this.#head = {
      method: textAt(exports.llhttp_method_name(exports.llhttp_get_method(this.#parser))),
      target: this.#target,
      minor: exports.llhttp_get_http_minor(this.#parser),
      major: exports.llhttp_get_http_major(this.#parser),
      raw: this.#pairs,
      fields: this.#takePairs(),
      trailers: [],
      body: new Uint8Array(),
      complete: false,
      keepAlive: false,
      end: -1,
    };
    this.requests.push(this.#head);
    this.#target = "";
  }

  complete(): void {
    const head = this.#head as SeenRequest;
    head.trailers.push(...this.#takePairs());
    head.body = concat(this.#body);
    head.complete = true;
    head.keepAlive = exports.llhttp_should_keep_alive(this.#parser) === 1;
    this.#body = [];
  }

  #takePairs(): [string, string][] {
    const pairs = this.#pairs.map(([name, value]): [string, string] => [name, value.replace(/^[ \t]+|[ \t]+$/g, "")]);
    this.#pairs = [];
    this.#inValue = true;
    return pairs;
  }
}

/** Parses requests, one after another, as a server does that keeps the connection open. */
export function llhttp(input: Uint8Array): Seen {
  if (input.length > buffer.size) {
    exports.free(buffer.at);
    buffer = { at: exports.malloc(input.length), size: input.length };
  }
  new Uint8Array(exports.memory.buffer).set(input, buffer.at);
  const parser = exports.llhttp_alloc(REQUEST);
  run = new Run(parser);
  const { requests } = run;
  try {
    for (let at = 0;;) {
      const code = exports.llhttp_execute(parser, buffer.at + at, input.length - at);
      if (code === OK) return { requests, ending: "more", why: "" };
      const stopped = exports.llhttp_get_error_pos(parser) - buffer.at;
      if (code === PAUSED || code === PAUSED_UPGRADE) {
        const last = requests.at(-1);
        if (last !== undefined && last.complete && last.end < 0) last.end = stopped;
        if (code === PAUSED_UPGRADE) return { requests, ending: "upgrade", why: "" };
        exports.llhttp_resume(parser);
        at = stopped;
        if (at >= input.length) return { requests, ending: "more", why: "" };
        continue;
      }
      const reason = exports.llhttp_get_error_reason(parser);
      const why = `${textAt(exports.llhttp_errno_name(code))}: ${reason === 0 ? "" : textAt(reason)}`;
      return { requests, ending: "refused", why };
    }
  } finally {
    exports.llhttp_free(parser);
  }
}
