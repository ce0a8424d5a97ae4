import { describe, expect, test } from "vitest";
import type { DeliveryKey } from "../../src/networks/network.ts";
import { xAccountOn, xBench } from "../support/x-bench.ts";
import { X_KEYS, type XOptions } from "../support/x.ts";
import { keyOf, ready, signal } from "./contract.ts";

const HOUR = 3_600_000;
const WORDS = ready("Bridge reopens\n\nOn Monday", null);

async function desk(options: XOptions = {}) {
  const bench = await xBench(options);
  return {
    ...bench,
    publish: (post = ready(), key = keyOf(post)) => bench.network.publish(bench.account, post, key, signal()),
    find: (key: DeliveryKey, owned: readonly string[] = []) => bench.network.find!(bench.account, key, new Set(owned), signal()),
    reads: () => bench.standIn.requests.map(({ path }) => path).filter((path) => path.includes("/tweets?")),
  };
}

describe("how it is matched", () => {
  test("by where its link leads, whatever stands in the text", async () => {
    await using at = await desk();
    const key = keyOf(ready());
    at.standIn.seed("Another post https://go.example.org/k3m9x2ax");
    const other = at.standIn.seed("Told otherwise: https://go.example.org/k3m9x2ab");
    expect(await at.find(key)).toMatchObject({ kind: "posted", id: other.id });
    expect((await at.find(key, [other.id])).kind).toBe("absent");
    expect(at.standIn.violations).toEqual([]);
  });

  test("never by its words where it has a link", async () => {
    await using at = await desk();
    at.standIn.seed("Bridge reopens\n\nhttps://go.example.org/another1");
    expect((await at.find(keyOf(ready()))).kind).toBe("absent");
  });

  test.each([
    ["Fish & chips: 3 < 4 > 2 &amp; “so on”", "what HTML would escape"],
    ["Café   “open”\n\n\nagain", "white space"],
    ["See example.org/a and https://www.example.com/b?c=d&e=f.", "links that are not ours"],
    ["Thanks @bob and #bridge", "mentions and tags"],
  ])("without a link by its words: %s (%s)", async (text) => {
    await using at = await desk();
    const post = ready(text, null);
    const key = keyOf(post);
    expect((await at.find(key)).kind).toBe("absent");
    const outcome = await at.publish(post, key);
    expect(await at.find(key)).toEqual(outcome);
    expect((await at.find(keyOf(ready(`${text} Today`, null)))).kind).toBe("absent");
  });

  test("a long post by the link at its end, and by its words", async () => {
    await using at = await desk({ maxWeight: 25_000 });
    for (const post of [
      ready(`${"Long words. ".repeat(60)}\n\n${ready().link}`),
      ready("Other words. ".repeat(60).trim(), null),
    ]) {
      const key = keyOf(post);
      const outcome = await at.publish(post, key);
      expect(await at.find(key)).toEqual(outcome);
    }
  });
});

describe("how far back it looks", () => {
  test("behind more than a hundred newer ones", async () => {
    await using at = await desk();
    const key = keyOf(ready());
    const outcome = await at.publish();
    for (let i = 0; i < 230; i += 1) at.standIn.seed(`News ${i}`);
    expect(await at.find(key)).toEqual(outcome);
    expect(at.reads()).toHaveLength(3);
  });

  test("more posts since than it reads: it cannot tell", async () => {
    await using at = await desk();
    await at.publish();
    for (let i = 0; i < 1_000; i += 1) at.standIn.seed(`News ${i}`);
    expect(await at.find(keyOf(ready()))).toMatchObject({ kind: "cannot-tell", why: expect.stringContaining("1000") });
    expect(at.reads()).toHaveLength(10);
  });

  test("what is much older is not even asked for: each post read is paid", async () => {
    await using at = await desk();
    for (let i = 0; i < 50; i += 1) at.standIn.seed(`Old news ${i}`, { createdAt: Date.now() - 3 * HOUR - i * 1_000 });
    expect((await at.find(keyOf(ready()))).kind).toBe("absent");
    const start = new URL(at.reads()[0]!, "https://x.example").searchParams.get("start_time") ?? "";
    expect(Date.now() - Date.parse(start)).toBeLessThan(2 * HOUR);
  });
});

