import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { composeArticle } from "../../src/post/compose.ts";
import { declineCorrection, reshareByRule, shareAgain, writeCorrection } from "../../src/post/occasions.ts";
import { dueArticlesToCompose } from "../../src/post/store.ts";
import { reviewByRule } from "../../src/review/auto.ts";
import { outdatedBy } from "../../src/editor/read/thread.ts";
import { newId } from "../../src/lib/id.ts";
import { openThreadDesk, type ThreadDesk } from "../support/thread-desk.ts";

let at: ThreadDesk;
beforeAll(async () => void (at = await openThreadDesk("mastodon")));
afterAll(() => at[Symbol.asyncDispose]());
beforeEach(() => rule(null));

/** What the one rule says of sharing again. */
async function rule(reshare: object | null, mode: string | null = null): Promise<void> {
  await at.store.query("update slugline.rule set spec = spec || $1", [JSON.stringify({ reshare, mode })]);
}

async function out(): Promise<{ article: string; first: string }> {
  const { id: article, posts } = await at.desk.story();
  const first = posts["on"]!;
  const { rows } = await at.store.query<{ state: string }>("select state from slugline.post where id = $1", [first]);
  if (rows[0]!.state === "waiting") await at.desk.approve(first);
  expect(await at.desk.deliver(first)).toBe("posted");
  return { article, first };
}

const about = (postId: string) => ({ postId, person: at.person });
const postsOf = async (article: string, occasion: string) =>
  (
    await at.store.query<{
      id: string;
      round: number;
      mode: string;
      state: string;
      text: string;
      code: string;
      reply_to_id: string | null;
    }>(
      `select p.id, p.round, p.mode, p.state, r.text, l.code, p.reply_to_id from slugline.post p
         join slugline.post_revision r on r.post_id = p.id and r.revision = p.revision left join slugline.link l on l.id = p.link_id
        where p.article_id = $1 and p.occasion = $2 order by p.round`,
      [article, occasion],
    )
  ).rows;

async function changed(article: string, title: string): Promise<void> {
  await at.store.query(
    `insert into slugline.article_change (id, article_id, kind, version, before)
     select $2, id, 'edited', version + 1, jsonb_build_object('title', title, 'summary', summary, 'body', body) from slugline.article where id = $1`,
    [article, newId()],
  );
  await at.store.query("update slugline.article set version = version + 1, title = $2 where id = $1", [article, title]);
  await composeArticle(at.deps, article);
}

describe("a story shared again by hand", () => {
  test("is a post of its own, with a link of its own, that waits; and again after that one is out", async () => {
    const { article, first } = await out();
    const one = await shareAgain(at.deps, about(first));
    expect(one).toMatchObject({ ok: true });
    expect(await shareAgain(at.deps, about(first))).toMatchObject({ ok: false, code: "open", post: (one as { id: string }).id });
    await at.desk.approve((one as { id: string }).id);
    expect(await at.desk.deliver((one as { id: string }).id)).toBe("posted");
    expect(await shareAgain(at.deps, about(first))).toMatchObject({ ok: true });
    const reshares = await postsOf(article, "reshare");
    expect(reshares.map(({ round, state }) => [round, state])).toEqual([
      [1, "approved"],
      [2, "waiting"],
    ]);
    const codes = [(await at.desk.link(first)).code, ...reshares.map(({ code }) => code)];
    expect(new Set(codes).size).toBe(3);
    for (const { text, code } of reshares) expect(text).toContain(`/${code}`);
  });

  test("not before anything of it is out, and not when the article is gone", async () => {
    const { posts } = await at.desk.story();
    expect(await shareAgain(at.deps, about(posts["on"]!))).toMatchObject({ code: "not-posted" });
    const { article, first } = await out();
    await at.store.query("update slugline.article set state = 'removed', version = version + 1 where id = $1", [article]);
    expect(await shareAgain(at.deps, about(first))).toMatchObject({ code: "withdrawn" });
    expect(await writeCorrection(at.deps, about(first))).toMatchObject({ code: "withdrawn" });
  });
});

