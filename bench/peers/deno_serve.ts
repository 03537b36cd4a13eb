// HTTP on Deno.serve: /bytes/N is N random bytes, everything else "200 OK".

/** The most bytes that one call fills. */
const CHUNK = 65_536;

function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += CHUNK) crypto.getRandomValues(bytes.subarray(at, at + CHUNK));
  return bytes;
}

const TEXT = { headers: { "content-type": "text/plain; charset=utf-8" } };
const BYTES = { headers: { "content-type": "application/octet-stream" } };

// deno-lint-ignore no-console
const onListen = ({ port }: Deno.NetAddr): void => console.log(`Listening on 127.0.0.1:${port}`);
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, ({ url }) => {
  const [, size] = /\/bytes\/(\d+)$/.exec(url) ?? [];
  return size === undefined ? new Response("200 OK\n", TEXT) : new Response(randomBytes(Number(size)), BYTES);
});
