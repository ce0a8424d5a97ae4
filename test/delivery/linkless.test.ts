import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testStore, type TestStore } from "../support/store.ts";
import { openXDesk } from "../support/x-desk.ts";

let store: TestStore;
let at: Awaited<ReturnType<typeof openXDesk>>;
beforeAll(async () => {
  store = await testStore();
  at = await openXDesk(store);
  await store.query(`update slugline.account set settings = settings || '{"link": "none"}' where id = $1`, [at.account]);
});
afterAll(() => at[Symbol.asyncDispose]());
beforeEach(async () => {
  at.standIn.clearFaults();
  await store.query("update slugline.account set next_at = '-infinity', state = 'active'");
});

/** A story whose post, without a link, is approved; and its words. */
async function approved(title: string): Promise<{ post: string; text: string }> {
  const post = (await at.desk.story({ title })).posts["x-en"]!;
  await at.desk.approve(post);
  const { rows } = await store.query<{ text: string; link_id: string | null }>(
    "select r.text, p.link_id from slugline.post p join slugline.post_revision r on r.post_id = p.id where p.id = $1",
    [post],
  );
  expect(rows[0]!.link_id).toBeNull();
  return { post, text: rows[0]!.text };
}

const copies = (text: string) => at.standIn.accepted.filter((one) => one.text === text).length;

test("an account without links posts the words alone, and no short code is spent", async () => {
  const { post, text } = await approved("The bridge opens & the river sinks");
  expect(text).not.toContain("https://");
  expect(await at.desk.deliver(post)).toBe("posted");
  expect(copies(text)).toBe(1);
});

test.each(["reset-after-accept", { status: 503, accept: true }] as const)(
  "X took it and the answer is lost (%j): found by its words, never sent again",
  async (fault) => {
    const { post, text } = await approved(`Council "votes" on Friday ${JSON.stringify(fault).length}`);
    at.standIn.next(fault);
    expect(await at.desk.deliver(post)).toBe("posted");
    expect(copies(text)).toBe(1);
    expect(await at.desk.row(post)).toMatchObject({ attempts: 1 });
  },
);

test("X did not take it: sent again after two looks, and it stands once", async () => {
  const { post, text } = await approved("School reopens on Thursday");
  at.standIn.next("reset-before-accept");
  expect(await at.desk.deliver(post, 20)).toBe("posted");
  expect(copies(text)).toBe(1);
});
