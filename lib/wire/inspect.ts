// Stub: the real one is on branch inspect; on a conflict take the branch's file.
import type { WireReader } from "./event.ts";
export function openInspect(_p: number, _o: unknown): Promise<WireReader & { readonly url: string }> {
  return Promise.resolve({ event() {}, url: "" });
}
