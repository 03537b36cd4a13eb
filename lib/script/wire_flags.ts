/**
 * The flags that show the wire.
 *
 * @module
 */
import { isAddress } from "../addr.ts";
import { UsageError } from "../errors.ts";
import { flag } from "./flag_kinds.ts";
import { type Flag, type FlagValues, grouped } from "./flags.ts";

/** The smallest file of a rotated capture (bytes): below that, most of it would be headers. */
const SMALLEST = 10_000;

const traceFile = flag.path(
  "dump every byte with time, direction and peer: a block per read or write; without FILE, beside the log",
  { default: undefined },
);

/** A file, but not what is more likely the address to connect to: `--trace 127.0.0.1 9000`. */
const trace: Flag<string | undefined> = {
  ...traceFile,
  read: (texts) => {
    const [text = ""] = texts;
    if (isAddress(text) || /^\S*:\d+$|^\d+$/.test(text)) {
      throw new UsageError(`Cannot use ${JSON.stringify(text)}: it reads like an address; put it before the flag`);
    }
    return traceFile.read(texts);
  },
};

/** The flags of every script that opens a socket. */
export const wireFlags = grouped("Showing the wire", {
  explain: flag.on("tell in plain words what each call on a socket does, and name the classic mistakes"),
  trace: flag.optional(trace, "" as const),
  capture: flag.path("write what passes as packets that Wireshark opens (pcapng); TLS as plain text", {
    default: undefined,
  }),
  captureMax: flag.size("the most that a file of --capture holds, such as 10M; then FILE.1 and FILE take turns", {
    default: undefined,
    min: SMALLEST,
  }),
  diagram: flag.path("draw the exchange as a sequence diagram, .svg or .html, when the run ends", {
    default: undefined,
  }),
  inspect: flag.optional(
    flag.port("show the wire live in a browser on this machine, at this port or any free one", {
      default: undefined,
      zero: true,
    }),
    0 as const,
  ),
});

/** Their table. */
export type WireFlags = typeof wireFlags;

/** Their values. */
export type WireFlagValues = FlagValues<WireFlags>;
