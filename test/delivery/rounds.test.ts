import { describe, expect, test } from "vitest";
import { scopesOf } from "../../src/delivery/brakes.ts";
import { deliver } from "../../src/delivery/deliver.ts";
import { createRounds } from "../../src/delivery/rounds.ts";
import { useLab } from "./lab.ts";

const lab = useLab();

/** Has a round begin what it may of these posts; answers for each whether it did. */
async function began(posts: readonly string[]): Promise<boolean[]> {
  const { deps } = lab.desk;
  const rounds = createRounds(deps);
  return Promise.all(
    posts.map(async (post) => {
      const seen = (await rounds.takeUp(post))!;
      const driver = await deps.driver(seen.account_id);
      const scopes = await scopesOf(driver, seen.account_id);
      return (await rounds.start({ seen, driver, scopes })) !== undefined;
    }),
  );
}

const some = async (count: number) => {
  const posts: string[] = [];
  while (posts.length < count) posts.push((await lab.approved()).post);
  return posts;
};
/** The first of an account writes down what its requests fall under, and goes by itself. */
const known = async () => lab.desk.deliver((await lab.approved()).post);

describe("a round of deliveries", () => {
  test("begins what nothing stands in the way of, each with an intent and an attempt of its own", async () => {
    await known();
    const posts = await some(5);
    expect(await began(posts)).toEqual(posts.map(() => true));
    for (const post of posts)
      expect(await lab.desk.row(post)).toMatchObject({ state: "sending", epoch: 1, attempts: 1, intent_at: expect.any(Date) });
    // Nobody sent: whoever finds them looks, and never begins them again.
    expect(await began(posts)).toEqual(posts.map(() => false));
    await lab.store.query("update slugline.delivery set state = 'unknown', unknown_at = slugline.now() where state = 'sending'");
    await lab.store.query("update slugline.delivery set state = 'asked' where state = 'unknown'");
  });

  test.each([
    [
      "the stop switch",
      "update slugline.newsroom set paused_at = slugline.now()",
      "update slugline.newsroom set paused_at = null",
    ],
    ["spacing", "update slugline.account set spacing_s = 60", "update slugline.account set spacing_s = 0"],
    ["a cap", `update slugline.account set allowance = '{"perHour": 9}'`, "update slugline.account set allowance = '{}'"],
    ["a lock-out", "update slugline.account set state = 'locked-out'", "update slugline.account set state = 'active'"],
    ["rehearsal", "update slugline.account set rehearsal_why = 'x'", "update slugline.account set rehearsal_why = null"],
    ["an edit since", "update slugline.post set state = 'waiting' where state = 'approved' and id = $post", ""],
    ["a schedule", "update slugline.post set not_before = slugline.now() + interval '1 hour' where id = $post", ""],
  ])("leaves to the careful way what has to do with %s", async (_, before, after) => {
    const [post] = await some(1);
    const rounds = createRounds(lab.desk.deps);
    const seen = (await rounds.takeUp(post!))!;
    const driver = await lab.desk.deps.driver(seen.account_id);
    const scopes = await scopesOf(driver, seen.account_id);
    await lab.store.query(before.replace("$post", `'${post}'`));
    expect(await rounds.start({ seen, driver, scopes })).toBeUndefined();
    expect(await lab.desk.row(post!)).toMatchObject({ state: "due", epoch: 0 });
    if (after) await lab.store.query(after);
  });

  test("leaves alone what an editor has locked: the others go out without waiting for it, and it after that", async () => {
    const posts = await some(3);
    const rounds = createRounds(lab.desk.deps);
    const deliverAll = posts.map((post) => () => deliver(lab.desk.deps, post, new AbortController().signal, undefined, rounds));
    let last: Promise<void> | undefined;
    await lab.store.transaction(async (db) => {
      await db.query("select from slugline.post where id = $1 for update", [posts[1]]);
      last = deliverAll[1]!();
      await Promise.all([deliverAll[0]!(), deliverAll[2]!()]);
      expect(await Promise.all(posts.map(lab.desk.stateOf))).toEqual(["posted", "none", "posted"]);
    });
    await last;
    expect(await lab.desk.stateOf(posts[1]!)).toBe("posted");
  });
});
