/**
 * Requests, right and nearly right.
 *
 * @module
 */
import type { Draw } from "../engine/draw.ts";

/** Requests to be changed. */
export const SEEDS: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET /a?b=c%20d HTTP/1.1\r\nHost: a.example:8080\r\nAccept: */*\r\nUser-Agent: x/1.0 (y)\r\n\r\n",
  "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: h\r\n\r\n",
  "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nxyz\r\n0\r\n\r\n",
  "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n1\r\na\r\n0\r\nT: v\r\nU: \r\n\r\n",
  "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
  "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
  "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
  "GET http://h/p HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, upgrade\r\nUpgrade: websocket\r\n\r\n",
  "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
  '\r\nGET / HTTP/1.1\r\nhost:h\r\nTE: trailers\r\nIf-Match: "x"\r\nX-Empty:\r\nX: \t a \xe9 \t\r\n\r\n',
];

/** What means something in a request. */
export const REQUEST_WORDS: readonly string[] = [
  ...'\r\n|\n|\r|\r\n\r\n|\n\n|\r\r\n|\t| |:|;|,|"|\\|\0|\x0b|\x0c|\x7f|\xa0|\xff|%|%2e|%00|#|?|*|/|//|..|[|]|@'.split(
    "|",
  ),
  ...["GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT", "PRI", "FOO", "get", " HTTP/1.1", "HTTP/1.0", "HTTP/1.2"],
  ...["HTTP/2.0", "HTTP/0.9", "HTTP/11", "http/1.1", "ICE/1.0", "RTSP/1.0"],
  ...["Content-Length: 5\r\n", "Content-Length: 0\r\n", "Content-Length: +5\r\n", "Content-Length: 5, 5\r\n"],
  ...[
    "Content-Length:\r\n",
    "Content-Length : 5\r\n",
    "Content-Length: 05\r\n",
    "content-length: 99999999999999999999\r\n",
  ],
  ...[
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked, chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
  ],
  ...["Transfer-Encoding: identity\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding:\r\n", "chunked"],
  ...["Transfer-Encoding: \tchunked\r\n", "Transfer-Encoding: chunked;a=b\r\n", "Transfer-Encoding: Chunked \r\n"],
  ...["Transfer-Encoding\r\n: chunked\r\n", "Host: h\r\n", "Host: a, b\r\n", "Host: h\r\nHost: h\r\n", "Host:\r\n"],
  ...["Connection: close\r\n", "Connection: keep-alive\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\n", " folded\r\n"],
  ...[
    "Connection: close, keep-alive\r\n",
    "Proxy-Connection: keep-alive\r\n",
    "Expect: 100-continue\r\n",
    "Expect: x\r\n",
  ],
  ...[
    "TE: chunked\r\n",
    "Origin: http://h\r\n",
    "0\r\n\r\n",
    "1\r\na\r\n",
    "00\r\n\r\n",
    '0;a="b\r\n"\r\n\r\n',
    "-1\r\n",
  ],
  ...["0x5\r\n", "FFFFFFFFFFFFFFFFF\r\n", "5 \r\nhello\r\n", "5;\r\nhello\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"],
];

const METHODS = [
  "GET",
  "GET",
  "POST",
  "POST",
  "PUT",
  "HEAD",
  "DELETE",
  "OPTIONS",
  "PATCH",
  "CONNECT",
  "PROPFIND",
  "QUERY",
  "FOO",
];
const VERSIONS = [...Array(20).fill("1.1"), "1.0", "1.0", "1.0", "1.2", "2.0", "0.9"];

/** Some requests in a row. */
export function requestsOf(draw: Draw): string {
  return draw.some(1, draw.happens(0.7) ? 2 : 5, () => requestOf(draw));
}

