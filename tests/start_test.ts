/** What a plain start of a script loads: nothing that only a flag, a terminal or a name to resolve asks for. */
import { assert, assertEquals } from "@std/assert";
import { modulesOf } from "./support/modules.ts";

/** What takes long to load, or few runs need. */
const LATE =
  /^node:|^(reflect-metadata|uqr|@peculiar|@nats-io|pure-rand)|^lib\/(tls|wire)\/|\/(terminal|node_socket|node_listener|faulty_network|files)\.ts$|^chat\/shared\/\w+\/|^http\/threads\//;

/** The exceptions: small, and imported where a connection is made or a host compared. */
const SMALL = /^(node:url|lib\/tls\/host_name\.ts|lib\/wire\/(tap|connect_tap|event|event_parts)\.ts)$/;

for (const name of ["tcp", "udp", "http", "chat", "sum"]) {
  for (const end of name === "http" ? ["server"] : ["server", "client"]) {
    const script = `${name}/${end}.ts`;
    Deno.test(`a plain start of ${script} loads nothing that it may not need`, async () => {
      const modules = new Map((await modulesOf([script])).map((module) => [module.file, module]));
      const loaded = new Set([script]);
      for (const file of loaded) for (const each of modules.get(file)?.loaded ?? []) loaded.add(each);
      assert(loaded.has("lib/script/script.ts"));
      assertEquals([...loaded].filter((file) => LATE.test(file) && !SMALL.test(file)), []);
    });
  }
}
