/**
 * The common parts of the HTML pages: frame, style sheet, escaping. Pure.
 *
 * @module
 */
import { escape } from "@std/html/entities";
import { escapeControls } from "../../lib/text.ts";
import { fieldLine } from "../answer/answer.ts";
import { ascii } from "../answer/bytes.ts";

/**
 * The fields of every page. The policy allows nothing but the page itself: even if a visitor's text got into it as markup, no script
 * would run and nothing would be loaded.
 */
export const PAGE_LINES = fieldLine("Content-Type", "text/html; charset=utf-8") +
  fieldLine(
    "Content-Security-Policy",
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  ) + fieldLine("X-Content-Type-Options", "nosniff") + fieldLine("Referrer-Policy", "no-referrer");
/** The same, encoded once. */
export const PAGE_FIELDS = ascii(PAGE_LINES);

/** Escapes untrusted text for a page: markup and control characters are shown, not interpreted; the result is ASCII. */
export function safe(text: string): string {
  if (/^[ !#-%(-;=?-~]*$/.test(text)) return text;
  return escape(escapeControls(text)).replace(/[^\x20-\x7e]/gu, (character) => `&#${character.codePointAt(0)};`);
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6676;--paper:#fbfaf7;--card:#fff;--line:#dfe3ea;--mark:#0b6e4f;--code:#f3f5f8}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#9ba6b5;--paper:#12161c;--card:#1a2029;--line:#303a47;--mark:#5ad1a4;--code:#141a22}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:52rem;padding:2.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif}
h1{margin:0;font-size:clamp(2.25rem,8vw,3.25rem);line-height:1.1;letter-spacing:-.02em}
h1.path{font-size:clamp(1.375rem,5vw,2rem);line-height:1.3;letter-spacing:-.01em;overflow-wrap:anywhere}.path a{padding:0 .1em;font-weight:400}
h2{margin:2.75rem 0 .5rem;font-size:1.25rem}
p{margin:.5rem 0}a{color:var(--mark)}
.lead{color:var(--soft);font-size:1.1875rem}
code,pre,textarea,input{font:.9375rem/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.wire{margin:1rem 0;border:1px solid var(--line);border-radius:.6rem;background:var(--card);overflow:hidden}
.wire div{display:grid;grid-template-columns:8.5rem 1fr}
.wire div+div{border-top:1px solid var(--line)}
dt{padding:.55rem .9rem;color:var(--soft);line-height:1.45}
.wire dd{padding:.55rem .9rem;background:var(--code)}
dd{margin:0;overflow-wrap:anywhere}
.l{display:block}
.l::after,.e::after{content:"CR LF";margin-left:.4em;padding:.1em .3em;border:1px solid var(--line);border-radius:.3em;color:var(--soft);font-size:.6875em;vertical-align:.15em;white-space:nowrap}
:is(.l,.e):empty::after{margin-left:0}small{display:block;font-size:.8125rem;opacity:.85}
.l b{color:var(--mark);font-weight:600}
table{width:100%;border-collapse:collapse;margin:1rem 0}
th,td{padding:.45rem .9rem .45rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{font-weight:400;white-space:nowrap}.n{text-align:right;white-space:nowrap}
.files th[scope=row]{width:100%;white-space:normal;overflow-wrap:anywhere}.files .n{padding:.45rem 0 .45rem 1.25rem;color:var(--soft);font-variant-numeric:tabular-nums}
thead th{color:var(--soft);font-size:.875rem}
form{margin:1rem 0}label{display:block;color:var(--soft)}
textarea,input{display:block;width:100%;padding:.6rem .8rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);color:inherit}
button,::file-selector-button{padding:.5rem 1rem;border:1px solid var(--mark);border-radius:.5rem;background:none;color:var(--mark);font:inherit;cursor:pointer}
:is(button,::file-selector-button):hover,button:focus-visible{background:var(--mark);color:var(--paper)}
button{margin:.6rem .5rem 0 0}::file-selector-button{margin:0 .9rem 0 0}input[type=file]{padding:.5rem;color:var(--soft);cursor:pointer}
:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
footer{margin-top:3rem;color:var(--soft);font-size:.9375rem}
@media(max-width:34rem){.wire div,table,tbody,tr,th,td{display:block;grid-template-columns:none}dt{padding-bottom:0;background:var(--code)}
th{padding-bottom:0;border:0}thead{display:none}.files td.n{display:inline-block;border:0;padding:0 1rem 0 0;font-size:.875rem}.files td:empty{display:none}.files time::after{content:" UTC"}.files tr{padding:.45rem 0;border-bottom:1px solid var(--line)}.files th{padding:0}}
`.trim().replaceAll("\n", "");

/**
 * A whole page.
 *
 * @param title Escaped text.
 * @param main The content, as markup.
 */
export function page(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
}
