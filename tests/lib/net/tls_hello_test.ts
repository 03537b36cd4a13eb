import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../../../lib/errors.ts";
import { TlsHelloDetector } from "../../../lib/net/tls_hello.ts";
import { streamSocket } from "../../../lib/net/socket.ts";
import { everyWay, sourceOf } from "../../support/chunks.ts";

const permissions = "none";
const addr: Deno.NetAddr = { transport: "tcp", hostname: "192.0.2.1", port: 1 };

async function received(pieces: readonly Uint8Array[]): Promise<number[]> {
  const raw = {
    localAddr: addr,
    remoteAddr: addr,
    ...sourceOf(pieces),
    write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
  const socket = new TlsHelloDetector(streamSocket(raw, 1));
  const [bytes, buffer]: [number[], Uint8Array] = [[], new Uint8Array(16)];
  for (let count; (count = await socket.read(buffer)) !== null;) bytes.push(...buffer.subarray(0, count));
  return bytes;
}

Deno.test(
  "a ClientHello is detected by its first two bytes, however they are split (T3)",
  { permissions },
  async () => {
    for (const { pieces } of everyWay(Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00))) {
      await assertRejects(
        () => received(pieces),
        ProtocolError,
        "this port does not speak TLS; start the",
      );
    }
  },
);

Deno.test("anything else passes unchanged", { permissions }, async () => {
  for (const bytes of [[0x16], [0x16, 0x02, 3], [0x03, 0x16, 0x03], [0x41, 0x16, 0x03], []]) {
    for (const { pieces } of everyWay(Uint8Array.from(bytes))) assertEquals(await received(pieces), bytes);
  }
});
