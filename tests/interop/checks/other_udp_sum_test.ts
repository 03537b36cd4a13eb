/** Servers of other make under lab:check udp and lab:check sum: a right one passes, the others fail by name. */
import { assertEquals } from "@std/assert";
import { run } from "../../support/script.ts";
import { needsPrograms } from "../support.ts";

/** The path of a server in this folder. */
const at = (name: string): string => new URL(name, import.meta.url).pathname;

/** The checks that a server fails. */
async function failed(protocol: string, command: string, ...flags: string[]): Promise<string[]> {
  const { stdout, code } = await run("lab:check", [protocol, ...flags, "--start", command]);
  const names = [...stdout.matchAll(/^not ok \d+ - ([\w-]+)/gm)].map(([, name = ""]) => name);
  assertEquals(code, names.length === 0 ? 0 : 1, stdout);
  return names;
}

const LONG = ["9000-bytes", "65507-bytes"];

Deno.test(
  "Python's socketserver and Node's dgram pass lab:check udp",
  await needsPrograms("python3", "node"),
  async () => {
    assertEquals(await failed("udp", `python3 ${at("servers/udp_echo.py")}`), []);
    assertEquals(await failed("udp", `node ${at("servers/udp_echo.cjs")}`, "--echo"), []);
  },
);

Deno.test(
  "Python's own max_packet_size, 8 KiB, is found by lab:check udp",
  await needsPrograms("python3"),
  async () => {
    assertEquals(await failed("udp", `python3 ${at("servers/udp_echo.py")} 8192`), LONG);
  },
);

Deno.test(
  "socat, which forks a cat for each datagram, fails for its 8 KiB blocks and for the empty datagram",
  await needsPrograms("socat"),
  async () => {
    const names = await failed("udp", "socat UDP-RECVFROM:$PORT,bind=127.0.0.1,fork EXEC:cat");
    assertEquals(names, ["empty-datagram", "empty-datagram-comes-back", ...LONG]);
  },
);

Deno.test(
  "the textbook's UDP server in Python fails for what it decodes and prints",
  await needsPrograms("python3"),
  async () => {
    assertEquals(await failed("udp", `python3 ${at("../textbook/udp_server.py")} $PORT`), [
      ...["own-answer-comes-back", "long-datagram-is-cut", "invalid-utf-8", "every-byte", "escape-sequences"],
    ]);
  },
);

Deno.test(
  "a right server with Python's socketserver passes lab:check sum",
  await needsPrograms("python3"),
  async () => {
    assertEquals(await failed("sum", `python3 ${at("servers/sum_server.py")}`), []);
  },
);

Deno.test(
  "the textbook's sum server in Python takes ٤٢ and 1_0, and fails for much else",
  await needsPrograms("python3"),
  async () => {
    const command = `python3 ${at("../textbook/sum_server.py")} $PORT`;
    const only = ["plain-*", "digits-*", "wraps-*", "byte-by-byte", "silent-*", "stop-*"].flatMap((
      name,
    ) => ["--only", name]);
    assertEquals(await failed("sum", command, ...only), [
      ...["digits-of-another-script", "digits-with-underscore", "digits-with-letters", "byte-by-byte", "silent-client"],
      "stop-is-told",
    ]);
  },
);

Deno.test("the project's servers pass with other flags too", async () => {
  const command = (task: string): string => `deno task --cwd ${at("../../..")} -q ${task} --port $PORT`;
  assertEquals(await failed("udp", command("udp:server --echo")), []);
  assertEquals(await failed("udp", command("sum:udp-server --keep-running"), "--message", "Ada: 42"), []);
  assertEquals(
    await failed("sum", command("sum:server --keep-running"), "--keeps-running", "--terminator", "none"),
    [],
  );
  assertEquals(await failed("sum", command("sum:server"), "--json-lines"), []);
});
