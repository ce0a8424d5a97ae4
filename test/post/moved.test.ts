import { afterAll, beforeAll, expect, test } from "vitest";
import { moveArticle } from "../../src/article/store.ts";
import { composeArticle } from "../../src/post/compose.ts";
import { dueArticlesToCompose } from "../../src/post/store.ts";
import { openThreadDesk, type ThreadDesk } from "../support/thread-desk.ts";

let at: ThreadDesk;
beforeAll(async () => {
  at = await openThreadDesk("mastodon");
  await at.store.query(`update slugline.voice set spec = spec || '{"utm": {"medium": "social", "source": "{network}"}}'`);
});
afterAll(() => at[Symbol.asyncDispose]());

const UTM = "utm_medium=social&utm_source=mastodon";

async function linkOf(post: string) {
  const { rows } = await at.store.query<{ id: string; state: string; code: string; target: string; before: string[] }>(
    `select l.id, l.state, l.code, l.target, array(select c.before from slugline.link_change c where c.link_id = l.id and c.kind = 'retargeted' order by c.at) as before
       from slugline.link l join slugline.post p on p.link_id = l.id where p.id = $1`,
    [post],
  );
  return rows[0]!;
}

async function move(article: string, to: string): Promise<void> {
  await moveArticle(at.store, article, { url: to, canonical: to, also: [] });
  expect(await dueArticlesToCompose(at.store, 10)).toEqual([article]);
  await composeArticle(at.deps, article);
  expect(await dueArticlesToCompose(at.store, 10)).toEqual([]);
}

test("a story that moves: the link of an approved post follows it, and what was approved stands", async () => {
  const { id: article, posts } = await at.desk.story();
  const post = posts["on"]!;
  await at.desk.approve(post);
  const before = await linkOf(post);
  expect(before.target).toBe(`https://example.org/${article}?${UTM}`);
  await move(article, `https://example.org/moved-${article}?page=2`);
  const now = await linkOf(post);
  expect(now).toEqual({
    ...before,
    target: `https://example.org/moved-${article}?page=2&${UTM}`,
    before: [before.target],
  });
  const { rows } = await at.store.query("select state, revision from slugline.post where id = $1", [post]);
  expect(rows).toEqual([{ state: "approved", revision: 1 }]);
  expect(await at.desk.deliver(post)).toBe("posted");
});

test("so does the link of one that is out, which is not said to be outdated; a link that was ended stays ended", async () => {
  const { id: article, posts } = await at.desk.story();
  const post = posts["on"]!;
  await at.desk.approve(post);
  expect(await at.desk.deliver(post)).toBe("posted");
  await move(article, `https://example.org/again-${article}`);
  expect(await linkOf(post)).toMatchObject({ state: "live", target: `https://example.org/again-${article}?${UTM}` });
  const { rows } = await at.store.query("select from slugline.event where kind = 'post-outdated' and article_id = $1", [article]);
  expect(rows).toEqual([]);

  const { id } = await linkOf(post);
  await at.store.query("update slugline.link set state = 'retired', retired_at = slugline.now() where id = $1", [id]);
  await move(article, `https://example.org/third-${article}`);
  expect(await linkOf(post)).toMatchObject({ state: "retired", target: `https://example.org/again-${article}?${UTM}` });
});
