import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { checkName, MAX_NAME, nameKey } from "../../chat/names.ts";

const pure = { permissions: "none" } as const;

function problem(wanted: string): string {
  const checked = checkName(wanted);
  return "problem" in checked ? checked.problem : "";
}

Deno.test("checkName() takes one word of any script, with digits and emoji", pure, () => {
  const names = [
    "a",
    "Alice",
    "Zoë",
    "Zoe\u0308",
    "李雷",
    "Ольга",
    "Ελένη",
    "محمد",
    "สมชาย",
    "😀",
    "o'neil",
    "_x",
    "a.b-c_d",
    "42",
  ];
  for (const name of names) assertEquals(checkName(name), { name: name.normalize("NFKC") });
});

Deno.test("checkName() refuses what is no name, with the reason (C1)", pure, () => {
  assertEquals(problem(""), "a name has at least one character");
  assertEquals(problem("   "), "a name has at least one character");
  assertEquals(problem("x".repeat(1000)), "a name has at most 24 characters");
  assertEquals(problem("-x"), "a name begins with a letter, a digit, an emoji or _");
  assertEquals(problem("\u0308x"), "a name begins with a letter, a digit, an emoji or _");
  assertEquals(problem("аlice"), "a name does not mix alphabets whose letters look alike"); // Cyrillic а
  const word = "a name is one word of letters, digits, emoji and . _ ' -";
  for (
    const wanted of ["a b", "a:b", "a\tb", "a\x1b[31m", "a\0", "*", "~", "/who", "a\u202eb", "a\u200bb", "a\u3164", "ﷺ"]
  ) {
    assertEquals(problem(wanted), word, JSON.stringify(wanted));
  }
  assertEquals(problem("Z\u0335\u0336\u0337\u0338algo"), word);
});

Deno.test("checkName() refuses names that are made to look like others (C1)", pure, () => {
  for (
    const name of [
      "ali\u0307ce", // a dot above the i, which has one
      "ꓢerver", // Lisu
      "Ꭺlice", // Cherokee
      "ᎪᏞᏆᏟᎬ",
      "ɑlice", // the letter of phoneticians
      "ꜱerver",
      "aliceꓽ", // a Lisu letter like a colon
      "alice\u02d0", // the sign of a long vowel
      "a\u{16fe4}b",
      "aʼb",
      "Ωmega",
      "שalom",
    ]
  ) {
    assertNotEquals(problem(name), "", name);
  }
  for (const name of ["李Lei", "さくらサクラ桜", "김Kim", "Ναί", "Ольга", "दीपा", "รัก", "スーパー"]) {
    assertEquals(problem(name), "", name);
  }
});

Deno.test("nameKey() is the same for names that look the same (C1)", pure, () => {
  for (
    const [one, other] of [["alice", "аӏісе"], ["alice", "aIice"], ["alice", "al1ce"], ["bob", "b0b"], [
      "operator",
      "οperatοr",
    ]]
  ) {
    assertEquals(nameKey(one as string), nameKey(other as string), other);
  }
  for (const [one, other] of [["alice", "alicia"], ["bob", "rob"], ["Оля", "Аля"], ["guest-2", "guest-3"]]) {
    assertNotEquals(nameKey(one as string), nameKey(other as string));
  }
});

Deno.test("checkName() counts characters, not UTF-16 units", pure, () => {
  assertEquals(problem("😀".repeat(MAX_NAME)), "");
  assertEquals(problem("😀".repeat(MAX_NAME + 1)), "a name has at most 24 characters");
});

Deno.test("checkName() writes a name in its compatibility form", pure, () => {
  assertEquals(checkName("Ａｌｉｃｅ"), { name: "Alice" });
  assertEquals(checkName(" bob "), { name: "bob" });
});

Deno.test("nameKey() is the same for names that differ in case or width (C1)", pure, () => {
  for (const name of ["alice", "ALICE", "Ａlice", "ａｌｉｃｅ", "aLıce"]) {
    assertEquals(nameKey(name), nameKey("alice"), name);
  }
  assertNotEquals(nameKey("alice"), nameKey("alicia"));
  assertEquals(nameKey("straße"), nameKey("STRASSE"));
  assertEquals(nameKey("ΣΟΦΟΣ"), nameKey("σοφος"));
  assertEquals(nameKey("Zoe\u0308"), nameKey("ZOË"));
  assertNotEquals(nameKey("alice"), nameKey("alise"));
});

Deno.test("nameKey() is the same again for what checkName() makes of a name", pure, () => {
  for (const wanted of ["ﬁnn", "Ⅸ", "①", "K", "ſam", "İpek"]) {
    const checked = checkName(wanted);
    assert("name" in checked, wanted);
    assertEquals(nameKey(checked.name), nameKey(wanted), wanted);
  }
});
