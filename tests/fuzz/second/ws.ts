/**
 * A second opinion on WebSocket frames: `ws`, the library that most servers in Node use.
 *
 * @module
 */
import { Receiver } from "ws";

/** A message or control frame as `ws` saw it. */
export type SeenMessage =
  | { readonly kind: "text" | "binary" | "ping" | "pong"; readonly bytes: Uint8Array }
  | { readonly kind: "close"; readonly code: number; readonly reason: Uint8Array };

/** What `ws` made of some bytes. */
export interface SeenFrames {
  readonly messages: readonly SeenMessage[];
  /** The close code of the error; 0 = none. */
  readonly code: number;
  readonly why: string;
}

/** Reads frames from a client, or from a server. */
export async function readFrames(
  input: Uint8Array,
  { from, max }: { from: "client" | "server"; max: number },
): Promise<SeenFrames> {
  const receiver = new Receiver({ isServer: from === "client", maxPayload: max });
  const messages: SeenMessage[] = [];
  receiver.on("message", (data: Uint8Array, isBinary: boolean) => {
    messages.push({ kind: isBinary ? "binary" : "text", bytes: Uint8Array.from(data) });
  });
  receiver.on("conclude", (code: number, reason: Uint8Array) => {
    messages.push({ kind: "close", code, reason: Uint8Array.from(reason) });
  });
  receiver.on("ping", (data: Uint8Array) => messages.push({ kind: "ping", bytes: Uint8Array.from(data) }));
  receiver.on("pong", (data: Uint8Array) => messages.push({ kind: "pong", bytes: Uint8Array.from(data) }));
  const { promise, resolve } = Promise.withResolvers<Error | null>();
  receiver.on("error", resolve);
  // A copy: it unmasks in place.
  receiver.write(input.slice(), (error?: Error | null) => resolve(error ?? null));
  const error = await promise;
  receiver.destroy();
  if (error === null) return { messages, code: 0, why: "" };
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === "status-code");
  const code = symbol === undefined ? 1002 : (error as unknown as Record<symbol, number>)[symbol] ?? 1002;
  return { messages, code, why: error.message };
}
