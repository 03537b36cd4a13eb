/** What a plain start of a script loads: nothing that only a flag, a terminal or a name to resolve asks for. */
import { assert, assertEquals } from "@std/assert";
import { modulesOf } from "./support/modules.ts";

/** What takes long to load, or few runs need. */
const LATE: readonly RegExp[] = [
  /^node:/,
  /^reflect-metadata/,
  /^uqr/,
  /^@peculiar/,
  /^@nats-io/,
  /^pure-rand/,
  /^lib\/tls\//,
  /^lib\/wire\//,
  /\/terminal\.ts$/,
  /\/node_socket\.ts$/,
  /\/node_listener\.ts$/,
  /\/faulty_network\.ts$/,
  /\/files\.ts$/,
  /^chat\/shared\/\w+\//,
  /^chat\/transport\/web\/(room_web|page|plaintext_page)\.ts$/,
  /^chat\/turns\/serve\.ts$/,
  /^http\/threads\//,
  /^lib\/script\/help\.ts$/,
  /^tcp\/(discard|serve_pipe)\.ts$/,
  /^deno\.json$/,
];

/** The exceptions: small, and imported where a connection is made or a host compared. */
const SMALL = /^(lib\/tls\/host_name\.ts|lib\/wire\/(tap|connect_tap|event|event_parts)\.ts)$/;

const scripts = ["tcp", "udp", "http", "chat", "sum"].flatMap((name) =>
  (name === "http" ? ["server"] : ["server", "client"]).map((end) => `${name}/${end}.ts`)
);

for (const script of scripts) {
  Deno.test(`a plain start of ${script} loads nothing that it may not need`, async () => {
    const modules = new Map((await modulesOf([script])).map((module) => [module.file, module]));
    const loaded = new Set([script]);
    for (const file of loaded) for (const each of modules.get(file)?.loaded ?? []) loaded.add(each);
    assert(loaded.has("lib/script/script.ts"));
    const late = [...loaded].filter((file) => LATE.some((pattern) => pattern.test(file)));
    assertEquals(late.filter((file) => !SMALL.test(file)), []);
  });
}

Deno.test("everything that a plain start must not load can be loaded by some script", async () => {
  const imports = (await modulesOf([...scripts, "http/threaded.ts"])).flatMap(({ imports }) => imports);
  const gone = LATE.filter((pattern) => !imports.some((name) => pattern.test(name)));
  assertEquals(gone, [], "patterns that match nothing guard nothing");
});
