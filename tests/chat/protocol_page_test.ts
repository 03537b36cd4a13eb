/** What chat/PROTOCOL.md shows is what a client sees. */
import { assertEquals } from "@std/assert";
import { LineClient, TestRoomServer } from "./support.ts";

const PAGE = await Deno.readTextFile(new URL("../../chat/PROTOCOL.md", import.meta.url));
/** What the client sends and gets in each of the page's conversations. */
const CONVERSATIONS = [...PAGE.matchAll(/^```\n(> .*?)^```$/gms)].map(([, block = ""]) => {
  const lines = block.trimEnd().split("\n");
  const from = (mark: string): string[] => lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(2));
  return { sends: from("> "), gets: from("< ") };
});

Deno.test("chat/PROTOCOL.md: its conversations are what a client sees", async () => {
  const [first, second] = CONVERSATIONS;
  await using room = new TestRoomServer();
  using bob = await room.join("bob");
  let epoch = "";
  const check = async (client: LineClient, { sends, gets }: typeof CONVERSATIONS[number]): Promise<void> => {
    await client.say(...sends.map((line) => line.replace("q5T0", epoch)));
    for (const expected of gets) {
      const line = await client.line() ?? "";
      epoch ||= /^= (\S+)/.exec(line)?.[1] ?? "";
      assertEquals(line.replace(epoch || "none", "q5T0"), expected);
    }
  };
  using alice = await LineClient.connect(room.port);
  await check(alice, first!);
  await bob.say("are you there?");
  await room.log(/are you there/);
  // The old connection seems alive: the new one takes its place.
  using back = await LineClient.connect(room.port);
  await check(back, second!);
});
