/**
 * A page around a diagram: no script, nothing from outside, one drawing for a wide window and one for a phone. Pure.
 *
 * @module
 */
import { markup } from "./excerpt.ts";
import { NARROW } from "./layout.ts";
import { entriesOf } from "./legend.ts";
import type { Diagram } from "./model.ts";
import { STYLE } from "./style.ts";
import { startText, svgOf } from "./svg.ts";

const PAGE_STYLE = `
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0 auto;max-width:46rem;padding:1.5rem 1rem 3rem;background:#fff;color:#1f2328;font:1rem/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}
h2{margin:1.5rem 0 .5rem;font-size:1.0625rem}
p{margin:.2rem 0;color:#59636e;font-size:.875rem;overflow-wrap:anywhere}
.wire{display:block;width:100%;height:auto}
.narrow{display:none}
dl{margin:0;display:grid;grid-template-columns:48px 1fr;gap:.35rem .75rem;font-size:.875rem}
dt svg{width:40px;height:16px;vertical-align:-2px}
dd{margin:0}
@media screen and (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}p{color:#9ea7b1}}
@media screen and (max-width:600px){body{padding:1rem 0 2rem}h1,h2,p,dl{margin-left:1rem;margin-right:1rem}.wide{display:none}.narrow{display:block}}
@media print{body{max-width:none;padding:0}}
`;

/** Draws the page. */
export function htmlOf(diagram: Diagram): string {
  const title = markup(diagram.title);
  const notes = [startText(diagram), ...diagram.notes].map((note) => `<p>${markup(note)}</p>`);
  const legend = entriesOf(diagram).map(({ sample, name, meaning }) =>
    `<dt><svg class="wire" viewBox="0 0 40 16" aria-hidden="true">${sample}</svg></dt>
<dd><b>${markup(name)}</b>: ${markup(meaning)}</dd>`
  );
  const help = legend.length === 0 ? "" : `<h2>How to read it</h2>\n<dl>\n${legend.join("\n")}\n</dl>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title>
<style>${PAGE_STYLE}${STYLE}
</style>
</head>
<body>
<main>
<h1>${title}</h1>
${notes.join("\n")}
<div class="wide">
${svgOf(diagram, { alone: false })}</div>
<div class="narrow">
${svgOf(diagram, { page: NARROW, alone: false })}</div>
${help}</main>
</body>
</html>
`;
}
