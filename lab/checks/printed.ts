/**
 * Helpers for checks of what the server prints, which is known only if it was started here.
 *
 * @module
 */
import type { Trial } from "./trial.ts";

/** How long it may take until what the server prints arrives (ms). */
const PRINTED = 1000;
/** How often to check (ms). */
const STEP = 20;

/** Returns what gives the server's output; skips the check if that is unknown. */
export function outputOf<D>(trial: Trial<D>): () => string {
  return trial.output ?? trial.skip("what the server prints is seen only if it is started here (--start 'COMMAND')");
}

/** Waits until the server has printed a match; skips the check if it does not, since no server has to print anything. */
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
 * Fails the check if the server prints an escape sequence unchanged.
 *
 * @param send Sends text to the server, and waits until the server has received it.
 */
export async function expectEscaped<D>(trial: Trial<D>, send: (text: string) => Promise<unknown>): Promise<void> {
  const output = outputOf(trial);
  const mark = `escape${Math.floor(trial.random() * 1e6)}`;
  await send(`${mark}-\x1b[31mred\x07-end`);
  const [printed] = await untilPrinted(trial, output, new RegExp(`${mark}-[^]{0,20}`));
  // deno-lint-ignore no-control-regex -- this is what the check looks for
  if (/[\x1b\x07]/.test(printed)) trial.fail("the escape sequence was printed as it came, and a terminal obeys it");
}
