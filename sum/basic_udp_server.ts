/**
 * sum:basic-udp-server is the textbook number exchange over UDP: it answers a number with its own, and both sides print the sum.
 *
 * ```sh
 * deno task sum:basic-udp-server
 * deno run --no-prompt --allow-net=127.0.0.1 sum/basic_udp_server.ts
 * ```
 *
 * Try it with `deno task sum:basic-udp-client` in a second terminal. A number outside 1 to 100 stops the server.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const NAME = "Basic server";
const NUMBER = 58;

const port = Number(Deno.args[0] ?? 12000);
const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port, transport: "udp" });
console.log(`[+] Listening on 127.0.0.1:${(socket.addr as Deno.NetAddr).port} (UDP)`);

for (;;) {
  // A client that asks again, since the answer was lost, is counted again. sum/udp_server.ts remembers what it has answered.
  const [datagram, from] = await socket.receive(new Uint8Array(1024));
  const question = new TextDecoder().decode(datagram);

  // Number() takes 4.5, 1e1 and 0x10 as well. sum/protocol.ts takes integers only.
  const colon = question.lastIndexOf(":");
  const [name, number] = [question.slice(0, colon), Number(question.slice(colon + 1))];
  const valid = number >= 1 && number <= 100;
  await socket.send(new TextEncoder().encode(`${NAME}: ${valid ? NUMBER : "stopping"}`), from);

  // Not only a number outside 1 to 100 stops the server: text that is no number does, and anybody can send it under any address.
  if (!valid) break;

  console.log(`Client name: ${name}`); // as it came: escape sequences reach the terminal
  console.log(`Server name: ${NAME}`);
  console.log(`Client's number: ${number}`);
  console.log(`Server's number: ${NUMBER}`);
  console.log(`Sum: ${number + NUMBER}`);
}
socket.close();
console.log("[+] Stopping: that was no number from 1 to 100");
