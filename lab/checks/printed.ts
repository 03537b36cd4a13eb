/**
 * What a server prints, for the checks that look at it. Only of one that was started here is it known.
 *
 * @module
 */
import type { Trial } from "./trial.ts";

/** How long a server's own words may take to be seen (ms). */
const PRINTED = 1000;
/** How often to look (ms). */
const STEP = 20;

/** What the server has printed; skips the check where that is not seen. */
export function outputOf<D>(trial: Trial<D>): () => string {
  return trial.output ?? trial.skip("what the server prints is seen only if it is started here (--start 'COMMAND')");
}

/** Waits until the server has printed this; skips the check if it does not, for it need not print anything. */
export async function untilPrinted<D>(
  trial: Trial<D>,
  output: () => string,
  pattern: RegExp,
): Promise<RegExpExecArray> {
  for (let waited = 0; waited < PRINTED; waited += STEP) {
    const found = pattern.exec(output());
    if (found !== null) return found;
    await trial.pause(STEP);
  }
  return trial.skip("the server does not print what it received");
}

/**
 * Ends the check if the server prints an escape sequence as it came.
 *
 * @param send Sends it a text, and waits until it was taken.
 */
export async function expectEscaped<D>(trial: Trial<D>, send: (text: string) => Promise<unknown>): Promise<void> {
  const output = outputOf(trial);
  const mark = `escape${Math.floor(trial.random() * 1e6)}`;
  await send(`${mark}-\x1b[31mred\x07-end`);
  const [printed] = await untilPrinted(trial, output, new RegExp(`${mark}-[^]{0,20}`));
  // deno-lint-ignore no-control-regex -- they are what is looked for
  if (/[\x1b\x07]/.test(printed)) trial.fail("the escape sequence was printed as it came, and a terminal obeys it");
}