describe("a story shared again by rule", () => {
  const due = async (article: string) => (await dueArticlesToCompose(at.store, 1_000)).includes(article);

  test("eight hours after it was posted and not before, at most twice, by itself where the rule is auto", async () => {
    await rule({ afterS: 8 * 3_600, most: 2 }, "auto");
    const { article } = await out();
    await at.advance("7h");
    expect(await due(article)).toBe(false);
    for (const round of [1, 2]) {
      await at.advance("8h");
      expect(await due(article)).toBe(true);
      await Promise.all([reshareByRule(at.deps, article), reshareByRule(at.deps, article)]);
      const reshares = await postsOf(article, "reshare");
      expect(reshares.map((one) => one.round)).toEqual(Array.from({ length: round }, (_, index) => index + 1));
      await reviewByRule(at.store, reshares.at(-1)!.id);
      expect(await at.desk.deliver(reshares.at(-1)!.id)).toBe("posted");
    }
    await at.advance("20h");
    expect(await due(article)).toBe(false);
  });

  test("waits for an editor where the rule is review; not at all once the article changed, or the rule is gone", async () => {
    await rule({ afterS: 3_600, most: 1 }, "review");
    const [kept, other, third] = [await out(), await out(), await out()];
    await changed(other.article, "The bridge stays closed");
    await at.advance("2h");
    for (const { article } of [kept, other]) await reshareByRule(at.deps, article);
    expect(await postsOf(kept.article, "reshare")).toMatchObject([{ state: "waiting", mode: "review" }]);
    expect(await postsOf(other.article, "reshare")).toEqual([]);
    await rule(null);
    await reshareByRule(at.deps, third.article);
    expect(await postsOf(third.article, "reshare")).toEqual([]);
    expect(await due(third.article)).toBe(false);
  });
});

describe("an article that changed after its post went out", () => {
  test("leaves the post alone and shows what changed; the correction answers it and says so in the article's language", async () => {
    const { article, first } = await out();
    const before = await postsOf(article, "first");
    await changed(article, "The bridge stays closed");
    expect(await postsOf(article, "first")).toEqual(before);
    expect((await outdatedBy(at.store, first)).differs).toEqual([
      { before: expect.stringContaining("The bridge opens"), now: "The bridge stays closed" },
    ]);
    const made = await writeCorrection(at.deps, about(first));
    expect(made).toMatchObject({ ok: true });
    const [correction] = await postsOf(article, "correction");
    expect(correction).toMatchObject({ state: "waiting", mode: "review", reply_to_id: first });
    expect(correction!.text).toMatch(/^Correction: The bridge stays closed\n/);
    await at.desk.approve(correction!.id);
    expect(await at.desk.deliver(correction!.id)).toBe("posted");
    expect(at.standing().at(-1)).toMatchObject({
      text: correction!.text,
      parent: String((await at.desk.row(first))["remote_id"]),
    });
  });

  test("is offered until somebody says that no correction is needed", async () => {
    const { article, first } = await out();
    await changed(article, "The bridge stays closed");
    expect(await declineCorrection(at.store, about(first))).toBe(true);
    expect(await declineCorrection(at.store, about(first))).toBe(false);
    expect((await outdatedBy(at.store, first)).differs).toEqual([]);
    expect(await postsOf(article, "correction")).toEqual([]);
  });

  test.each([
    ["ar", "تصحيح: "],
    ["ckb", "ڕاستکردنەوە: "],
    ["de", "Korrektur: "],
    ["sw", "Correction: "],
  ])("a correction in %s begins with the word its readers know", async (lang, word) => {
    const { article, first } = await out();
    await at.store.query("update slugline.article set lang = $2 where id = $1", [article, lang]);
    await writeCorrection(at.deps, about(first));
    const [correction] = await postsOf(article, "correction");
    expect(correction!.text.replaceAll(/[\u200e\u200f]/g, "").startsWith(word)).toBe(true);
  });
});
