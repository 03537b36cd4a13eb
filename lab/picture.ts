/**
 * picture draws a real run as the README's picture: a server's terminal and a client's, side by side, each line at its time.
 *
 * ```sh
 * deno task make:picture
 * ```
 *
 * @module
 */
import { escape } from "@std/html/entities";
import { wrapText } from "../lib/console/width.ts";
import { linesOf, startScript } from "./actor.ts";

const FILE = new URL("picture.svg", import.meta.url);
const [SERVER, CLIENT] = [0, 1];

/** A line on one of the terminals, in the order in which they appeared. */
interface Line {
  readonly side: number;
  readonly text: string;
}

/** A program that runs, and its output as it comes. */
interface Program {
  readonly child: Deno.ChildProcess;
  readonly ended: Promise<unknown>;
}

/** A server and two clients, of which the second asks at the wrong port. */
async function record(lines: Line[]): Promise<void> {
  const server = start(SERVER, "plainwire tcp server 9000", "tcp:server", ["9000"], lines);
  try {
    await appeared(lines, "Reachable");
    for (const port of [":9000", ":9001"]) {
      const message = "Grüße aus Köln";
      const typed = `plainwire tcp client ${port} --message "${message}"`;
      const client = start(CLIENT, typed, "tcp:client", [port, "--message", message], lines);
      const { code } = await client.child.status;
      await client.ended;
      lines.push({ side: CLIENT, text: "$ echo $?" }, { side: CLIENT, text: String(code) });
      await appeared(lines, "Closed");
    }
    lines.push({ side: SERVER, text: "^C" });
  } finally {
    server.child.kill("SIGINT");
    await server.ended;
  }
}

/** Starts a script with the command of its task; `typed` is what a person would type. */
function start(
  side: number,
  typed: string,
  task: Parameters<typeof startScript>[0],
  args: readonly string[],
  lines: Line[],
): Program {
  lines.push({ side, text: `$ ${typed}` });
  const child = startScript(task, args, "null", { PLAINWIRE: "1" });
  const copy = async (stream: Deno.ChildProcess["stdout"]): Promise<void> => {
    for await (const text of linesOf(stream)) lines.push({ side, text });
  };
  return { child, ended: Promise.all([copy(child.stdout), copy(child.stderr)]) };
}

/** Waits until a text is on a terminal. */
async function appeared(lines: readonly Line[], text: string): Promise<void> {
  const signal = AbortSignal.timeout(5000);
  while (!lines.some((line) => line.text.includes(text))) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Columns of a terminal; pixels of a character, a row, a title, and the space around. */
const [COLUMNS, CHARACTER, ROW, TITLE, SPACE] = [66, 7.23, 19, 34, 16];
const WIDTH = COLUMNS * CHARACTER + 2 * SPACE;
const COLOURS: Readonly<Record<string, string>> = {
  "[+]": "#7ee787",
  "[*]": "#79c0ff",
  "[!]": "#ff7b72",
  "$": "#8b949e",
};

/** Draws the terminals. Every line has a row of its own across both of them, so that the order can be seen. */
function draw(lines: readonly Line[]): string {
  const rows: Line[] = lines.flatMap(({ side, text }) =>
    wrapText(text, COLUMNS).split("\n").map((text) => ({ side, text }))
  );
  const height = TITLE + rows.length * ROW + SPACE;
  const texts = rows.map(({ side, text }, index) => {
    const [, mark = "", rest = ""] = /^(\[[+*!]\]|\$(?= )|)(.*)$/.exec(text) ?? [];
    const coloured = mark === "" ? "" : `<tspan fill="${COLOURS[mark]}">${escape(mark)}</tspan>`;
    const [x, y] = [side * (WIDTH + SPACE) + SPACE, TITLE + (index + 1) * ROW];
    return `<text x="${x}" y="${y}">${coloured}${escape(rest.replaceAll(" ", "\u00a0"))}</text>`;
  });
  const terminals = ["server", "client"].map((title, side) => {
    const x = side * (WIDTH + SPACE);
    return `<rect x="${x}" width="${WIDTH}" height="${height}" rx="8" fill="#0d1117"/>
<text x="${x + WIDTH / 2}" y="22" text-anchor="middle" fill="#8b949e">${title}</text>`;
  });
  const width = 2 * WIDTH + SPACE;
  const alt = escape(lines.map(({ side, text }) => `${side === SERVER ? "server" : "client"}: ${text}`).join("\n"));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>A server and two clients</title>
<desc>${alt}</desc>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="12" fill="#e6edf3">
${[...terminals, ...texts].join("\n")}
</g>
</svg>
`;
}

/** Runs the programs and writes the picture. */
export async function main(_args: string[]): Promise<number> {
  const lines: Line[] = [];
  await record(lines);
  await Deno.writeTextFile(FILE, draw(lines));
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
