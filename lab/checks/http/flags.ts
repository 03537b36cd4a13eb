/**
 * The flags that describe an HTTP server.
 *
 * @module
 */
import { flag } from "../../../lib/script/flag_kinds.ts";

/** They are given with `lab:check http` only. */
export const httpFlags = {
  path: flag.text("a path that GET finds", { default: "/", placeholder: "PATH" }),
  post: flag.text("a path that takes POST of any text", { default: undefined, placeholder: "PATH" }),
  hostName: flag.text("what the Host field says", { default: undefined, placeholder: "NAME", shown: "HOST:PORT" }),
};
