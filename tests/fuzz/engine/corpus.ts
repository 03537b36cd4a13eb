/**
 * Inputs that failed once. They are checked first, and by the tests.
 *
 * @module
 */
const CORPUS = new URL("../corpus/", import.meta.url);

/** An input and its file's name, which says what it is. */
export interface Kept {
  readonly name: string;
  readonly input: Uint8Array;
}

/** The kept inputs of a target, by name. */
export async function corpusOf(target: string): Promise<Kept[]> {
  const kept: Kept[] = [];
  const folder = new URL(`${target}/`, CORPUS);
  try {
    for await (const { name } of Deno.readDir(folder)) {
      kept.push({ name, input: await Deno.readFile(new URL(name, folder)) });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return kept.sort((one, other) => one.name < other.name ? -1 : 1);
}

/** The folders of the corpus. */
export async function corpora(): Promise<string[]> {
  const names = [];
  for await (const { name, isDirectory } of Deno.readDir(CORPUS)) if (isDirectory) names.push(name);
  return names.sort();
}
