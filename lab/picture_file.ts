/**
 * The file of a picture that is drawn at the end of a run.
 *
 * @module
 */
import { encodeText } from "../lib/text.ts";
import { writeFailure } from "../lib/wire/file_output.ts";

/** An open file, not changed yet. */
export interface PictureFile extends Disposable {
  /**
   * Replaces its contents.
   *
   * @throws {Failure} It cannot be written.
   */
  write(picture: string): void;
}

/**
 * Opens the file right away, so that a bad path ends the run at its start. An existing picture stays until the new one is drawn.
 *
 * @throws {Failure} It cannot be opened for writing.
 */
export function openPicture(path: string): PictureFile {
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw writeFailure(path, error);
    }
  };
  const file = attempt(() => Deno.openSync(path, { write: true, create: true }));
  return {
    write: (picture) =>
      attempt(() => {
        const bytes = encodeText(picture);
        let done = 0;
        while (done < bytes.length) done += file.writeSync(bytes.subarray(done));
        try {
          file.truncateSync(bytes.length);
        } catch {
          // Pipes and devices cannot be truncated, and need not be.
        }
      }),
    [Symbol.dispose]: () => file.close(),
  };
}
