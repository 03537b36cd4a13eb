/**
 * Capture files for the tests, written as `--capture` writes them.
 *
 * @module
 */
import { openCapture } from "../../../lib/wire/capture/capture.ts";
import type { WireEvent } from "../../../lib/wire/event.ts";

/** A capture in a temporary folder. */
export class CaptureOnDisk implements AsyncDisposable {
  private constructor(readonly folder: string, readonly path: string) {}

  static async write(events: readonly WireEvent[]): Promise<CaptureOnDisk> {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/capture.pcapng`;
    const onTrouble = (message: string): never => {
      throw new Error(message);
    };
    const writer = openCapture(path, { app: "test", onTrouble });
    for (const event of events) writer.event(event, []);
    await writer.end?.();
    return new CaptureOnDisk(folder, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
