import { assertEquals } from "@std/assert";
import { MAX_REFUSAL, RefusalFilter, refusalIn, type RefusalPlace } from "../../lib/refusal.ts";
import { decodeText, encodeText } from "../../lib/text.ts";
import { everyWay } from "../support/chunks.ts";

const pure = { permissions: "none" } as const;
const FULL = "Cannot serve you: the server is full";

/** What a filter passes on, and the reason that it finds at the end. */
function filtered(pieces: readonly Uint8Array[], place: RefusalPlace, cutOff = false): [string, string | null] {
  const filter = new RefusalFilter(place);
  let data = "";
  for (const piece of pieces) data += decodeText(filter.push(piece));
  const reason = filter.reason({ cutOff });
  return [reason === null ? data + decodeText(filter.flush()) : data, reason];
}

Deno.test("RefusalFilter recognises the only line, however it is split", pure, () => {
  for (const end of ["\n", "\r\n", ""]) {
    for (const place of ["only", "last"] as const) {
      for (const { name, pieces } of everyWay(encodeText(FULL + end))) {
        assertEquals([name, ...filtered(pieces, place)], [name, "", "the server is full"]);
      }
    }
  }
});

Deno.test("RefusalFilter passes everything else unchanged, however it is split", pure, () => {
  const others = [
    "",
    "C",
    "Cannot",
    "Cannot serve you: ",
    "Cannot serve you: \n",
    "Cannot take the question: it is empty\n",
    "cannot serve you: no\n",
    `${FULL}\n\n`,
    `${FULL}\nand more`,
    `first\n${FULL}\n`,
    ` ${FULL}\n`,
    `${FULL}${"!".repeat(MAX_REFUSAL - FULL.length)}\n`,
  ];
  for (const text of others) {
    for (const { name, pieces } of everyWay(encodeText(text))) {
      assertEquals([text, name, ...filtered(pieces, "only")], [text, name, text, null]);
    }
  }
});

Deno.test("RefusalFilter finds the last of many lines, however they are split", pure, () => {
  const before = `* you are bob\n${FULL} (a line like any other)\nalice: ${FULL}\n`;
  for (const { name, pieces } of everyWay(encodeText(`${before}${FULL}\n`))) {
    assertEquals([name, ...filtered(pieces, "last")], [name, before, "the server is full"]);
  }
  for (const text of [`${before}${FULL}\nmore\n`, `no line end: ${FULL}\n`, `${before}Cannot serve`]) {
    for (const { name, pieces } of everyWay(encodeText(text))) {
      assertEquals([text, name, ...filtered(pieces, "last")], [text, name, text, null]);
    }
  }
});

Deno.test("RefusalFilter holds back no byte that cannot become a refusal", pure, () => {
  const filter = new RefusalFilter("only");
  assertEquals([filter.push(encodeText("Can")).length, filter.held, filter.over], [0, 3, false]);
  assertEquals([decodeText(filter.push(encodeText("di"))), filter.held, filter.over], ["Candi", 0, true]);
  assertEquals(decodeText(filter.push(encodeText(FULL))), FULL);
  const long = new RefusalFilter("only");
  long.push(encodeText(FULL.padEnd(MAX_REFUSAL, "!")));
  assertEquals([long.held, long.push(Uint8Array.of(33)).length], [MAX_REFUSAL, MAX_REFUSAL + 1]);
});

Deno.test("RefusalFilter gives up what it holds back; in a chat the next line may be a refusal again", pure, () => {
  for (const [place, found] of [["only", null], ["last", "the server is full"]] as const) {
    const filter = new RefusalFilter(place);
    filter.push(encodeText("Can"));
    assertEquals(decodeText(filter.flush()), "Can");
    filter.push(encodeText("\n"));
    filter.push(encodeText(FULL));
    assertEquals([place, filter.reason({ cutOff: false })], [place, found]);
  }
});

Deno.test("a refusal that was cut off counts only as a whole line", pure, () => {
  assertEquals(filtered([encodeText(FULL)], "only", true), [FULL, null]);
  assertEquals(filtered([encodeText(`${FULL}\n`)], "only", true), ["", "the server is full"]);
});

Deno.test("refusalIn() takes a whole message, with or without its line end", pure, () => {
  for (const end of ["", "\n", "\r\n"]) assertEquals(refusalIn(encodeText(FULL + end)), "the server is full");
  for (const text of ["", "Cannot", "Cannot serve you: ", `${FULL}\n.`, `"${FULL}"`, FULL.padEnd(MAX_REFUSAL + 1)]) {
    assertEquals(refusalIn(encodeText(text)), null, text);
  }
});
