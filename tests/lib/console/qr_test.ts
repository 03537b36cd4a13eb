import { assert, assertEquals } from "@std/assert";
import { codeFits, paintRow, qrRows } from "../../../lib/console/qr.ts";

const permissions = "none";

Deno.test("qrRows() draws a code with four light modules around it", { permissions }, async () => {
  for (const text of ["http://10.0.0.2:8080/", "https://[2001:db8:1234:5678:9abc:def0:1234:5678]:23456/"]) {
    const rows = await qrRows(text);
    const width = rows[0]?.length ?? 0;
    // An odd number of modules: the lower half of the last row is light.
    assertEquals(rows.length, (width + 1) / 2);
    for (const row of rows) {
      assertEquals(row.length, width);
      assert(/^ {4}[ ▀▄█]+ {4}$/.test(row), row);
    }
    for (const light of [0, 1, -2, -1]) assertEquals(rows.at(light)?.trim(), "");
    // The finder pattern of the corner at the top left (ISO/IEC 18004 5.3.2.1).
    assertEquals(rows.slice(2, 6).map((row) => row.slice(4, 11)), ["█▀▀▀▀▀█", "█ ███ █", "█ ▀▀▀ █", "▀▀▀▀▀▀▀"]);
  }
});

Deno.test("paintRow() gives a row its own two colours, and takes them back", { permissions }, () => {
  assertEquals(paintRow(" ▀▄█"), "\x1b[30;107m ▀▄█\x1b[0m");
});

Deno.test("codeFits() leaves room for the text above and three rows below", { permissions }, () => {
  const rows = Array(17).fill(" ".repeat(33));
  const fits = (text: string, columns: number, height: number): boolean =>
    codeFits(rows, text, { columns, rows: height });
  assertEquals([fits("one\ntwo", 33, 22), fits("one\ntwo", 33, 21), fits("one\ntwo", 32, 22)], [true, false, false]);
  const broken = `${"x".repeat(30)} ${"y".repeat(30)}`;
  assertEquals([fits(broken, 80, 21), fits(broken, 33, 21), fits(broken, 33, 22)], [true, false, true]);
  assertEquals(fits("one", 0, 0), false, "not a terminal");
});
