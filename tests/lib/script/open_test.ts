import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { NO_EVENTS } from "../../../lib/events.ts";
import { compose } from "../../../lib/net/layers.ts";
import type { StreamSocket } from "../../../lib/net/socket.ts";
import { TlsHelloDetector } from "../../../lib/net/tls_hello.ts";
import { parseFlags } from "../../../lib/script/flags.ts";
import { serverLayers } from "../../../lib/script/open.ts";
import { commonFlags } from "../../../lib/script/shared_flags.ts";
import { tlsServerFlags } from "../../../lib/script/tls_flags.ts";
import { TlsSocket } from "../../../lib/tls/socket.ts";
import { FakeSocket } from "../fakes.ts";

/** The layers that the flags select, and the other results. */
async function opened(
  args: string[],
  options = {},
): Promise<{ raw: FakeSocket; socket: StreamSocket; tls: boolean; certificate: string | null; join: string }> {
  const { values, given } = parseFlags({ ...tlsServerFlags, ...commonFlags }, args);
  const { layers, ...others } = await serverLayers({ options: values, given, events: NO_EVENTS }, options);
  const raw = new FakeSocket();
  return { raw, socket: compose(raw, layers), ...others };
}

Deno.test("serverLayers() without TLS detects TLS clients, unless the service accepts any bytes", async () => {
  const { socket, tls, certificate, join } = await opened([]);
  assertInstanceOf(socket, TlsHelloDetector);
  assertEquals([tls, certificate, join], [false, null, ""]);
  assertInstanceOf((await opened([], { anyBytes: true })).socket, FakeSocket);
});

Deno.test("serverLayers() wraps each socket in TLS, and puts the pin into the join command", async () => {
  const { raw, socket, tls, certificate, join } = await opened(["--tls", "--ephemeral"]);
  assertInstanceOf(socket, TlsSocket);
  assertEquals([tls, /^ --tls --pin sha256:[0-9a-f]{64}$/.test(join)], [true, true]);
  assertMatch(certificate ?? "", /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  raw.calls.length = 0;
  socket.reset();
  socket.reset();
  await socket.gone;
  assertEquals(raw.calls, ["reset", "close"]);
});
