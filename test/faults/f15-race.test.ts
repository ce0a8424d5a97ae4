import { afterAll, beforeAll, expect, test } from "vitest";
import { answer } from "../../src/delivery/answer.ts";
import { deliver } from "../../src/delivery/deliver.ts";
import { pause, resume } from "../../src/newsroom/store.ts";
import { revise } from "../../src/post/revise.ts";
import { release } from "../../src/review/decide.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { advance, testStore, until, type TestStore } from "../support/store.ts";

let store: TestStore;
let desk: Awaited<ReturnType<typeof openDesk>>;
beforeAll(async () => {
  store = await testStore();
  desk = await openDesk(store, { server: "http://127.0.0.1:1" });
  await desk.account({ name: "local", rehearsal: true });
});
afterAll(() => desk.close());

const copies = async () => (await store.query("select from slugline.timeline")).rows.length;
async function approved(): Promise<string> {
  const post = (await desk.story()).posts["local"]!;
  await desk.approve(post);
  return post;
}
/** A worker that posts and dies with the answer; the next one finds that it may be there, and is to ask again under its key. */
async function maybeThere(): Promise<string> {
  const post = await approved();
  const dying = { ...desk.deps, crashpoint: (label: string) => void (label === "after-answer" && raise()) };
  await expect(deliver(dying, post, new AbortController().signal)).rejects.toThrow("died");
  await advance(store, "61s");
  await desk.ring(post);
  await desk.ring(post);
  expect(await desk.row(post)).toMatchObject({ state: "due", why: "same-key" });
  return post;
}

test("F15: other words, while the first may already be there under their key: a person is asked, and nothing stands twice", async () => {
  const before = await copies();
  const post = await maybeThere();
  const { code } = await desk.link(post);
  const deps = { shortUrl: SHORT_URL, usualLimits: desk.usualLimits };
  const text = `Other words ${SHORT_URL}/${code}`;
  expect(await revise(store, deps, { postId: post, revision: 1, text, person: desk.person })).toMatchObject({ ok: true });
  await desk.approve(post);
  expect(await desk.deliver(post)).toBe("asked");
  expect(await copies()).toBe(before + 1);
  const { id } = await desk.row(post);
  await answer(store, { deliveryId: String(id), answer: "there", person: desk.person });
  expect(await desk.deliver(post)).toBe("posted");
  expect(await copies()).toBe(before + 1);
});

test("F15: taken back, while it may already be there: a person is asked, and it is not said to be cancelled", async () => {
  const post = await maybeThere();
  expect(await release(store, { postId: post, by: { person: desk.person } })).toMatchObject({ ok: true });
  expect(await desk.deliver(post)).toBe("asked");
  expect(await desk.row(post)).toMatchObject({ why: "maybe-there" });
});

test("F15: a story that was withdrawn, whose post somebody approves all the same: held at once, not tried with every sweep", async () => {
  const story = await desk.story();
  const post = story.posts["local"]!;
  await desk.approve(post);
  await store.query("update slugline.article set state = 'removed' where id = $1", [story.id]);
  expect(await desk.deliver(post)).toBe("cancelled");
  await desk.ring(post);
  const { rows } = await store.query<{ state: string; deliveries: number }>(
    "select state, (select count(*) from slugline.delivery where post_id = $1) as deliveries from slugline.post where id = $1",
    [post],
  );
  expect(rows[0]).toEqual({ state: "held", deliveries: 1 });
});

test("F15: the stop switch answers once nobody is between its check and the sending any more", async () => {
  const post = await approved();
  const at = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const slow = {
    ...desk.deps,
    store: {
      ...store,
      transaction: <Result>(work: Parameters<typeof store.transaction<Result>>[0]) =>
        store.transaction<Result>((db) =>
          work({
            async query(sql, values) {
              if (/set state = 'sending'/.test(sql)) {
                at.resolve();
                await goOn.promise;
              }
              return db.query(sql, values);
            },
          }),
        ),
    },
  };
  const sending = deliver(slow, post, new AbortController().signal);
  await at.promise;
  let stopped = false;
  const stopping = pause(store, "Rosa", "").then(() => (stopped = true));
  // The switch is on for everybody who comes now; who was before it is waited for.
  await until(async () => (await store.query("select from slugline.newsroom where paused_at is not null")).rows.length === 1);
  expect(stopped).toBe(false);
  goOn.resolve();
  await Promise.all([sending, stopping]);
  expect(await desk.stateOf(post)).toBe("posted");
  const next = await approved();
  await desk.ring(next);
  expect(await desk.stateOf(next)).toBe("due");
  await resume(store, "Rosa");
});

function raise(): never {
  throw new Error("died");
}
