/** `lab:compare --netem` with the kernel's own faults: real losses under TCP, and real retransmissions. */
import { assert, assertEquals } from "@std/assert";
import { eventsIn, needs, run } from "../support/script.ts";

/** Whether a network namespace can be made here, and given netem's queue. */
async function hasNetem(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const add = "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && tc qdisc add dev lo root netem delay 1ms";
  const script = `unshare -n sh -c '${add}' || unshare -rn sh -c '${add}'`;
  const { success } = await new Deno.Command("sh", { args: ["-c", script], stdout: "null", stderr: "null" }).output();
  return success;
}

async function queuesHere(): Promise<string> {
  const args = ["-c", "PATH=$PATH:/usr/sbin:/sbin; tc qdisc show"];
  const { stdout } = await new Deno.Command("sh", { args }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "lab:compare --netem: TCP delivers everything, late; UDP loses; this machine's own network is as it was",
  ...needs(await hasNetem(), "netem in the kernel (module sch_netem), and the right to make a network namespace"),
  fn: async () => {
    const before = await queuesHere();
    const args = ["--netem", "--loss", "20%", "--delay", "10ms", "--count", "100", "--json", "--timeout", "60"];
    const { code, stdout, stderr } = await run("lab:compare", args);
    assertEquals(code, 0, stderr);
    const summary = eventsIn(stdout).find(({ event }) => event === "summary");
    const { tcp, udp } = summary as { tcp: Record<string, number>; udp: Record<string, number> };
    assertEquals([tcp.arrived, tcp.lost], [100, 0]);
    assert((udp.lost ?? 0) > 0 && (udp.lost ?? 0) < 60, JSON.stringify(udp));
    assert((udp.first ?? 0) >= 10, JSON.stringify(udp));
    assert((tcp.waited ?? 0) > 0 && (tcp.max ?? 0) > (udp.max ?? 0), JSON.stringify(summary));
    assertEquals(await queuesHere(), before);
  },
});
