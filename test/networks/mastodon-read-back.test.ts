import { describe, expect, test } from "vitest";
import type { DeliveryKey } from "../../src/networks/network.ts";
import type { MastodonOptions } from "../support/mastodon.ts";
import { mastodonBench } from "../support/mastodon-bench.ts";
import { keyOf, ready, signal } from "./contract.ts";

const HOUR = 3_600_000;
const WORDS = ready("Bridge reopens\n\nOn Monday", null);

async function desk(options: MastodonOptions = {}) {
  const bench = await mastodonBench(options);
  return {
    ...bench,
    publish: (post = ready(), key = keyOf(post)) => bench.network.publish(bench.account, post, key, signal()),
    find: (key: DeliveryKey) => bench.network.find!(bench.account, key, new Set(), signal()),
    pages: () => bench.standIn.requests.filter(({ path }) => path.includes("/statuses?")).length,
  };
}

describe("how far back it looks", () => {
  test("a short page is not the end: the server left out what it filters", async () => {
    await using at = await desk({ hides: (text) => text.startsWith("Filtered") });
    const outcome = await at.publish();
    for (let i = 0; i < 45; i += 1) at.standIn.seed(`${i % 2 ? "Filtered" : "Other"} news ${i}`);
    expect(await at.find(keyOf(ready()))).toEqual(outcome);
  });

  test("it ends at what is older than the intent, or at an empty page", async () => {
    await using at = await desk();
    for (let i = 0; i < 3; i += 1) at.standIn.seed(`News ${i}`);
    expect((await at.find(keyOf(ready()))).kind).toBe("absent");
    expect(at.pages()).toBe(2);
    expect((await at.find(keyOf(ready(), "later", { intentAt: Date.now() + 60_000 }))).kind).not.toBe("posted");
    expect(at.pages()).toBe(3);
  });

  test("more posts since than it reads: it cannot tell", async () => {
    await using at = await desk();
    await at.publish();
    for (let i = 0; i < 400; i += 1) at.standIn.seed(`News ${i}`);
    expect(await at.find(keyOf(ready()))).toMatchObject({ kind: "cannot-tell", why: expect.stringContaining("400") });
    expect(at.pages()).toBe(10);
  });
});

describe("an entry that cannot be read", () => {
  const made = new Date().toISOString();
  const page = (entries: readonly unknown[]) => ({ status: 200, body: JSON.stringify(entries) });

  test.each([
    ["is null", null],
    ["is a word", "status"],
    ["has no id", { created_at: made, content: "<p>News</p>" }],
    ["has a number for an id", { id: 7, created_at: made, content: "<p>News</p>" }],
    ["has no time", { id: "7", content: "<p>News</p>" }],
    ["has no content", { id: "7", created_at: made }],
  ])("%s: a miss tells nothing, a hit is one", async (_what, entry) => {
    await using at = await desk();
    at.standIn.next(page([entry]), 1, "read");
    expect(await at.find(keyOf(ready()))).toMatchObject({ kind: "cannot-tell" });
    const outcome = await at.publish();
    at.standIn.seed("Newer news");
    at.standIn.next(page([entry, { id: at.standIn.accepted[1]!.id, created_at: made, content: "<p>Newer news</p>" }]), 1, "read");
    expect(await at.find(keyOf(ready()))).toEqual(outcome);
  });

  test("a post of pictures alone can be read", async () => {
    await using at = await desk();
    at.standIn.next(page([{ id: "7", created_at: made, content: "" }]), 1, "read");
    expect((await at.find(keyOf(ready()))).kind).toBe("absent");
  });

  test("from before the intent it does not matter", async () => {
    await using at = await desk();
    at.standIn.next(
      page([{ created_at: new Date(Date.now() - HOUR).toISOString() }, { id: "7", created_at: made, content: "" }]),
      1,
      "read",
    );
    expect((await at.find(keyOf(ready()))).kind).toBe("absent");
  });
});

test.each([
  ["Thanks @Bob@elsewhere.example for the pictures", "a mention, shown by its first half"],
  ["Thanks @bob_2@elsewhere.example, @rosa and desk@example.org!", "several, and a mail address"],
  ["Café   “open”\n\n\nagain", "white space"],
])("a post without a link is found by its words: %s (%s)", async (text) => {
  await using at = await desk();
  const post = ready(text, null);
  const key = keyOf(post);
  expect((await at.find(key)).kind).toBe("absent");
  const outcome = await at.publish(post, key);
  expect(await at.find(key)).toEqual(outcome);
  expect((await at.find(keyOf(ready(`${text} Today`, null)))).kind).toBe("absent");
});

describe.each([
  ["with its link", ready()],
  ["by its words", WORDS],
])("clocks that differ, %s", (_how, post) => {
  test.each([-24 * HOUR, -3 * HOUR, -60_000, 0, 60_000, 3 * HOUR, 24 * HOUR])(
    "the server's by %i ms: found, and nothing older is taken for it",
    async (shift) => {
      await using at = await desk();
      at.standIn.advance(shift);
      at.standIn.seed(post.text, { createdAt: Date.now() + shift - 60_000 });
      const key = keyOf(post);
      expect((await at.find(key)).kind).not.toBe("posted");
      const outcome = await at.publish(post, key);
      expect(await at.find(key)).toEqual(outcome);
    },
  );

  test.each([-3 * HOUR, 3 * HOUR])("the store's by %i ms", async (shift) => {
    await using at = await desk();
    at.standIn.seed(post.text, { createdAt: Date.now() - 60_000 });
    const key = keyOf(post, "delivery-1", { intentAt: Date.now() + shift, now: Date.now() + shift });
    expect((await at.find(key)).kind).not.toBe("posted");
    const outcome = await at.publish(post, key);
    expect(await at.find({ ...key, now: Date.now() + shift })).toEqual(outcome);
  });

  test("a server without a Date: five minutes are allowed for", async () => {
    await using at = await desk({ dateless: true });
    at.standIn.seed(post.text, { createdAt: Date.now() - 6 * 60_000 });
    const key = keyOf(post);
    expect((await at.find(key)).kind).not.toBe("posted");
    at.standIn.advance(-4 * 60_000);
    const outcome = await at.publish(post, key);
    expect(await at.find(key)).toEqual(outcome);
  });
});

test("a token that was replaced by another account's: its posts are looked through, not the first one's", async () => {
  await using at = await desk({ accounts: { "token-one": "desk", "token-two": "newsroom" } });
  const withToken = (token: string) => ({ ...at.account, secret: { ...at.account.secret, get: async () => token } });
  const key = keyOf(ready());
  await at.network.verify(withToken("token-one"), signal());
  expect((await at.network.find!(withToken("token-one"), key, new Set(), signal())).kind).toBe("absent");
  const outcome = await at.network.publish(withToken("token-two"), ready(), key, signal());
  expect(await at.network.find!(withToken("token-two"), key, new Set(), signal())).toEqual(outcome);
  const asked = at.standIn.requests.filter(({ path }) => path.endsWith("verify_credentials")).length;
  await at.network.find!(withToken("token-one"), key, new Set(), signal());
  expect(at.standIn.requests.filter(({ path }) => path.endsWith("verify_credentials"))).toHaveLength(asked);
});

test("an older post with the very link of this one is a person's to look at: it proves nothing, and it is not nothing", async () => {
  await using at = await desk();
  at.standIn.seed(ready().text, { createdAt: Date.now() - HOUR });
  expect(await at.find(keyOf(ready()))).toMatchObject({ kind: "cannot-tell", why: expect.stringContaining("from before") });
});