function requestOf(draw: Draw): string {
  const body = draw.below(3);
  const fields = [`Host: ${hostOf(draw)}`];
  for (let left = draw.below(draw.happens(0.1) ? 12 : 4); left > 0; left--) fields.push(fieldOf(draw));
  let content = "";
  if (body === 1) {
    content = textOf(draw, draw.size(draw.happens(0.003) ? 20_000 : 110));
    fields.push(`Content-Length: ${content.length + (draw.happens(0.05) ? draw.between(-1, 1) : 0)}`);
  } else if (body === 2) {
    content = chunks(draw);
    fields.push("Transfer-Encoding: chunked");
  }
  if (draw.happens(0.2)) {
    fields.push(draw.pick(["Connection: close", "Connection: keep-alive", "Expect: 100-continue"]));
  }
  // A field may be anywhere, twice, or missing.
  if (draw.happens(0.3)) fields.sort(() => draw.below(3) - 1);
  if (draw.happens(0.05)) fields.push(draw.pick(fields));
  if (draw.happens(0.05)) fields.splice(draw.below(fields.length), 1);
  // The other framing, or the same once more.
  if (draw.happens(0.06)) {
    fields.push(draw.pick(["Content-Length: 3", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked"]));
  }
  const line = `${draw.pick(METHODS)} ${targetOf(draw)} HTTP/${draw.pick(VERSIONS)}`;
  const text = `${draw.happens(0.05) ? "\r\n" : ""}${[line, ...fields].join("\r\n")}\r\n\r\n${content}`;
  return draw.happens(0.25) ? slip(draw, text) : text;
}

/** One rule broken, at one place where it matters: an end of a line, or inside one. */
function slip(draw: Draw, text: string): string {
  const odd = (): string =>
    draw.pick(["\n", "\r", "\r\r\n", " \r\n", "\r\n ", "\n\r", "", "\0\r\n", "\x0b\r\n", "x\r\n"]);
  const inside = (): string =>
    draw.pick(["\0", "\r", "\n", "\x0b", "\x7f", "\x1f", "\xff", " ", "\t", ":", ";", ",", '"']);
  const ends = [...text.matchAll(/\r\n/g)].map(({ index }) => index);
  const at = draw.happens(0.5) && ends.length > 0 ? draw.pick(ends) : null;
  if (at !== null) return `${text.slice(0, at)}${odd()}${text.slice(at + 2)}`;
  const middle = draw.below(text.length + 1);
  return `${text.slice(0, middle)}${inside()}${text.slice(middle)}`;
}

function hostOf(draw: Draw): string {
  return draw.happens(0.7) ? "h" : draw.pick([
    "localhost",
    "localhost:8080",
    "127.0.0.1",
    "[::1]:80",
    "a.example.",
    "a%20b",
    "h:",
    "h:99999",
    "a_b",
  ]);
}

function targetOf(draw: Draw): string {
  const start = draw.happens(0.6) ? "/" : draw.pick([
    "/",
    "/",
    "/",
    "/",
    "*",
    "http://h/",
    "http://h?x",
    "https://h:1/",
    "h:443",
    "http://u@h/",
    "ftp://h/",
    "//h/",
  ]);
  return start +
    (draw.happens(0.5) ? "" : textOf(draw, draw.size(draw.happens(0.1) ? 220 : 12)).replace(
      /[^!-~]/g,
      (odd) => draw.happens(0.9) ? "x" : odd,
    ));
}

function fieldOf(draw: Draw): string {
  const name = draw.happens(0.5)
    ? draw.pick([
      "Accept",
      "Cookie",
      "Range",
      "TE",
      "Expect",
      "Connection",
      "Upgrade",
      "Content-Type",
      "If-Match",
      "Trailer",
      "X-Forwarded-For",
    ])
    : textOf(draw, draw.between(1, 8)).replace(/[^\w-]/g, "x");
  const space = draw.pick(["", " ", " ", " ", "\t", "  "]);
  return `${name}:${space}${textOf(draw, draw.size(draw.happens(0.1) ? 210 : 20))}${
    draw.pick(["", "", "", " ", "\t"])
  }`;
}

/** Text that a field or a body may have, with a byte of any kind now and then. */
function textOf(draw: Draw, length: number): string {
  const plain = draw.happens(0.9);
  const one = draw.pick([
    "a",
    "x=1",
    "b, c",
    "chunked",
    "close",
    "100-continue",
    "\xc3\xa9",
    "%41",
    '"q"',
    "trailers",
    "gzip;q=0",
  ]);
  if (plain) return one.repeat(Math.ceil(length / one.length)).slice(0, length);
  return draw.some(
    length,
    length,
    () => String.fromCharCode(draw.happens(0.8) ? draw.between(32, 126) : draw.below(256)),
  );
}

function chunks(draw: Draw): string {
  const some = draw.some(0, 5, () => {
    const data = textOf(draw, Math.max(1, draw.size(draw.happens(0.1) ? 120 : 12)));
    const size = data.length.toString(16);
    const shown = draw.pick([size, size, size.toUpperCase(), `0${size}`, `000${size}`]);
    return `${shown}${extension(draw)}${end(draw)}${data}${end(draw)}`;
  });
  const trailers = draw.some(0, draw.happens(0.8) ? 0 : 9, () => `${fieldOf(draw)}\r\n`);
  return `${some}${draw.pick(["0", "0", "00"])}${extension(draw)}${end(draw)}${trailers}${end(draw)}`;
}

/** The end of a line in a chunked body, mostly. */
function end(draw: Draw): string {
  return draw.happens(0.95) ? "\r\n" : draw.pick(["\n", "\r", "x\n", "\n\n", "\r\r\n", " \r\n", "x\r\n", ""]);
}

function extension(draw: Draw): string {
  if (draw.happens(0.8)) return "";
  return draw.pick([
    ";a",
    ";a=b",
    "; a = b",
    ';a="b c"',
    ';a="b\\"c"',
    ';a="b;c";d',
    " ;a",
    "\t;a",
    ";",
    ";a=",
    `;a=${"b".repeat(draw.size(draw.happens(0.02) ? 4200 : 20))}`,
  ]);
}
