import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testStore, type TestStore } from "../support/store.ts";
import { openThreadDesk, type ThreadDesk } from "../support/thread-desk.ts";
import { openXDesk } from "../support/x-desk.ts";
import { postJson } from "../support/x-post.ts";
import { tell } from "./tally.ts";

const LINKLESS = { link: "none" };

describe.each(["mastodon", "x", "bluesky"])("F4 on %s: a post without a link, and its answer lost", (name) => {
  let at: ThreadDesk;
  beforeAll(async () => {
    at = await openThreadDesk(name);
    await at.store.query("update slugline.account set settings = $2 where id = $1", [at.accountId, LINKLESS]);
  });
  afterAll(() => at[Symbol.asyncDispose]());

  test("is known again by its words, and stands once", async () => {
    const post = (await at.desk.story()).posts["on"]!;
    await at.desk.approve(post);
    at.next("reset-after-accept");
    expect(await at.desk.deliver(post)).toBe("posted");
    expect(at.standing()).toHaveLength(1);
    expect(at.standing()[0]!.text).not.toContain("https://");
    expect(await at.desk.row(post)).toMatchObject({ remote_id: at.standing()[0]!.id });
    tell({ part: "F4", runs: 1, faults: { "answer lost, without a link": 1 }, deliveries: 1, accepted: 1 });
  });
});

describe("F4 on telegram, whose channel nobody can read: a post without a link, and its answer lost", () => {
  test("is a person's to look at, and is not sent again", async () => {
    await using at = await openThreadDesk("telegram");
    await at.store.query("update slugline.account set settings = $2 where id = $1", [at.accountId, LINKLESS]);
    const post = (await at.desk.story()).posts["on"]!;
    await at.desk.approve(post);
    at.next("reset-after-accept");
    expect(await at.desk.deliver(post)).toBe("asked");
    expect(at.standing()).toHaveLength(1);
  });
});

describe("F4 on x, which rewrites links and cuts long posts", () => {
  let store: TestStore;
  let at: Awaited<ReturnType<typeof openXDesk>>;
  beforeAll(async () => {
    store = await testStore();
    at = await openXDesk(store, { maxWeight: 25_000 });
    const limits = { max: 25_000, unit: "weighted", perLink: 23 };
    await store.query("update slugline.account set limits = $2, settings = settings || $3 where id = $1", [
      at.account,
      limits,
      { premium: "true" },
    ]);
  });
  afterAll(() => at[Symbol.asyncDispose]());
  beforeEach(async () => {
    at.standIn.clearFaults();
    await store.query("update slugline.account set next_at = '-infinity'");
    await store.query("truncate slugline.brake");
  });

  /** The post as X shows it to whoever looks. */
  const shown = () => String(postJson(at.standIn.accepted.at(-1)!, "example", new Set())["text"]);
  const LONG = "The old bridge opens on Monday. ".repeat(12).trim();

  test("a post whose link stands there as t.co is found by where that leads", async () => {
    const { post, link } = await at.approved();
    at.standIn.next("reset-after-accept");
    expect(await at.desk.deliver(post)).toBe("posted");
    expect(shown()).not.toContain(link);
    expect(at.standIn.byLink(link)).toHaveLength(1);
    expect(await at.desk.row(post)).toMatchObject({ attempts: 1, remote_id: at.standIn.byLink(link)[0]!.id });
  });

  test("a long post of which the list shows the beginning is found by the link at its end", async () => {
    const { post, link } = await long();
    at.standIn.next("reset-after-accept");
    expect(await at.desk.deliver(post)).toBe("posted");
    expect(shown()).toContain("…");
    expect(at.standIn.byLink(link)).toHaveLength(1);
  });

  test("one of which nothing but the beginning is ever shown is a person's to look at, and is not sent again", async () => {
    const { post, link } = await long();
    at.standIn.next("reset-after-accept");
    await at.desk.ring(post);
    const { id, createdAt } = at.standIn.accepted.at(-1)!;
    const data = [{ id, text: `${LONG.slice(0, 250)}…`, created_at: new Date(createdAt).toISOString() }];
    at.standIn.next({ status: 200, body: JSON.stringify({ data, meta: { result_count: 1 } }) }, 1_000, "read");
    expect(await at.desk.deliver(post, 60, "5m")).toBe("asked");
    expect(at.standIn.byLink(link)).toHaveLength(1);
    expect(await at.desk.row(post)).toMatchObject({ attempts: 1 });
  });

  async function long(): Promise<{ post: string; link: string }> {
    const post = (await at.desk.story({ title: LONG })).posts["x-en"]!;
    await at.desk.approve(post);
    return { post, link: `https://go.example.org/${(await at.desk.link(post)).code}` };
  }
});
