/**
 * Aligned columns. Pure.
 *
 * @module
 */
import { textWidth } from "./width.ts";

/**
 * Formats rows as aligned columns, two spaces apart.
 *
 * @param rows The first may hold the headings.
 * @param options How many columns at the left are flush left; the others, figures, are flush right. Default: all of them.
 *
 * @example Usage
 * ```ts
 * import { table } from "./table.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(table([["NAME", "BYTES"], ["alice", "7"]], { left: 1 }), ["NAME   BYTES", "alice      7"]);
 * ```
 */
export function table(rows: readonly (readonly string[])[], { left = Infinity }: { left?: number } = {}): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => textWidth(row[column] ?? ""))));
  const pad = (cell: string, column: number): string => {
    const space = " ".repeat(Math.max(0, (widths[column] ?? 0) - textWidth(cell)));
    return column < left ? cell + space : space + cell;
  };
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}
