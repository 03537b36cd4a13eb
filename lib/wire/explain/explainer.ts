// Stub: the real one is on a branch; on a conflict take the branch's file.
import type { Remark } from "../event.ts";
export class Explainer {
  constructor(_: unknown) {}
  explain(_: unknown): readonly Remark[] {
    return [];
  }
  silence(_: number): readonly Remark[] {
    return [];
  }
}
