/**
 * The looks of a drawing: colours for light, dark and paper, lines and shapes that differ without colour too. Pure.
 *
 * @module
 */

/** The colours of one scheme. */
interface Palette {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly paper: string;
  readonly card: string;
  readonly data: string;
  readonly fin: string;
  readonly bad: string;
}

const LIGHT: Palette = {
  ink: "#1f2328",
  soft: "#59636e",
  line: "#c4ccd4",
  paper: "#ffffff",
  card: "#f6f8fa",
  data: "#0969da",
  fin: "#8250df",
  bad: "#cf222e",
};
const DARK: Palette = {
  ink: "#e6edf3",
  soft: "#9ea7b1",
  line: "#3d444d",
  paper: "#0d1117",
  card: "#171d26",
  data: "#58a6ff",
  fin: "#b68cff",
  bad: "#ff7b72",
};

/** Rules of plain classes with plain colours: viewers other than browsers know no variables. */
function coloured({ ink, soft, line, paper, card, data, fin, bad }: Palette): string {
  const strokes = { handshake: soft, data, datagram: data, fin, reset: bad, lost: bad };
  return [
    `.paper{fill:${paper}}`,
    `.wire text{fill:${ink};stroke:${paper}}`,
    `.wire .soft,.wire .control{fill:${soft}}`,
    `.life{stroke:${line}}`,
    `.card{fill:${card};stroke:${line}}`,
    `.hollow{fill:${paper}}`,
    ...Object.entries(strokes).map(([name, colour]) =>
      `.${name}{stroke:${colour}}.${name} .head,.${name} .dot,.${name} .wedge,.wire .${name} .flags{fill:${colour}}`
    ),
  ].join("\n");
}

/** The style sheet, for a drawing and for a page that contains some. */
export const STYLE = `
.wire{font:12px ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
.wire text{direction:ltr;stroke-width:3;stroke-linejoin:round;paint-order:stroke}
.wire tspan{unicode-bidi:isolate}
.wire .mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}
.title{font-size:17px;font-weight:600}
.heading,.flags,.role{font-weight:600}
.small,.times{font-size:11px}
.life,.line,.cross{fill:none;stroke-width:1.6}
.life{stroke-width:2}
.slim .mono{font-size:11px}
.wire .control{font-size:7.5px}
.cut{stroke-dasharray:2 4}
.handshake .line{stroke-dasharray:5 3}
.fin .line{stroke-dasharray:12 3 2 3}
.lost .line{stroke-dasharray:2 3}
.cross{stroke-width:2.2}
.head,.dot{stroke:none}
.datagram .open{fill:none;stroke-width:1.8}
.hollow{stroke-width:1.6}
.wedge{stroke:none;fill-opacity:.13}
${coloured(LIGHT)}
@media screen and (prefers-color-scheme:dark){
${coloured(DARK)}
}`;
