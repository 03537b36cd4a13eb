/**
 * Captures as Wireshark's programs read them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { peer } from "./support.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
let files = 0;

/** A new path for a capture, removed when the tests are over. */
export function capturePath(name = "pcapng"): string {
  return `${folder}/${++files}.${name}`;
}

/** Writes a capture to a file. */
export async function captureFile(bytes: Uint8Array): Promise<string> {
  const path = capturePath();
  await Deno.writeFile(path, bytes);
  return path;
}

/** What tshark makes of a capture. */
export interface Study {
  /** What it finds wrong: bad checksums, lost or repeated segments, malformed packets. Resets that happened are not. */
  readonly complaints: readonly string[];
  /** The fields that were asked for: a row a packet. */
  readonly rows: readonly string[];
  /** What each side of a TCP stream sent, in hex; the first is the side that spoke first. */
  readonly streams: readonly (readonly [string, string])[];
}

/** What tshark notes of captures that have nothing wrong. */
const HARMLESS =
  /Connection reset|(initiates|undergoes) the connection closing|new tcp session is started with the same ports/;

/** Lets tshark study a capture, with checks of every checksum, in one run: each takes a second. */
export async function study(
  path: string,
  { filter = "frame", fields = ["frame.number"], streams = [] }: {
    filter?: string;
    fields?: readonly string[];
    streams?: readonly number[];
  } = {},
): Promise<Study> {
  const args = [
    ...["-n", "-r", path, "-Y", filter, "-T", "fields", ...fields.flatMap((name) => ["-e", name])],
    ...["ip", "tcp", "udp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]),
    ...["expert,note", ...streams.map((stream) => `follow,tcp,raw,${stream}`)].flatMap((tap) => ["-z", tap]),
  ];
  const { code, stdout, stderr } = await peer("tshark", args);
  assertEquals({ code, stderr: stderr.replace(/^Running as user .*\n/m, "") }, { code: 0, stderr: "" });
  const at = stdout.search(/^(={10,}|\n(Errors|Warns|Notes) \()/m);
  const rows = stdout.slice(0, at < 0 ? stdout.length : at).split("\n").filter((row) => row !== "");
  const found = [...stdout.matchAll(/^ +\d+ +\w+ +\S+ {2}(.+)$/gm)].map(([line]) => line.trim());
  const followed = [...stdout.matchAll(/^Filter: tcp\.stream eq (\d+)\n.*\n.*\n((?:\t?[\da-f]+\n)*)/gm)]
    .sort(([, one], [, other]) => streams.indexOf(Number(one)) - streams.indexOf(Number(other)));
  return {
    complaints: found.filter((line) => !HARMLESS.test(line)),
    rows,
    streams: followed.map(([, , lines = ""]) => sidesOf(lines.split("\n"))),
  };
}

/** The lines of one side begin with a tab. */
function sidesOf(lines: readonly string[]): [string, string] {
  const side = (tab: boolean): string =>
    lines.filter((line) => line.startsWith("\t") === tab).map((line) => line.trim()).join("");
  return [side(false), side(true)];
}
