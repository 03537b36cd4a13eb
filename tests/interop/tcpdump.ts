/**
 * Captures that tcpdump makes.
 *
 * @module
 */
import { needs } from "../support/script.ts";
import { launch, needsPrograms } from "./support.ts";

/** Options of a test in which tcpdump captures, which needs a right that not everybody has. */
export async function needsCapturing(...programs: string[]): Promise<{ readonly ignore: boolean }> {
  const needed = await needsPrograms("tcpdump", ...programs);
  return needed.ignore ? needed : needs(await mayCapture(), "the right to capture on loopback (tcpdump)");
}

async function mayCapture(): Promise<boolean> {
  await using dump = launch("tcpdump", ["-i", "lo", "-w", "/dev/null", "port 9"]);
  return await dump.until(/listening on lo/, "stderr").then(() => true, () => false);
}

/**
 * Captures the packets of a port, and ICMP's, while some work is done.
 *
 * @param options The interface, and what tcpdump prints when it has seen everything.
 */
export async function captured(
  port: number,
  path: string,
  { on = "lo", last }: { on?: string; last: RegExp },
  work: () => Promise<unknown>,
): Promise<void> {
  // A large buffer (KiB), so that a busy machine drops no packet.
  const flags = ["-n", "-i", on, "-B", "16384", "--immediate-mode", "-l", "--print", "-w", path];
  await using dump = launch("tcpdump", [...flags, `port ${port}`]);
  await dump.until(/listening on/, "stderr");
  await work();
  await dump.until(last);
  await dump.stop();
}

/** Both FINs and the last acknowledgement. */
export const CLOSED = /Flags \[F\.?\][^]*Flags \[F\.?\][^]*Flags \[\.\]/;
