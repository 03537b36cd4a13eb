/**
 * How long an answer is, so that servers are compared that send as many bytes.
 *
 * @module
 */
import { Exit, Failure } from "../lib/errors.ts";
import type { Target } from "./server.ts";

/**
 * Asks once, as wrk does, and counts the bytes of the answer, its head included.
 *
 * @throws {Failure} It has no length, or ends before.
 */
export async function answerBytes({ ports: [port = 0] }: Target, path: string): Promise<number> {
  using socket = await Deno.connect({ hostname: "127.0.0.1", port });
  await socket.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`));
  const buffer = new Uint8Array(64 * 1024);
  let [text, bytes] = ["", 0];
  for (let count; (count = await socket.read(buffer)) !== null;) {
    bytes += count;
    if (!text.includes("\r\n\r\n")) text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
    const head = text.indexOf("\r\n\r\n");
    const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2))?.[1];
    if (head >= 0 && length === undefined) break;
    if (head >= 0 && bytes >= head + 4 + Number(length)) return bytes;
  }
  throw new Failure(Exit.protocol, `Cannot tell how long the answer to ${path} is: it has no length, or is cut off`);
}
