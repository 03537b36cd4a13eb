/** Captures, as Wireshark's programs read them. */
import { assertEquals } from "@std/assert";
import { encodeCapture } from "../../lib/wire/capture/encoder.ts";
import { bytesOf, type Data, Wire } from "../support/wire_events.ts";
import { needsPrograms, peer } from "./support.ts";

const tshark = await needsPrograms("tshark");

/** Runs tshark on a capture, with checks of every checksum. */
async function dissect(file: Uint8Array, ...args: string[]): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".pcapng" });
  try {
    await Deno.writeFile(path, file);
    const checks = ["ip", "tcp", "udp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]);
    const { code, stdout, stderr } = await peer("tshark", ["-r", path, ...checks, ...args]);
    assertEquals({ code, stderr: stderr.replace(/^Running as user .*\n/m, "") }, { code: 0, stderr: "" });
    return stdout;
  } finally {
    await Deno.remove(path);
  }
}

/** What tshark warns of, without the resets that happened. */
async function complaints(file: Uint8Array): Promise<string[]> {
  const out = await dissect(file, "-q", "-z", "expert,warn");
  return out.split("\n").filter((line) => /^ +\d/.test(line) && !line.endsWith("Connection reset (RST)"));
}

/** The bytes of a TCP stream that each side sent, in hex, as `tshark -z follow` finds them. */
async function follow(file: Uint8Array, stream = 0): Promise<{ first: string; second: string }> {
  const out = await dissect(file, "-q", "-z", `follow,tcp,raw,${stream}`);
  const lines = out.split("\n").filter((line) => /^\t?[\da-f]+$/.test(line));
  const side = (tab: boolean): string =>
    lines.filter((line) => line.startsWith("\t") === tab).map((line) => line.trim()).join("");
  return { first: side(false), second: side(true) };
}

const hex = (data: Data): string => bytesOf(data).toHex();

const conversation = (): Wire =>
  new Wire().call(1, "connect").write(1, "Hello from client!\n").call(1, "read", "Hello from server!\n").finish(1);

Deno.test("tshark follows a stream and finds nothing wrong with it", tshark, async () => {
  const file = encodeCapture(conversation().events, { app: "tcp:client", pid: 42 });
  assertEquals(await follow(file), { first: hex("Hello from client!\n"), second: hex("Hello from server!\n") });
  assertEquals(await complaints(file), []);
});
