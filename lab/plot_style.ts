/**
 * The looks of a plot: colours for light, dark and paper; marks that differ without colour too. Pure.
 *
 * @module
 */

/** The colours of one scheme: those of the sequence diagrams, and one for UDP. */
interface Palette {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly paper: string;
  readonly tcp: string;
  readonly udp: string;
  readonly bad: string;
}

const LIGHT: Palette = {
  ink: "#1f2328",
  soft: "#59636e",
  line: "#dde2e7",
  paper: "#ffffff",
  tcp: "#0969da",
  udp: "#b35900",
  bad: "#cf222e",
};
const DARK: Palette = {
  ink: "#e6edf3",
  soft: "#9ea7b1",
  line: "#2b323b",
  paper: "#0d1117",
  tcp: "#58a6ff",
  udp: "#e3a13b",
  bad: "#ff7b72",
};

/** Rules of plain classes with plain colours: viewers other than browsers know no variables. */
function coloured({ ink, soft, line, paper, tcp, udp, bad }: Palette): string {
  return [
    `.paper,.plot .hollow{fill:${paper}}`,
    `.plot text{fill:${ink}}`,
    `.plot .soft{fill:${soft}}`,
    `.grid{stroke:${line}}`,
    `.axis,.sending{stroke:${soft}}`,
    `.tcp{stroke:${tcp}}`,
    `.udp{stroke:${udp}}`,
    `.plot .udp.full{fill:${udp}}`,
    `.bad{stroke:${bad}}`,
  ].join("\n");
}

/** The style sheet. A dot is a line of no length with round ends: hundreds of them are one path. */
export const STYLE = `
.plot{font:12px ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
.title{font-size:17px;font-weight:600}
.small{font-size:11px}
.plot path{fill:none}
.sending{stroke-dasharray:1 3}
.step{stroke-width:1.3;stroke-opacity:.7}
.dots{stroke-width:5.6;stroke-linecap:round}
.full{stroke-width:.6}
.mark{stroke-width:1.5}
${coloured(LIGHT)}
@media screen and (prefers-color-scheme:dark){
${coloured(DARK)}
}`;
