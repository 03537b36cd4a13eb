/**
 * sum:basic-server is the textbook number exchange over TCP: it answers a number with its own, and both sides print the sum.
 *
 * ```sh
 * deno task sum:basic-server
 * deno run --no-prompt --allow-net=127.0.0.1 sum/basic_server.ts
 * ```
 *
 * Try it with `deno task sum:basic-client` in a second terminal. A number outside 1 to 100 stops the server.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const NAME = "Basic server";
const NUMBER = 58;

using listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 12000) });
console.log(`[+] Listening on 127.0.0.1:${listener.addr.port}`);

// One client at a time: a silent one keeps all others waiting, and there is no timeout. sum/server.ts serves many at once.
for await (using conn of listener) {
  // Nobody catches an error here: a client that resets its connection ends the server.
  // One read is not one question: "Ada: 42" may come as "Ada: 4" and "2". sum/server.ts waits for a newline, the end, or a pause.
  const buffer = new Uint8Array(1024);
  const count = await conn.read(buffer);
  const question = new TextDecoder().decode(buffer.subarray(0, count ?? 0));

  // Number() takes 4.5, 1e1 and 0x10 as well. sum/protocol.ts takes integers only.
  const colon = question.lastIndexOf(":");
  const [name, number] = [question.slice(0, colon), Number(question.slice(colon + 1))];
  const valid = number >= 1 && number <= 100;
  await conn.write(new TextEncoder().encode(`${NAME}: ${valid ? NUMBER : "stopping"}`));

  // Text that is no number stops the server too, and so does a port scanner that sends nothing.
  if (!valid) break;

  console.log(`Client name: ${name}`); // as it came: escape sequences reach the terminal
  console.log(`Server name: ${NAME}`);
  console.log(`Client's number: ${number}`);
  console.log(`Server's number: ${NUMBER}`);
  console.log(`Sum: ${number + NUMBER}`);
}
console.log("[+] Stopping: that was no number from 1 to 100");
