import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { composeArticle } from "../../src/post/compose.ts";
import { dueArticlesToCompose } from "../../src/post/store.ts";
import { revise } from "../../src/post/revise.ts";
import { reviewByRule } from "../../src/review/auto.ts";
import { approve, hold, reject, release, schedule } from "../../src/review/decide.ts";
import { duePosts } from "../../src/review/store.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { advance, testStore, type TestStore } from "../support/store.ts";

let store: TestStore;
let desk: Awaited<ReturnType<typeof openDesk>>;
let samir: string;

beforeAll(async () => {
  store = await testStore();
  desk = await openDesk(store);
  await desk.account({ name: "local", rehearsal: true });
  await desk.account({ name: "robot", rehearsal: true, mode: "auto" });
  samir = newId();
  await store.query("insert into slugline.person (id, email, name, role) values ($1, 'samir@example.org', 'Samir', 'editor')", [
    samir,
  ]);
});
afterAll(() => desk.close());

const by = () => ({ person: desk.person });
async function waiting() {
  const story = await desk.story();
  return { story, postId: story.posts["local"]!, revision: 1 };
}
const stateOf = async (id: string) =>
  (
    await store.query<{ state: string; revision: number; not_before: Date | null }>(
      "select state, revision, not_before from slugline.post where id = $1",
      [id],
    )
  ).rows[0]!;

describe("two people at once", () => {
  test("of fifty approvals one wins, and everybody else is told who was first", async () => {
    const about = await waiting();
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, n) => approve(store, { ...about, by: { person: n % 2 === 0 ? desk.person : samir } })),
    );
    const won = all.filter((one) => one.ok);
    expect(won).toHaveLength(1);
    const { rows } = await store.query<{ name: string }>(
      "select p.name from slugline.decision d join slugline.person p on p.id = d.by_person where d.post_id = $1",
      [about.postId],
    );
    expect(rows).toHaveLength(1);
    for (const lost of all.filter((one) => !one.ok))
      expect(lost).toMatchObject({ code: "decided", by: rows[0]!.name, state: "approved" });
  });

  test("an approval of words that were changed meanwhile does nothing, and says by whom", async () => {
    const about = await waiting();
    const { code } = await desk.link(about.postId);
    await revise(
      store,
      { shortUrl: SHORT_URL, usualLimits: desk.usualLimits },
      { ...about, text: `New words ${SHORT_URL}/${code}`, person: samir },
    );
    expect(await approve(store, { ...about, by: by() })).toMatchObject({ ok: false, code: "changed", by: "Samir", revision: 2 });
    expect((await stateOf(about.postId)).state).toBe("waiting");
  });

  test("of two who change the words at once one wins", async () => {
    const about = await waiting();
    const { code } = await desk.link(about.postId);
    const words = (text: string, person: string) =>
      revise(
        store,
        { shortUrl: SHORT_URL, usualLimits: desk.usualLimits },
        { ...about, text: `${text} ${SHORT_URL}/${code}`, person },
      );
    const both = await Promise.all([words("mine", desk.person), words("yours", samir)]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(both.find(({ ok }) => !ok)).toMatchObject({ code: "changed" });
  });
});

describe("a person's words", () => {
  test("must fit, must not be empty and must keep the post's own link once", async () => {
    const about = await waiting();
    const { code } = await desk.link(about.postId);
    const deps = { shortUrl: SHORT_URL, usualLimits: desk.usualLimits };
    const to = (text: string) => revise(store, deps, { ...about, text, person: desk.person });
    expect(await to("   ")).toEqual({ ok: false, code: "empty" });
    expect(await to("no link")).toEqual({ ok: false, code: "link-missing" });
    expect(await to(`${SHORT_URL}/${code} twice ${SHORT_URL}/${code}`)).toEqual({ ok: false, code: "link-missing" });
    expect(await to(`${"ب".repeat(500)} ${SHORT_URL}/${code}`)).toEqual({ ok: false, code: "too-long", length: 524, limit: 500 });
    expect((await stateOf(about.postId)).revision).toBe(1);
  });
});

