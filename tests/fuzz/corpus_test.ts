/** What failed once does not fail again: the corpus, the targets' own seeds, and a few inputs made by chance. */
import { assert, assertEquals } from "@std/assert";
import { corpora, corpusOf } from "./engine/corpus.ts";
import { hunt } from "./engine/hunt.ts";
import { excerpt } from "./engine/bytes.ts";
import { TARGETS } from "./targets.ts";

for (const target of TARGETS) {
  Deno.test(`${target.name}: what failed once holds now`, async () => {
    const kept = await corpusOf(target.name);
    for (const { name, input } of kept) {
      const { finding } = await hunt({ ...target, seeds: [], edges: [] }, { seed: 0, bytes: 0, corpus: [input] });
      assertEquals(finding?.message, undefined, name);
    }
    const { finding } = await hunt(target, { seed: 1, bytes: 3000 });
    assertEquals(finding?.message, undefined, finding === null ? "" : excerpt(finding.input));
  });
}

Deno.test("every folder of the corpus belongs to a target, and its files are short", async () => {
  const names = TARGETS.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (const name of await corpora()) {
    assert(names.includes(name), name);
    for (const { input, name: file } of await corpusOf(name)) assert(input.length <= 4096, `${name}/${file}`);
  }
});
