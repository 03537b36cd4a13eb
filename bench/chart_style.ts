/**
 * The looks of the chart: colours for light, dark and paper, by which the three kinds of others differ. Pure.
 *
 * @module
 */

interface Palette {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly paper: string;
  readonly node: string;
  readonly bare: string;
  readonly peer: string;
}

const LIGHT: Palette = {
  ink: "#1f2328",
  soft: "#59636e",
  line: "#dde2e7",
  paper: "#ffffff",
  node: "#0969da",
  bare: "#8250df",
  peer: "#b35900",
};
const DARK: Palette = {
  ink: "#e6edf3",
  soft: "#9ea7b1",
  line: "#2b323b",
  paper: "#0d1117",
  node: "#58a6ff",
  bare: "#b992ff",
  peer: "#e3a13b",
};

/** Rules of plain classes with plain colours: viewers other than browsers know no variables. */
function coloured({ ink, soft, line, paper, node, bare, peer }: Palette): string {
  return [
    `.paper{fill:${paper}}`,
    `.chart text{fill:${ink}}`,
    `.chart .soft{fill:${soft}}`,
    `.grid{stroke:${line}}`,
    `.one{stroke:${ink}}`,
    `.node{fill:${node}}`,
    `.bare{fill:${bare}}`,
    `.peer{fill:${peer}}`,
  ].join("\n");
}

/** The style sheet. */
export const STYLE = `
.chart{font:12px ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
.title{font-size:17px;font-weight:600}
.group{font-weight:600}
.small{font-size:11px}
.tiny{font-size:10px}
.one{stroke-width:1.2}
${coloured(LIGHT)}
@media screen and (prefers-color-scheme:dark){
${coloured(DARK)}
}`;
