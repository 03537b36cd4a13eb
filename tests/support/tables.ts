/**
 * Tables in Markdown.
 *
 * @module
 */

/** The rows of the tables that have a column with this title: their cells, trimmed. */
export function rowsOf(page: string, title: string): string[][] {
  const rows: string[][] = [];
  let inside = false;
  for (const line of page.split("\n")) {
    if (!line.startsWith("|")) inside = false;
    // A bar within a cell is escaped.
    const cells = line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
    if (inside && !/^-+$/.test(cells[0] ?? "")) rows.push(cells);
    if (cells.includes(title)) inside = true;
  }
  return rows;
}
