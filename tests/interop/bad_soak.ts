/**
 * A soak whose echo server is a bad one: `leak` never closes, `corrupt` changes a byte now and then, `die` ends after some time.
 *
 * @module
 */
import { main } from "../../lab/soak.ts";
import { taskOf } from "../../lab/soak/server.ts";

const [how = "", ...args] = Deno.args;

if (how === "serve") await serve(args[0] ?? "");
else {
  const here = import.meta.filename ?? "";
  const bad = [Deno.execPath(), "run", "--no-prompt", "--allow-net", here, "serve", how];
  Deno.exit(await main(args, (spec, ports) => spec.name === "tcp echo" ? bad : taskOf(spec, ports)));
}

/** An echo server with one fault. */
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
      if (fault === "corrupt" && count % 50 === 0) into[0] = (into[0] ?? 0) ^ 1;
      if (fault === "die" && count === 100) Deno.exit(3);
      for (let at = 0; at < length;) at += await socket.write(into.subarray(at, length));
    }
  }
}
