/**
 * sum:basic-client asks for a number, sends it over TCP, and prints the sum with the server's.
 *
 * ```sh
 * deno task sum:basic-client
 * deno run --no-prompt --allow-net=127.0.0.1 sum/basic_client.ts
 * ```
 *
 * Try it against `deno task sum:basic-server`:
 *
 * ```
 * $ deno task sum:basic-client
 * Enter an integer between 1 and 100: 42
 * Client name: Basic client
 * Server name: Basic server
 * …
 * Sum: 100
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the plainest way to print
const NAME = "Basic client";
const buffer = new Uint8Array(1024);
const decode = (count: number | null): string => new TextDecoder().decode(buffer.subarray(0, count ?? 0)).trim();

// Nobody checks what is typed: "4.5" and "forty" are sent as they are, and the server has to cope. sum/client.ts asks again.
await Deno.stdout.write(new TextEncoder().encode("Enter an integer between 1 and 100: "));
const number = decode(await Deno.stdin.read(buffer));

using conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 12000) });
await conn.write(new TextEncoder().encode(`${NAME}: ${number}`)); // no newline: a server that reads lines waits for the rest

// One read is not one answer: "Bob: 58" may come as "Bob: 5" and "8", and the sum is wrong. A silent server holds us here.
const answer = decode(await conn.read(buffer));
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