describe("decisions", () => {
  test("can be taken back until the sending begins", async () => {
    const about = await waiting();
    await reject(store, { ...about, by: by(), why: "not ours" });
    expect(await release(store, { postId: about.postId, by: by() })).toMatchObject({ ok: true, state: "waiting" });
    await approve(store, { ...about, by: by() });
    expect(await desk.deliver(about.postId)).toBe("posted");
    expect(await release(store, { postId: about.postId, by: by() })).toMatchObject({ ok: false, code: "on-its-way" });
  });

  test("a hold with an end waits again by itself; one without an end stays", async () => {
    const [timed, open] = [await waiting(), await waiting()];
    const { rows } = await store.query<{ at: Date }>("select slugline.now() + interval '1 hour' as at");
    await hold(store, { ...timed, by: by(), until: rows[0]!.at });
    await hold(store, { ...open, by: by() });
    await advance(store, "61m");
    expect(await duePosts(store, 1_000)).toContain(timed.postId);
    for (const { postId } of [timed, open]) await reviewByRule(store, postId);
    expect([(await stateOf(timed.postId)).state, (await stateOf(open.postId)).state]).toEqual(["waiting", "held"]);
  });

  test("a schedule in the past is refused and changes nothing", async () => {
    const about = await waiting();
    expect(await schedule(store, { ...about, by: by(), at: new Date(0) })).toMatchObject({ ok: false, code: "past" });
    expect((await stateOf(about.postId)).state).toBe("waiting");
  });

  test("a post nobody decided about expires when it is no news any more", async () => {
    const about = await waiting();
    await store.query("update slugline.post set not_after = slugline.now() + interval '1 hour' where id = $1", [about.postId]);
    await advance(store, "2h");
    await reviewByRule(store, about.postId);
    expect((await stateOf(about.postId)).state).toBe("expired");
  });

  test("every decision stands in the history with who, what and why, and the history cannot be changed", async () => {
    const about = await waiting();
    await reject(store, { ...about, by: by(), why: "double" });
    const { rows } = await store.query("select kind, person_id, data from slugline.event where post_id = $1 order by at", [
      about.postId,
    ]);
    expect(rows.at(-1)).toEqual({ kind: "post-reject", person_id: desk.person, data: { revision: 1, why: "double" } });
    await expect(store.query("update slugline.event set kind = 'x' where post_id = $1", [about.postId])).rejects.toThrow(
      "append-only",
    );
  });
});

describe("a post that goes by itself", () => {
  test("is approved by the rule that says so, and never again once a person took it back", async () => {
    const story = await desk.story();
    const postId = story.posts["robot"]!;
    await reviewByRule(store, postId);
    const { rows } = await store.query("select kind, by_person, by_rule from slugline.decision where post_id = $1", [postId]);
    expect(rows).toEqual([{ kind: "approve", by_person: null, by_rule: "account robot" }]);
    await release(store, { postId, by: by() });
    await reviewByRule(store, postId);
    expect((await stateOf(postId)).state).toBe("waiting");
  });
});

describe("an article that changes", () => {
  const change = async (id: string, set: string) => {
    await store.query(`update slugline.article set ${set}, version = version + 1 where id = $1`, [id]);
    expect(await dueArticlesToCompose(store, 1_000)).toContain(id);
    await composeArticle({ store, shortUrl: SHORT_URL, usualLimits: desk.usualLimits }, id);
  };

  test("voids the approval of its posts and writes them anew, with the same link", async () => {
    const { story, postId } = await waiting();
    const before = await desk.link(postId);
    await desk.approve(postId);
    await change(story.id, "title = 'The bridge stays closed'");
    expect(await stateOf(postId)).toMatchObject({ state: "waiting", revision: 2 });
    const { rows } = await store.query<{ text: string }>(
      "select text from slugline.post_revision where post_id = $1 and revision = 2",
      [postId],
    );
    expect(rows[0]!.text).toContain("The bridge stays closed");
    expect(rows[0]!.text).toContain(before.code);
  });

  test("leaves a person's own words, and has them looked at again", async () => {
    const about = await waiting();
    const { code } = await desk.link(about.postId);
    await revise(
      store,
      { shortUrl: SHORT_URL, usualLimits: desk.usualLimits },
      { ...about, text: `My words ${SHORT_URL}/${code}`, person: desk.person },
    );
    await desk.approve(about.postId);
    await change(about.story.id, "title = 'Another headline'");
    expect(await stateOf(about.postId)).toMatchObject({ state: "waiting", revision: 3 });
    const { rows } = await store.query<{ text: string }>(
      "select text from slugline.post_revision where post_id = $1 and revision = 3",
      [about.postId],
    );
    expect(rows[0]!.text).toBe(`My words ${SHORT_URL}/${code}`);
  });

  test("is held when it is withdrawn, and what was rejected stays rejected", async () => {
    const { story, postId } = await waiting();
    await desk.approve(postId);
    await reject(store, { postId: story.posts["robot"]!, revision: 1, by: by() });
    await change(story.id, "state = 'removed'");
    expect((await stateOf(postId)).state).toBe("held");
    expect((await stateOf(story.posts["robot"]!)).state).toBe("rejected");
  });

  test("changes nothing of a post that is on its way", async () => {
    const { story, postId } = await waiting();
    await desk.approve(postId);
    await desk.deliver(postId);
    await change(story.id, "title = 'Too late'");
    expect(await stateOf(postId)).toMatchObject({ state: "approved", revision: 1 });
  });

  test("composed twice at once is composed once", async () => {
    const story = await desk.story();
    await store.query("update slugline.article set composed_version = 0 where id = $1", [story.id]);
    await Promise.all(
      Array.from({ length: 10 }, () => composeArticle({ store, shortUrl: SHORT_URL, usualLimits: desk.usualLimits }, story.id)),
    );
    const { rows } = await store.query("select from slugline.post where article_id = $1", [story.id]);
    expect(rows).toHaveLength(2);
  });
});
