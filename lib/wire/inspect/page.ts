/**
 * The inspector's page: a document, a style sheet and the modules of its script. Pure.
 *
 * They are plain files, imported as text, so that a compiled program contains them.
 *
 * @module
 */
import document from "./page/index.html" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import store from "./page/store.js" with { type: "text" };
import rows from "./page/rows.js" with { type: "text" };
import virtualList from "./page/virtual_list.js" with { type: "text" };
import flowList from "./page/flow_list.js" with { type: "text" };
import source from "./page/source.js" with { type: "text" };
import sequence from "./page/sequence.js" with { type: "text" };
import detail from "./page/detail.js" with { type: "text" };
import bytesView from "./page/bytes_view.js" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import dom from "./page/dom.js" with { type: "text" };
import { escape } from "@std/html/entities";
import { escapeControls } from "../../text.ts";

const CSS = "text/css; charset=utf-8";
const JAVASCRIPT = "text/javascript; charset=utf-8";

/** The files of the page by their paths, with their media types. */
export const PAGE_FILES: ReadonlyMap<string, readonly [type: string, text: string]> = new Map([
  ["style.css", [CSS, style]],
  ["main.js", [JAVASCRIPT, main]],
  ["store.js", [JAVASCRIPT, store]],
  ["rows.js", [JAVASCRIPT, rows]],
  ["virtual_list.js", [JAVASCRIPT, virtualList]],
  ["flow_list.js", [JAVASCRIPT, flowList]],
  ["sequence.js", [JAVASCRIPT, sequence]],
  ["source.js", [JAVASCRIPT, source]],
  ["detail.js", [JAVASCRIPT, detail]],
  ["bytes_view.js", [JAVASCRIPT, bytesView]],
  ["format.js", [JAVASCRIPT, format]],
  ["dom.js", [JAVASCRIPT, dom]],
]);

/**
 * The document, for one script and one answer.
 *
 * @param values `title` is the script; `role` is this side's; `nonce` is what the policy of the answer allows scripts and styles by.
 */
export function pageFor(values: { readonly title: string; readonly role: string; readonly nonce: string }): string {
  const texts: Readonly<Record<string, string>> = { ...values };
  return document.replace(/\{\{ ?(\w+) ?\}\}/g, (_, name: string) => escape(escapeControls(texts[name] ?? "")));
}
