/**
 * What a terminal shows, as a picture: its cells with their colours. Text is left out, except for blocks.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { delay } from "@std/async/delay";
import { stripVTControlCharacters } from "node:util";

/** A terminal in which a program runs. Disposing of it ends both. */
export class Screen implements AsyncDisposable {
  #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a program in a terminal of 80 columns, by means of tmux. */
  static async open(
    command: readonly string[],
    { rows, env, cwd }: { rows: number; env: Record<string, string>; cwd: URL },
  ): Promise<Screen> {
    const screen = new Screen(await Deno.makeTempDir());
    const line = command.map((word) => `'${word}'`).join(" ");
    await screen.#tmux(["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", String(rows), line], { env, cwd });
    return screen;
  }

  /** Waits until what is shown matches, for at most 10 s; returns its rows, with their colours as escape sequences. */
  async until(pattern: RegExp): Promise<string[]> {
    for (const end = performance.now() + 10_000;;) {
      // -e keeps the colours, -N the spaces at the end of a row, which have some too.
      const shown = await this.#tmux(["capture-pane", "-p", "-e", "-N"]);
      if (pattern.test(stripVTControlCharacters(shown))) return shown.trimEnd().split("\n");
      if (performance.now() > end) throw new Error(`No ${pattern} on the terminal:\n${shown}`);
      await delay(20);
    }
  }

  async #tmux(args: readonly string[], options: Pick<Deno.CommandOptions, "env" | "cwd"> = {}): Promise<string> {
    const command = new Deno.Command("tmux", { args: ["-S", `${this.#folder}/socket`, ...args], ...options });
    const { success, stdout, stderr } = await command.output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The program may have ended by itself, and tmux with it.
    await this.#tmux(["kill-server"]).catch(() => {});
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** The brightness of a terminal's colours, 0 to 255. */
export interface Theme {
  /** Of text and of the background without a colour of their own. */
  readonly text: number;
  readonly background: number;
  /** By the number in SGR: 30 is black text, 107 a bright white background. */
  readonly colours: Readonly<Record<number, number>>;
}

const [CELL_WIDTH, CELL_HEIGHT] = [6, 12];
/** Whether the upper and the lower half of a cell have the colour of text. */
const BLOCKS: Readonly<Record<string, readonly [boolean, boolean]>> = {
  "▀": [true, false],
  "▄": [false, true],
  "█": [true, true],
};

/** Draws rows as a terminal shows them, as a PGM (Netpbm's grey map). */
export function pictureOf(rows: readonly string[], theme: Theme): Uint8Array<ArrayBuffer> {
  const cells = cellsOf(rows, theme);
  const width = 80 * CELL_WIDTH;
  const height = cells.length * CELL_HEIGHT;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = cells[Math.floor(y / CELL_HEIGHT)] ?? [];
    const half = y % CELL_HEIGHT < CELL_HEIGHT / 2 ? 0 : 1;
    for (let x = 0; x < width; x++) {
      pixels[y * width + x] = row[Math.floor(x / CELL_WIDTH)]?.[half] ?? theme.background;
    }
  }
  const head = new TextEncoder().encode(`P5\n${width} ${height}\n255\n`);
  return concat([head, pixels]);
}

/** The brightness of each cell's halves. A colour lasts until it is taken back, beyond the end of a row too. */
function cellsOf(rows: readonly string[], theme: Theme): [number, number][][] {
  let { text, background } = theme;
  return rows.map((row) => {
    const cells: [number, number][] = [];
    // deno-lint-ignore no-control-regex
    for (const [char, style] of row.matchAll(/\x1b\[([\d;]*)m|[^]/gu)) {
      for (const code of style?.split(";").map(Number) ?? []) {
        if (code === 0 || code === 39) text = theme.text;
        if (code === 0 || code === 49) background = theme.background;
        if (code >= 40 && code < 48 || code >= 100) background = theme.colours[code] ?? background;
        else if (code >= 30) text = theme.colours[code] ?? text;
      }
      if (style !== undefined) continue;
      const [above, below] = BLOCKS[char] ?? [false, false];
      cells.push([above ? text : background, below ? text : background]);
    }
    return cells;
  });
}
