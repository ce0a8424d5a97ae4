import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testStore, until, type TestStore } from "../support/store.ts";
import type { WireFault } from "../support/wire.ts";
import { openXDesk } from "../support/x-desk.ts";
import { BODIES, DUPLICATE_403 } from "../support/x-faults.ts";

let store: TestStore;
let at: Awaited<ReturnType<typeof openXDesk>>;
beforeAll(async () => {
  store = await testStore();
  at = await openXDesk(store);
});
afterAll(() => at[Symbol.asyncDispose]());
beforeEach(async () => {
  at.standIn.clearFaults();
  at.standIn.lagReads = 0;
  await store.query("update slugline.account set next_at = '-infinity', state = 'active'");
  await store.query("delete from slugline.brake");
});

const ACCEPTED: readonly WireFault[] = [
  "reset-after-accept",
  "hang-after-accept",
  "truncated-json",
  { status: 503, accept: true },
];

test.each(ACCEPTED)("X took it and the answer is lost (%j): found by its link, never sent again", async (fault) => {
  const { post, link } = await at.approved();
  at.standIn.next(fault);
  expect(await at.desk.deliver(post)).toBe("posted");
  expect(at.standIn.byLink(link)).toHaveLength(1);
  expect(await at.desk.row(post)).toMatchObject({ attempts: 1, remote_id: at.standIn.byLink(link)[0]!.id });
});

test.each(["reset-before-accept", "hang-before-accept", 502] as const)(
  "X did not take it (%s): sent again after two looks, and it stands once",
  async (fault) => {
    const { post, link } = await at.approved();
    at.standIn.next(fault);
    expect(await at.desk.deliver(post, 20)).toBe("posted");
    expect(at.standIn.byLink(link)).toHaveLength(1);
    expect(await at.desk.row(post)).toMatchObject({ attempts: 2 });
  },
);

test("what a look is shown is paid, and counts as spent with the post", async () => {
  at.standIn.accepted.splice(0);
  for (const words of ["News", "Sport"]) at.standIn.seed(words);
  const { post } = await at.approved();
  at.standIn.next("reset-after-accept");
  expect(await at.desk.deliver(post)).toBe("posted");
  const { rows } = await store.query(
    `select s.kind, s.state, s.micros::int from slugline.spend s join slugline.delivery d on d.id = s.delivery_id
      where d.post_id = $1 order by s.kind`,
    [post],
  );
  expect(rows).toEqual([
    { kind: "post", state: "settled", micros: 200_000 },
    { kind: "read", state: "settled", micros: 3 * 5_000 },
  ]);
});

test("its list shows the post late and fails in between: it still stands once", async () => {
  const { post, link } = await at.approved();
  at.standIn.next("reset-after-accept");
  at.standIn.next(500, 2, "read");
  at.standIn.lagReads = 1;
  expect(await at.desk.deliver(post, 30)).toBe("posted");
  expect(at.standIn.byLink(link)).toHaveLength(1);
});

test("X shows it later than we look, and calls the second try a duplicate: found then, and it stands once", async () => {
  const { post, link } = await at.approved();
  at.standIn.lagReads = 6;
  at.standIn.next("reset-after-accept");
  expect(await at.desk.deliver(post, 40)).toBe("posted");
  expect(at.standIn.byLink(link)).toHaveLength(1);
});

test("keys that X takes no more are found out by a look too: the account is locked out, and the post is looked for until it is mended", async () => {
  const { post, link } = await at.approved();
  at.standIn.next("reset-after-accept");
  at.standIn.next(401, 1, "read");
  expect(await at.desk.deliver(post, 2)).toBe("unknown");
  const { rows } = await store.query("select state, state_why from slugline.account where id = $1", [at.account]);
  expect(rows).toMatchObject([
    { state: "locked-out", state_why: expect.stringMatching(/does not accept the keys.*developer\.x\.com/) },
  ]);
  expect(await at.desk.deliver(post)).toBe("posted");
  expect(at.standIn.byLink(link)).toHaveLength(1);
});

test("a look that began before the account was mended does not lock it out again", async () => {
  const { post } = await at.approved();
  at.standIn.next("reset-after-accept");
  const answered = Promise.withResolvers<void>();
  at.standIn.next({ status: 401, answerAfter: answered.promise }, 1, "read");
  const [before, reads] = [
    at.standIn.requests.length,
    () => at.standIn.requests.slice(before).some(({ method }) => method === "GET"),
  ];
  const looking = at.desk.deliver(post, 2);
  await until(async () => reads());
  await store.query("update slugline.account set state = 'locked-out' where id = $1", [at.account]);
  await store.query("update slugline.account set state = 'active', state_at = slugline.now() where id = $1", [at.account]);
  answered.resolve();
  expect(await looking).toBe("unknown");
  expect((await store.query("select state from slugline.account where id = $1", [at.account])).rows).toEqual([
    { state: "active" },
  ]);
  expect(await at.desk.deliver(post)).toBe("posted");
});

test("no credits: the account is locked out, the post is kept", async () => {
  const { post, link } = await at.approved();
  at.standIn.next({ status: 402, body: JSON.stringify(BODIES[402]) });
  expect(await at.desk.deliver(post)).toBe("locked-out");
  const { rows } = await store.query("select state, state_why from slugline.account where id = $1", [at.account]);
  expect(rows).toMatchObject([{ state: "locked-out", state_why: expect.stringContaining("buy credits") }]);
  expect(at.standIn.byLink(link)).toEqual([]);
});

test("X calls it a duplicate and shows no such post: a person is asked", async () => {
  const { post, link } = await at.approved();
  at.standIn.next({ status: 403, body: JSON.stringify(DUPLICATE_403) }, 1_000);
  expect(await at.desk.deliver(post, 60, "2m")).toBe("asked");
  expect(at.standIn.byLink(link)).toEqual([]);
  expect(await at.desk.row(post)).toMatchObject({ attempts: 1 });
});
