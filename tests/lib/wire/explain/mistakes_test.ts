/** The table of the mistakes, in the code and for readers. */
import { assert, assertEquals } from "@std/assert";
import { MISTAKES } from "../../../../lib/wire/explain/mistakes.ts";
import { sourceFiles, sourceOf } from "../../../support/modules.ts";

/** The rows of the readers' table, each as its cells. */
async function rows(): Promise<string[][]> {
  const text = await sourceOf("lib/wire/explain/MISTAKES.md");
  return text.split("\n").filter((line) => /^\| \d/.test(line)).map((line) =>
    line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replaceAll("\\|", "|"))
  );
}

Deno.test("MISTAKES.md and mistakes.ts agree", async () => {
  const table = (await rows()).map(([number, name, noticed, , remedy]) => ({
    number: Number(number),
    name,
    noticed,
    remedy,
  }));
  assertEquals(table, MISTAKES.map(({ number, name, noticed, remedy }) => ({ number, name, noticed, remedy })));
});

Deno.test("the mistakes are numbered from 1 to 20, and each row says how to commit one", async () => {
  assertEquals(MISTAKES.map(({ number }) => number), Array.from({ length: 20 }, (_, index) => index + 1));
  for (const [number, , , how = ""] of await rows()) assert(how.length > 20, number);
});

Deno.test("the files that the remedies name exist", async () => {
  const files = new Set(await sourceFiles("lib", "tcp", "udp", "http", "chat", "sum"));
  for (const { number, remedy } of MISTAKES) {
    for (const [path] of remedy.matchAll(/\w+\/[\w/]+\.ts/g)) assert(files.has(path), `${number}: ${path}`);
  }
});

Deno.test("every mistake is committed in a test with real sockets", async () => {
  const text = await sourceOf("tests/lib/wire/explain/committed_stream_test.ts") +
    await sourceOf("tests/lib/wire/explain/committed_datagram_test.ts");
  const titles = [...text.matchAll(/Deno\.test\(\s*"((?:\d+(?: and )?)+):/g)].flatMap(([, numbers = ""]) =>
    numbers.split(" and ")
  );
  assertEquals(new Set(titles.map(Number)), new Set(MISTAKES.map(({ number }) => number)));
});
