import { afterAll, beforeEach, expect, test } from "vitest";
import { openDesk } from "../support/desk.ts";
import { testStore } from "../support/store.ts";
import { telegramBench } from "../support/telegram-bench.ts";
import type { WireFault } from "../support/wire.ts";

const bench = await telegramBench();
const { network, account, standIn } = bench;
const desk = await openDesk(await testStore(), {
  networks: [{ ...network, publish: (_account, ...more) => network.publish(account, ...more) }],
});
await desk.account({ name: "telegram-en", network: "telegram" });
await desk.account({ name: "sure-en", network: "telegram", onUnknown: "assume-posted" });
afterAll(async () => {
  await desk.close();
  await bench.close();
});
beforeEach(() => {
  standIn.accepted.length = 0;
  standIn.requests.length = 0;
  standIn.clearFaults();
});

async function deliver(name = "telegram-en"): Promise<string> {
  const story = await desk.story();
  const post = story.posts[name]!;
  await desk.approve(post);
  return desk.deliver(post);
}

test("a post stands in the channel with its card, and its address is kept", async () => {
  const story = await desk.story();
  const post = story.posts["telegram-en"]!;
  await desk.approve(post);
  expect(await desk.deliver(post)).toBe("posted");
  const [sent] = standIn.accepted;
  const row = (await desk.row(post)) as { remote_id: string; remote_url: string };
  expect(row).toMatchObject({
    remote_id: `${sent!.chat}/${sent!.messages[0]}`,
    remote_url: `https://t.me/dailyexample/${sent!.messages[0]}`,
  });
  expect(sent!.preview).toMatch(/^https:\/\/go\.example\.org\//);
});

test.each(["reset-after-accept", "reset-before-accept", 502, "truncated-json"] as WireFault[])(
  "an answer that is lost (%j): a person is asked, and nothing is sent again",
  async (fault) => {
    standIn.next(fault);
    expect(await deliver()).toBe("asked");
    expect(standIn.requests).toHaveLength(1);
  },
);

test("where the account says so, a lost answer is taken for a post", async () => {
  standIn.next("reset-after-accept");
  expect(await deliver("sure-en")).toBe("posted");
  expect(standIn.accepted).toHaveLength(1);
});

test("asked to wait, it waits and is there once", async () => {
  standIn.next(429, 2);
  expect(await deliver()).toBe("posted");
  expect(standIn.accepted).toHaveLength(1);
});
