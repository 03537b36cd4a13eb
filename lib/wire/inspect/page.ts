/**
 * The inspector's page: a document, style sheets and the modules of its script. Pure.
 *
 * They are plain files, imported as text, so that a compiled program contains them.
 *
 * @module
 */
import document from "./page/index.html" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import flowStyle from "./page/flows.css" with { type: "text" };
import eventStyle from "./page/events.css" with { type: "text" };
import detailStyle from "./page/detail.css" with { type: "text" };
import paneStyle from "./page/panes.css" with { type: "text" };
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
import type { Role } from "../../events.ts";
import { escapeControls } from "../../text.ts";

const CSS = "text/css; charset=utf-8";
const JAVASCRIPT = "text/javascript; charset=utf-8";

/** The files of the page by their paths, with their media types. */
export const PAGE_FILES: ReadonlyMap<string, readonly [type: string, text: string]> = new Map([
  ["style.css", [CSS, style]],
  ["flows.css", [CSS, flowStyle]],
  ["events.css", [CSS, eventStyle]],
  ["detail.css", [CSS, detailStyle]],
  ["panes.css", [CSS, paneStyle]],
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

/** What stands in the document of one script and one answer. */
export interface PageValues {
  readonly title: string;
  /** This side's. */
  readonly role: Role;
  /** What it calls its flows. */
  readonly flows: "Connections" | "Flows";
  /** What the policy of the answer allows scripts and styles by. */
  readonly nonce: string;
}

/** The document. */
export function pageFor(values: PageValues): string {
  const texts: Readonly<Record<string, string>> = { ...values };
  return document.replace(/\{\{ ?(\w+) ?\}\}/g, (_, name: string) => escape(escapeControls(texts[name] ?? "")));
}
