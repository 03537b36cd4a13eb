import { assertEquals, assertRejects } from "@std/assert";
import { credentials } from "../../../../chat/shared/broker/credentials.ts";
import { Failure } from "../../../../lib/errors.ts";

const given = (variables: Record<string, string>) => (name: string): string | undefined => variables[name];

Deno.test("credentials() come from the environment, one kind of them", async () => {
  assertEquals(await credentials(undefined, given({})), {});
  assertEquals(await credentials(undefined, given({ NATS_TOKEN: "t" })), { token: "t" });
  assertEquals(await credentials(undefined, given({ NATS_USER: "u" })), { user: "u" });
  assertEquals(await credentials(undefined, given({ NATS_USER: "u", NATS_PASSWORD: "p" })), { user: "u", pass: "p" });
  for (const variables of [{ NATS_TOKEN: "t", NATS_USER: "u" }, { NATS_PASSWORD: "p" }]) {
    const error = await assertRejects(() => credentials(undefined, given(variables)), Failure);
    assertEquals([error.code, error.message.includes('"')], [2, false]);
  }
});

Deno.test("a credentials file that is missing, or none, is misuse; nothing of it is repeated", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "secret");
    const wrong = await assertRejects(() => credentials(path), Failure, "it has no user's JWT and seed");
    assertEquals([wrong.code, wrong.message.includes("secret")], [2, false]);
    const missing = await assertRejects(() => credentials(`${path}.no`), Failure, "Cannot read --nats-creds");
    assertEquals(missing.code, 2);
  } finally {
    await Deno.remove(path);
  }
});
