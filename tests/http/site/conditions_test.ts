import { assertEquals } from "@std/assert";
import { decide, type Decision, parseHttpDate } from "../../../http/site/conditions.ts";

const permissions = "none";
const MODIFIED = Date.UTC(1994, 10, 6, 8, 49, 37) / 1000;
const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT";
const AFTER = "Sun, 06 Nov 1994 08:49:38 GMT";

function decided(fields: Readonly<Record<string, string>>, size = 100, now = Date.now()): Decision {
  return decide((name) => fields[name] ?? null, { etag: '"v1"', modified: MODIFIED, size }, now);
}

function status(fields: Readonly<Record<string, string>>): number {
  return decided(fields).status;
}

Deno.test(
  "9110 14.1.2: a single range is served: from the start, from the end, up to the end (H21)",
  { permissions },
  () => {
    const part = (range: string, size = 100): unknown[] => {
      const decision = decided({ range }, size);
      return decision.status === 206 ? [decision.first, decision.last] : [decision.status];
    };
    assertEquals(part("bytes=0-0"), [0, 0]);
    assertEquals(part("bytes=10-19"), [10, 19]);
    assertEquals(part("bytes=5-"), [5, 99]);
    assertEquals(part("bytes=-5"), [95, 99]);
    assertEquals(part("bytes=-500"), [0, 99]);
    assertEquals(part("bytes=90-500"), [90, 99]);
    assertEquals(part("BYTES= 0-99 "), [0, 99]);
    assertEquals(part("bytes=99-99999999999999999999"), [99, 99]);
  },
);

Deno.test(
  "9110 14.2: a range beyond the end gets 416; malformed and multiple ranges are ignored (H21)",
  { permissions },
  () => {
    for (const range of ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999-"]) {
      assertEquals(status({ range }), 416, range);
    }
    for (
      const range of [
        "bytes=5-2",
        "bytes=-",
        "bytes=",
        "bytes",
        "0-4",
        "lines=0-4",
        "bytes=a-b",
        "bytes=0-1,3-4",
        "bytes=+1-2",
        "bytes=1-2-3",
      ]
    ) {
      assertEquals(status({ range }), 200, range);
    }
    assertEquals(decided({ range: "bytes=0-0" }, 0).status, 416);
    assertEquals(decided({ range: "bytes=0-" }, 0).status, 416);
  },
);

Deno.test("9110 14.1.2: the last bytes of an empty representation are all of it", { permissions }, () => {
  assertEquals(decided({ range: "bytes=-5" }, 0).status, 200);
  assertEquals(decided({ range: "bytes=-0" }, 0).status, 416);
});

Deno.test("9110 13.1.2: If-None-Match compares weakly, and * matches everything", { permissions }, () => {
  for (const tags of ['"v1"', 'W/"v1"', '"a", "v1"', '"a,b" , W/"v1"', "*", " * "]) {
    assertEquals(status({ "if-none-match": tags }), 304, tags);
  }
  for (const tags of ['"v2"', "v1", '"V1"', ""]) assertEquals(status({ "if-none-match": tags }), 200, tags);
});

Deno.test("9110 13.1.3: If-Modified-Since is ignored with If-None-Match, and if it is not a date", {
  permissions,
}, () => {
  assertEquals(status({ "if-modified-since": DATE }), 304);
  assertEquals(status({ "if-modified-since": AFTER }), 304);
  assertEquals(status({ "if-modified-since": BEFORE }), 200);
  assertEquals(status({ "if-modified-since": AFTER, "if-none-match": '"v2"' }), 200);
  assertEquals(status({ "if-modified-since": "yesterday" }), 200);
});

Deno.test(
  "9110 13.1.1, 13.1.4: If-Match compares strongly, If-Unmodified-Since by date; 412 if not",
  { permissions },
  () => {
    assertEquals(status({ "if-match": '"v1"' }), 200);
    assertEquals(status({ "if-match": "*" }), 200);
    assertEquals(status({ "if-match": 'W/"v1"' }), 412);
    assertEquals(status({ "if-unmodified-since": DATE }), 200);
    assertEquals(status({ "if-unmodified-since": BEFORE }), 412);
    assertEquals(status({ "if-unmodified-since": BEFORE, "if-match": '"v1"' }), 200);
  },
);

Deno.test("9110 13.1.5: If-Range needs exactly the same tag or date, else everything is sent", { permissions }, () => {
  const range = "bytes=0-4";
  for (const same of ['"v1"', DATE]) assertEquals(status({ range, "if-range": same }), 206, same);
  for (const other of ['"v2"', 'W/"v1"', AFTER, BEFORE, "v1", ""]) {
    assertEquals(status({ range, "if-range": other }), 200, other);
  }
});

Deno.test("9110 8.8.2.2: If-Range needs a date before the current second", { permissions }, () => {
  const at = (milliseconds: number): number =>
    decided({ range: "bytes=0-4", "if-range": DATE }, 100, MODIFIED * 1000 + milliseconds).status;
  assertEquals([at(0), at(999), at(1000)], [200, 200, 206]);
});

Deno.test("9110 13.2.2: the conditions are evaluated in order", { permissions }, () => {
  assertEquals(status({ "if-match": '"v2"', "if-none-match": '"v1"' }), 412);
  assertEquals(status({ "if-none-match": '"v1"', range: "bytes=0-4" }), 304);
});

Deno.test("9110 5.6.7: only the three formats of a date are accepted", { permissions }, () => {
  for (const text of [DATE, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]) {
    assertEquals(parseHttpDate(text), MODIFIED, text);
  }
  for (
    const text of [
      "",
      "now",
      "1994-11-06",
      "Sun, 06 Nov 1994 08:49:37",
      `${DATE}x`,
      "Sun, 06 Nov 1994 08:49:37 CET",
      "784111777",
    ]
  ) {
    assertEquals(parseHttpDate(text), null, text);
  }
});

Deno.test("9110 5.6.7: a day or time that does not exist is no date", { permissions }, () => {
  for (
    const text of [
      "Sun, 31 Feb 2049 00:00:00 GMT",
      "Mon, 29 Feb 2100 00:00:00 GMT",
      "Fri, 00 Jan 2049 00:00:00 GMT",
      "Fri, 01 Jan 2049 24:00:00 GMT",
      "Fri, 01 Jan 2049 00:60:00 GMT",
      "Fri, 01 Jan 2049 00:00:60 GMT",
      "Wednesday, 31-Nov-94 08:49:37 GMT",
      "Sun Feb 30 08:49:37 1994",
    ]
  ) {
    assertEquals(parseHttpDate(text), null, text);
  }
  assertEquals(parseHttpDate("Tue, 29 Feb 2000 23:59:59 GMT"), Date.UTC(2000, 1, 29, 23, 59, 59) / 1000);
});

Deno.test("9110 5.6.7: a year of two digits is at most 50 years ahead", { permissions }, () => {
  const year = (two: string, now: number): number =>
    new Date((parseHttpDate(`Friday, 01-Jan-${two} 00:00:00 GMT`, Date.UTC(now, 5)) ?? NaN) * 1000).getUTCFullYear();
  assertEquals([year("26", 2026), year("76", 2026), year("77", 2026), year("99", 2026)], [2026, 2076, 1977, 1999]);
  assertEquals([year("00", 2060), year("10", 2060), year("11", 1999)], [2000, 2010, 1911]);
});