describe("what cannot be read tells nothing", () => {
  const made = new Date().toISOString();
  const meta = { result_count: 1 };
  test.each([
    ["an entry that is null", { data: [null], meta }],
    ["no id", { data: [{ text: "News", created_at: made }], meta }],
    ["no time", { data: [{ id: "7", text: "News" }], meta }],
    ["no text", { data: [{ id: "7", created_at: made }], meta }],
    ["a link whose address is not told", { data: [{ id: "7", text: "News https://t.co/abc", created_at: made }], meta }],
    ["fewer posts than are counted", { data: [{ id: "7", text: "News", created_at: made }], meta: { result_count: 2 } }],
    ["errors beside the posts", { data: [{ id: "7", text: "News", created_at: made }], meta, errors: [{ title: "Field" }] }],
    ["no count", { data: [] }],
    ["posts that are no list", { data: {}, meta }],
    ["nothing of it", { ok: true }],
  ])("%s", async (_what, body) => {
    await using at = await desk();
    at.standIn.next({ status: 200, body: JSON.stringify(body) }, 1, "read");
    expect((await at.find(keyOf(ready()))).kind).toBe("cannot-tell");
  });

  test("a long post of which only the beginning is shown, and that begins as this one", async () => {
    await using at = await desk();
    const text = "Long words again. ".repeat(30).trim();
    const data = [{ id: "7", text: `${text.slice(0, 250)}…`, created_at: made }];
    for (const post of [ready(`${text}\n\n${ready().link}`), ready(text, null)]) {
      at.standIn.next({ status: 200, body: JSON.stringify({ data, meta }) }, 1, "read");
      expect((await at.find(keyOf(post))).kind).toBe("cannot-tell");
    }
  });

  test.each([
    [401, true, "401"],
    [402, true, "buy credits"],
    // May be about reading alone.
    [403, undefined, "403"],
  ])("a %i", async (status, lockedOut, said) => {
    await using at = await desk();
    at.standIn.next(status, 1, "read");
    const found = await at.find(keyOf(ready()));
    expect(found).toMatchObject({ kind: "cannot-tell", why: expect.stringContaining(said) });
    expect((found as { lockedOut?: boolean }).lockedOut).toBe(lockedOut);
  });

  test("a bucket that is empty: until it is full again", async () => {
    await using at = await desk();
    const reset = Math.floor(Date.now() / 1000) + 500;
    at.standIn.next({ status: 429, headers: { "x-rate-limit-remaining": "0", "x-rate-limit-reset": String(reset) } }, 1, "read");
    const found = (await at.find(keyOf(ready()))) as { kind: string; retryAt: number };
    expect(found.kind).toBe("cannot-tell");
    expect(Math.abs(found.retryAt - reset * 1000)).toBeLessThan(5_000);
  });
});

describe.each([
  ["with its link", ready()],
  ["by its words", WORDS],
])("clocks that differ, %s", (_how, post) => {
  test.each([-24 * HOUR, -3 * HOUR, -60_000, 0, 60_000, 3 * HOUR, 24 * HOUR])(
    "X's by %i ms: found, and nothing older is taken for it",
    async (shift) => {
      await using at = await desk({ duplicateMs: 0 });
      at.standIn.advance(shift);
      at.standIn.seed(post.text, { createdAt: Date.now() + shift - 60_000 });
      const key = keyOf(post);
      expect((await at.find(key)).kind).not.toBe("posted");
      const outcome = await at.publish(post, key);
      expect(await at.find(key)).toEqual(outcome);
    },
  );

  test.each([-3 * HOUR, 3 * HOUR])("the store's by %i ms", async (shift) => {
    await using at = await desk({ duplicateMs: 0 });
    at.standIn.seed(post.text, { createdAt: Date.now() - 60_000 });
    const key = keyOf(post, "delivery-1", { intentAt: Date.now() + shift, now: Date.now() + shift });
    expect((await at.find(key)).kind).not.toBe("posted");
    const outcome = await at.publish(post, key);
    expect(await at.find({ ...key, now: Date.now() + shift })).toEqual(outcome);
  });

  test("an X without a Date: five minutes are allowed for", async () => {
    await using at = await desk({ dateless: true, duplicateMs: 0 });
    at.standIn.seed(post.text, { createdAt: Date.now() - 6 * 60_000 });
    const key = keyOf(post);
    expect((await at.find(key)).kind).not.toBe("posted");
    at.standIn.advance(-4 * 60_000);
    const outcome = await at.publish(post, key);
    expect(await at.find(key)).toEqual(outcome);
  });
});

test.each(["tweet.fields", "post.fields"])("an X that knows the fields by %s only", async (name) => {
  await using at = await desk({ fieldNames: [name] });
  const key = keyOf(ready());
  const outcome = await at.publish();
  expect(await at.find(key)).toEqual(outcome);
});

test("keys that were replaced by another account's: its posts are looked through, not the first one's", async () => {
  const second = { ...X_KEYS, accessToken: "1002-other-token", accessSecret: "other-secret" };
  await using at = await desk({
    accounts: [
      { id: "1001", username: "example", keys: X_KEYS },
      { id: "1002", username: "newsroom", keys: second },
    ],
  });
  const other = xAccountOn(at.standIn.url, second);
  const key = keyOf(ready());
  await at.network.verify(at.account, signal());
  expect((await at.find(key)).kind).toBe("absent");
  const outcome = await at.network.publish(other, ready(), key, signal());
  expect(await at.network.find!(other, key, new Set(), signal())).toEqual(outcome);
  const asked = () => at.standIn.requests.filter(({ path }) => path.endsWith("/users/me")).length;
  const before = asked();
  await at.find(key);
  expect(asked()).toBe(before);
});

test("an older post with the very link of this one is a person's to look at", async () => {
  await using at = await desk();
  at.standIn.seed(ready().text, { createdAt: Date.now() - HOUR / 2 });
  expect(await at.find(keyOf(ready()))).toMatchObject({ kind: "cannot-tell", why: expect.stringContaining("from before") });
});
