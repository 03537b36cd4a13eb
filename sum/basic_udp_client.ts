/**
 * sum:basic-udp-client asks for a number, sends it over UDP, and prints the sum with the server's.
 *
 * ```sh
 * deno task sum:basic-udp-client
 * deno run --no-prompt --allow-net=127.0.0.1 sum/basic_udp_client.ts
 * ```
 *
 * Try it against `deno task sum:basic-udp-server`:
 *
 * ```
 * $ deno task sum:basic-udp-client
 * Enter an integer between 1 and 100: 42
 * …
 * Sum: 100
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const NAME = "Basic client";
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).trim();

// Nobody checks what is typed: "4.5" and "forty" are sent as they are, and the server has to cope. sum/udp_client.ts asks again.
await Deno.stdout.write(new TextEncoder().encode("Enter an integer between 1 and 100: "));
const line = new Uint8Array(1024);
const number = decode(line.subarray(0, await Deno.stdin.read(line) ?? 0));

const port = Number(Deno.args[0] ?? 12000);
const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
await socket.send(new TextEncoder().encode(`${NAME}: ${number}`), { hostname: "127.0.0.1", port, transport: "udp" });

// A lost datagram, or no server: this waits for ever. sum/udp_client.ts asks again. And nobody compares the sender.
const answer = decode((await socket.receive())[0]);
const [, server, theirs] = /^(.*): (\d+)$/.exec(answer) ?? [];
if (theirs === undefined) {
  console.log(`No number from the server: ${answer}`);
  Deno.exit(1);
}
console.log(`Client name: ${NAME}`);
console.log(`Server name: ${server}`); // as it came: escape sequences reach the terminal
console.log(`Client's number: ${number}`);
console.log(`Server's number: ${theirs}`);
console.log(`Sum: ${Number(number) + Number(theirs)}`);
socket.close();
