/**
 * A soak of bad servers: `tcp echo` never closes, and changes a byte now and then; what stands for `relay` ends after some time.
 *
 * @module
 */
import { main } from "../../lab/soak.ts";

const FAULTS: Readonly<Record<string, string>> = { "tcp echo": "leak", relay: "die" };

const [how, fault = ""] = Deno.args;

if (how === "serve") await serve(fault);
else {
  const here = import.meta.filename ?? "";
  const bad = [Deno.execPath(), "run", "--no-prompt", "--allow-net", here, "serve"];
  Deno.exit(await main(Deno.args, ({ name }) => [...bad, FAULTS[name] ?? ""]));
}

/** An echo server with a fault. */
async function serve(fault: string): Promise<void> {
  Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ready = JSON.stringify({ event: "listening", port: listener.addr.port, here: "" });
  Deno.stdout.writeSync(new TextEncoder().encode(`${ready}\n`));
  let count = 0;
  // `for await` would end with the first client that resets at once.
  for (;;) await listener.accept().then(echo).catch(() => {});

  function echo(socket: Deno.TcpConn): void {
    answer(socket).catch(() => fault === "leak" ? undefined : socket.close());
  }

  async function answer(socket: Deno.TcpConn): Promise<void> {
    const into = new Uint8Array(65_536);
    for (;;) {
      const length = await socket.read(into);
      if (length === null) return fault === "leak" ? undefined : socket.close();
      count++;
      if (fault === "leak" && count % 50 === 0) into[0] = (into[0] ?? 0) ^ 1;
      if (fault === "die" && count === 100) Deno.exit(3);
      for (let at = 0; at < length;) at += await socket.write(into.subarray(at, length));
    }
  }
}
