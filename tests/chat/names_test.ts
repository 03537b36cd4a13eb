import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { isGuestName, isReservedName, nameKeys, RESERVED_NAMES } from "../../chat/name_keys.ts";
import { checkName, MAX_NAME } from "../../chat/names.ts";

const pure = { permissions: "none" } as const;

/** Whether two names count as the same. */
function same(one: string, other: string): boolean {
  const keys = nameKeys(one);
  return nameKeys(other).some((key) => keys.includes(key));
}

function problem(wanted: string): string {
  const checked = checkName(wanted);
  return "problem" in checked ? checked.problem : "";
}

Deno.test("checkName() accepts one word of any script, with digits and emoji", pure, () => {
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

Deno.test("checkName() refuses an invalid name, with the reason (C1)", pure, () => {
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

Deno.test("checkName() refuses names built to look like others (C1)", pure, () => {
  for (
    const name of [
      "ali\u0307ce", // an extra dot above the i
      "ꓢerver", // Lisu
      "Ꭺlice", // Cherokee
      "ᎪᏞᏆᏟᎬ",
      "ɑlice", // phonetic alpha
      "ꜱerver",
      "aliceꓽ", // a Lisu letter that looks like a colon
      "alice\u02d0", // the length mark of phonetic notation
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

Deno.test("nameKeys() are the same for names that look the same (C1)", pure, () => {
  for (
    const [one, other] of [["alice", "аӏісе"], ["alice", "aIice"], ["alice", "al1ce"], ["bob", "b0b"], [
      "operator",
      "οperatοr",
    ]]
  ) {
    assert(same(one as string, other as string), other);
  }
  for (const [one, other] of [["alice", "alicia"], ["bob", "rob"], ["Оля", "Аля"], ["guest-2", "guest-3"]]) {
    assert(!same(one as string, other as string));
  }
});

Deno.test("checkName() counts characters, not UTF-16 units", pure, () => {
  assertEquals(problem("😀".repeat(MAX_NAME)), "");
  assertEquals(problem("😀".repeat(MAX_NAME + 1)), "a name has at most 24 characters");
});

Deno.test("checkName() returns a name in its compatibility form", pure, () => {
  assertEquals(checkName("Ａｌｉｃｅ"), { name: "Alice" });
  assertEquals(checkName(" bob "), { name: "bob" });
});

Deno.test("nameKeys() are the same for names that differ in case or width (C1)", pure, () => {
  for (const name of ["alice", "ALICE", "Ａlice", "ａｌｉｃｅ", "aLıce"]) {
    assert(same(name, "alice"), name);
  }
  assert(!same("alice", "alicia"));
  assert(same("straße", "STRASSE"));
  assert(same("ΣΟΦΟΣ", "σοφος"));
  assert(same("Zoe\u0308", "ZOË"));
  assert(!same("alice", "alise"));
});

Deno.test("nameKeys() are the same for a name and for what checkName() returns", pure, () => {
  for (const wanted of ["ﬁnn", "Ⅸ", "①", "K", "ſam", "İpek"]) {
    const checked = checkName(wanted);
    assert("name" in checked, wanted);
    assert(same(checked.name, wanted), wanted);
  }
});

/** Look-alikes, each with the plain name. */
const LOOK_ALIKES: readonly (readonly [string, string])[] = [
  ["ΜΑΧ", "max"],
  ["ΑΝΝΑ", "anna"],
  ["ΖΟΕ", "zoe"],
  ["ѕаѵѵа", "savva"],
  ["үаүа", "yaya"],
  ["հսցօ", "hugo"],
  ["Τυνα", "tuva"],
  ["a丨ice", "alice"],
  ["aƖice", "alice"],
  ["ƿaul", "paul"],
  ["ȷohn", "john"],
  ["ƅill", "bill"],
  ["ƞooƞ", "noon"],
  ["ĸate", "kate"],
  ["rnarie", "marie"],
  ["RNARIE", "Marie"],
  ["vvilliam", "william"],
  ["anna.", "anna"],
  ["änna", "anna"],
  ["an-na", "Anna"],
  ["Bjørn", "Bjorn"],
  ["Łukasz", "lukasz"],
  ["SEƦVEƦ", "server"],
  ["server_", "server"],
  ["serveŕ", "server"],
  ["ѕегѵег", "server"],
  ["Ƅob", "bob"],
  ["丨ucy", "lucy"],
  ["sysㄒem", "system"],
  ["sysㅜem", "system"],
  ["sys丁em", "system"],
  ["sㄚstem", "system"],
  ["adm工n", "admin"],
  ["admㄧn", "admin"],
  ["adm亅n", "admin"],
  ["🇦🇩🇲🇮🇳", "admin"],
  ["〇perator", "operator"],
  ["operator\u{1D165}", "operator"],
  ["operator.", "operator"],
  ["adrnin", "admin"],
];

Deno.test("a look-alike name is refused, or counts as the same (C1)", pure, () => {
  for (const [name, plain] of LOOK_ALIKES) {
    assert(problem(name) !== "" || same(name, plain), name);
    assert(problem(name) !== "" || same(name, plain.toUpperCase()), name);
  }
});

Deno.test(
  "a name is compared as written, in lower case and in upper case, so that no letter stands for two (C1)",
  pure,
  () => {
    assert(same("ΑΝΝΑ", "anna") && same("αννα", "avva") && !same("anna", "avva"));
    assertEquals(nameKeys("Marie").length, 1);
  },
);

Deno.test("names that differ in their letters are different, in any script", pure, () => {
  for (
    const [one, other] of [
      ["राम", "रीमा"],
      ["かな", "がな"],
      ["はな", "ぱな"],
      ["มาลี", "มาลา"],
      ["Ольга", "Олег"],
      ["민수", "민서"],
      [
        "李雷",
        "李霞",
      ],
      ["Ana", "Ada"],
      ["Νίκος", "Νίκη"],
      ["محمد", "محمود"],
      ["😀", "😎"],
    ]
  ) {
    assert(!same(one as string, other as string), `${one} ${other}`);
  }
});

Deno.test("guest-N and its look-alikes are recognised", pure, () => {
  for (const name of ["guest-1", "guest-10", "GUEST_7", "guest", "Guest.l", "ɢuest-1", "guеst-O"]) {
    assert(isGuestName(nameKeys(name)) || problem(name) !== "", name);
  }
  for (const name of ["guestbook", "august", "guesst-1"]) assert(!isGuestName(nameKeys(name)), name);
});

Deno.test("a role is reserved, in every form that passes for it; a word that only contains one is not", pure, () => {
  const forms = [
    ...RESERVED_NAMES.flatMap((
      role,
    ) => [role, role.toUpperCase(), `${role}s`, `${role}_2`, `7${role}`, `${role}${role}`]),
    ...[
      "serveŕ",
      "Šërvěr",
      "s.erver",
      "server_",
      "__server__",
      "SEƦVEƦ",
      "ѕегѵег",
      "ｓｅｒｖｅｒ",
      "sɛrvɛr",
      "sərvər",
      "admiŋ",
      "ßerver",
    ],
    ...[
      "0perator",
      "0perator1",
      "œperator",
      "øperator",
      "5erv3r",
      "r00t",
      "4dm1n",
      "sy5tem",
      "Serverr",
      "ssserver",
      "adrnin",
    ],
    ...["server-admin", "the_mods", "Chat.Server", "room-moderator", "admin007"],
  ];
  for (const name of forms) assert(problem(name) !== "" || isReservedName(name), name);
  const others = [
    "modest",
    "Mood",
    "Modi",
    "Rott",
    "Rot",
    "Hostetler",
    "hostess",
    "Owens",
    "Stafford",
    "Theodor",
    "Adminah",
    "Serverus",
  ];
  for (const name of [...others, "operetta", "chatty", "guest-2", "42", "_"]) assert(!isReservedName(name), name);
});

Deno.test("a name of punctuation only equals itself, and no other", pure, () => {
  assertEquals([nameKeys("_"), same("_", "__"), same("_", "_")], [["_"], false, true]);
});

/** First names in their usual spelling. */
const FIRST_NAMES = `
Alice Bob Carol Dave Emma Liam Olivia Noah Ava Sophia Isabella Mia Charlotte Amelia Harper Evelyn William James Benjamin Lucas
Henry Mateo Daniel Michael Mary Marie Max Zoe Hugo Savva Yaya Paul John Bill Kate Lucy Anna Clara Dara Ian Lan
Zoë Chloë Renée André José María Ángel Íñigo Óscar Úrsula Núria Jordi Begoña João Conceição Luís Inês Gonçalo Antão Anaïs Gaël Maëlle
François Hélène Benoît Cécile Noël Thérèse Loïc Jürgen Günther Jörg Käthe Björn Åsa Göran Märta Søren Bjørn Øyvind Ærø Kåre Þór
Guðrún Sigríður Ægir Ýmir Ólafur Päivi Äijä Jyrki Mäki Ülle Õnne Jānis Līga Ķēniņš Ģirts Žydrūnas Rūta Šarūnas Ąžuolas Łukasz
Małgorzata Paweł Zdzisław Świętosława Grażyna Jiří Ondřej Věra Zdeněk Šárka Ľuboš Ján Ďuro György Ödön Zsófia Ágnes Őrs Ümit
Čedomir Đorđe Željko Nataša Ștefan Ioana Țuțea Sânziana Mihăiță Ilir Çelik Gëzim Yağmur Şule İpek Işık Gülşah Çağla Əli Nərmin Ülviyyə
Nguyễn Phúc Thảo Hương Đức Trần Ạnh Ngọc Ngọzi Ọlá Ṣadé Ẹniọlá Ɗanjuma Ƙasimu Ɓala Kɔfi Esɛ Ŋun Kwame Wanjiru Ħamza Ġorġ Żeppi
Caitríona Siân Llŷr Gwenhwyfar O'Neil D'Arcy Jean-Luc Anne_Marie J.R.
Ελένη Γιώργος Κωνσταντίνος Άννα Νίκος Αθηνά Ζωή Δημήτρης Μαρία ΜΑΧ Χρήστος Ἑλένη
Ольга Иван Анна Сергей Фёдор Юлия Надежда Андрій Їжак Євген Олександр Ґалаґан Љубица Његош Ђорђе Џемал Ћира Ѓорѓи Ќиро Алёна Әсел
Өмүрбек Үсен Қайрат Ғалым Ұлан Һәдис Җәмилә Ўктам Рөстәм Тұрсын
Արամ Հովհաննես Անահիտ Գայանե Նարե Շուշան Սևակ Ծովինար
გიორგი ნინო თამარ ლაშა მარიამ ზურაბ ქეთევან
אבי יעל משה רחל נועם שרה יִצְחָק אִמָּא
محمد فاطمة أحمد ليلى يوسف زينب خديجة عبدالله مُحَمَّد پریسا ژاله چنگیز گلنار علی ہما ٹیپو
राम सीता प्रिया अर्जुन कृष्ण लक्ष्मी दीपा ज्योति रवीन्द्र अनिरुद्ध
রবি সুমিত্রা অনিন্দ্য ਗੁਰਪ੍ਰੀਤ ਹਰਜੀਤ ਸਿਮਰਨ પ્રિયા જયેશ ହରି ସୁମିତ୍ରା முருகன் லட்சுமி அருண் రాము లక్ష్మి శ్రీనివాస్ ಕೃಷ್ಣ ಸುಮಾ
അനു കൃഷ്ണൻ ലക്ഷ്മി සුනිල් කුමාරි สมชาย มาลี ประเสริฐ กิตติ์ ສົມພອນ ບຸນມີ བཀྲ မောင် သီရိ သူဇာ សុភា ចាន់
ሀይለ አበበ ሰላም ትርሐስ މުޙައްމަދު އައިޝަތު
李雷 王芳 張偉 陳美玲 欧阳娜娜 諸葛亮 丫丫 さくら たろう ひなた サクラ タロウ ジョン ユーリ 健太 美咲 花子 佐々木 김민수 서연 지훈 하윤 이순신
李Lei 김Kim 小明 阿Q ㄇㄚㄇㄚ 😀 🐼 panda🐼 r2d2 x1 42 _nick
`.split(/\s+/).filter((name) => name !== "");

Deno.test("first names of many languages are valid, and none is reserved", pure, () => {
  assert(FIRST_NAMES.length > 340, `${FIRST_NAMES.length}`);
  const refused = FIRST_NAMES.filter((name) =>
    problem(name) !== "" || isGuestName(nameKeys(name)) || isReservedName(name)
  );
  assertEquals(refused.map((name) => `${name} ${problem(name)}`), []);
});

Deno.test("checkName() accepts typographic apostrophes, and syllables with many vowel signs", pure, () => {
  const names = ["O\u2019Brien", "O\u02bbzbek", "\u1000\u103b\u1031\u102c\u103a"];
  assertEquals(names.map(checkName), [{ name: "O'Brien" }, { name: "O'zbek" }, { name: names[2] ?? "" }]);
});
