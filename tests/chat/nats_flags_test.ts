import { assert, assertEquals, assertThrows } from "@std/assert";
import { natsFlags, natsOptions, readBrokers, readRoom } from "../../chat/nats_flags.ts";
import { UsageError } from "../../lib/errors.ts";
import { parseFlags } from "../../lib/script/flags.ts";
import { modulesOf } from "../support/modules.ts";

Deno.test("readBrokers() takes one broker or several, with their ports and their scheme", () => {
  assertEquals(readBrokers("nats://localhost"), { servers: ["localhost:4222"], tls: false });
  assertEquals(readBrokers("a:1, b:2,c"), { servers: ["a:1", "b:2", "c:4222"], tls: false });
  assertEquals(readBrokers("tls://[::1]:7/,TLS://b"), { servers: ["[::1]:7", "b:4222"], tls: true });
  for (
    const text of [
      "",
      ",",
      "http://a",
      "nats://",
      "nats://a:0",
      "nats://a:65536",
      "nats://a/b",
      "a b",
      "tls://a,nats://b",
    ]
  ) {
    assertThrows(() => readBrokers(text), UsageError, "Cannot use ", text);
  }
});

Deno.test("a password in the URL is refused and not repeated", () => {
  const error = assertThrows(() => parseFlags(natsFlags, ["--nats", "nats://me:hunter2@host"]), UsageError);
  assert(error.message.startsWith("Cannot use --nats with a password in it: "));
  assert(!error.message.includes("hunter2") && error.message.includes("NATS_PASSWORD"));
});

Deno.test("readRoom() takes 1 to 64 characters of text", () => {
  assertEquals(readRoom(" Zoe\u0308's "), "Zo\u00eb's");
  assertEquals(readRoom("👩".repeat(64)), "👩".repeat(64));
  for (const text of ["", " ", "x".repeat(65), "a\nb", "\x1b[2J"]) {
    assertThrows(() => readRoom(text), UsageError, "a room's name");
  }
});

Deno.test("--room and --nats need each other", () => {
  const options = (...args: string[]) => {
    const { values, given } = parseFlags(natsFlags, args);
    return natsOptions({ options: values, given });
  };
  assertEquals(options(), null);
  assertEquals(options("--room", "a", "--nats", "b"), {
    room: "a",
    servers: ["b:4222"],
    tls: false,
    creds: undefined,
    ca: undefined,
  });
  assertThrows(() => options("--room", "a"), UsageError, "Cannot use --room without --nats");
  assertThrows(() => options("--nats", "b"), UsageError, "Cannot use --nats without --room");
  assertThrows(() => options("--nats-ca", "c"), UsageError, "Cannot use --nats-ca without --nats");
});

Deno.test("without --room, nothing of NATS is loaded", async () => {
  const modules = new Map((await modulesOf(["chat/server.ts"])).map((module) => [module.file, module]));
  const loaded = new Set(["chat/server.ts"]);
  for (const file of loaded) {
    const { imports = [], deferred = [] } = modules.get(file) ?? {};
    for (const imported of imports) if (!deferred.includes(imported)) loaded.add(imported);
  }
  assert(loaded.has("chat/nats_flags.ts"));
  assertEquals([...loaded].filter((file) => /^chat\/shared\/|nats-io/.test(file)), []);
  assert(modules.get("chat/shared/broker/connection.ts")?.imports.includes("@nats-io/nats-core/internal"));
});
