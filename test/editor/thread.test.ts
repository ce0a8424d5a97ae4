import { beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { testStore } from "../support/store.ts";
import { posted, seeded } from "./seed.ts";

const store = await testStore();
const { editor, waiting, person } = await seeded(store);
let rosa = { id: "", cookie: "" };
beforeAll(async () => void (rosa = await person("Rosa", "editor")));

const page = async (path: string) => (await editor.request(path, { headers: { cookie: rosa.cookie } })).text();
const post = (path: string, fields: Record<string, string> = {}) => editor.request(path, posted(fields, rosa.cookie));
const revisionOf = async (id: string) =>
  (await store.query<{ revision: number }>("select revision from slugline.post where id = $1", [id])).rows[0]!.revision;

/** A post with a further part, and the part's id. */
async function thread(text = "And it is green.") {
  const it = await waiting();
  const answer = await post(`/posts/${it.post}/parts`, { revision: "1", text });
  expect(answer.status).toBe(303);
  return { ...it, part: /post=([\w-]+)/.exec(answer.headers.get("location") ?? "")![1]! };
}

/** A post that is out. */
async function out() {
  const it = await waiting();
  await store.query("update slugline.post set state = 'approved' where id = $1", [it.post]);
  await store.query(
    `insert into slugline.delivery (id, post_id, revision, account_id, state, idempotency, attempts, remote_id, remote_url, posted_at)
     select $1, id, 1, account_id, 'posted', 'k', 1, $1::uuid::text, 'https://mastodon.example/@a/1', slugline.now() from slugline.post where id = $2`,
    [newId(), it.post],
  );
  return it;
}

describe("a thread on the desk", () => {
  test("stands there part by part, in order, once in the queue, and one button is about all of it", async () => {
    const it = await thread();
    const text = await page(`/?post=${it.post}`);
    expect([...text.matchAll(/Part (\d) of 2/g)].map((match) => match[1])).toEqual(["1", "2"]);
    expect(text).toContain("Thread of 2 parts");
    expect(text).toContain(`id="row-${it.post}"`);
    expect(text).not.toContain(`id="row-${it.part}"`);
    const approved = await post(`/posts/${it.post}/approval`, { revision: String(await revisionOf(it.post)) });
    expect(approved.status).toBe(303);
    const { rows } = await store.query("select state from slugline.post where id = any($1) order by part", [[it.post, it.part]]);
    expect(rows).toEqual([{ state: "approved" }, { state: "approved" }]);
  });

  test("an approval of what a colleague changed meanwhile, in another part, is refused with their name", async () => {
    const it = await thread();
    const seen = String(await revisionOf(it.post));
    await post(`/posts/${it.part}/revisions`, {
      revision: String(await revisionOf(it.part)),
      text: "And it is red.",
      next: "wait",
    });
    const refused = await post(`/posts/${it.post}/approval`, { revision: seen });
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain("Rosa changed this text");
  });

  test("a part can be taken out again, but not the first; what is too long comes back with a sentence", async () => {
    const it = await thread();
    const first = await post(`/posts/${it.post}/removal`, { revision: String(await revisionOf(it.post)) });
    expect([first.status, await first.text()]).toEqual([409, expect.stringContaining("The first part is the post itself")]);
    const long = await post(`/posts/${it.part}/parts`, { revision: String(await revisionOf(it.part)), text: "x".repeat(501) });
    expect([long.status, await long.text()]).toEqual([422, expect.stringContaining("Too long by 1 character")]);
    expect((await post(`/posts/${it.part}/removal`, { revision: String(await revisionOf(it.part)) })).status).toBe(303);
    expect(await page(`/?post=${it.post}`)).not.toContain("Part 1 of");
  });
});

describe("after a post is out", () => {
  test("its own page shows the details without a way to them, and leads to the decision about a part that was added", async () => {
    const it = await out();
    expect(await page(`/?post=${it.post}`)).toContain(">Details</a>");
    const added = await post(`/posts/${it.post}/parts`, { revision: "1", text: "And it is green." });
    const part = /post=([\w-]+)/.exec(added.headers.get("location") ?? "")![1]!;
    const own = await page(`/posts/${it.post}`);
    expect(own).not.toContain(">Details</a>");
    expect(own).toContain(`<a class="button" href="/?post=${part}">Decide about part 2</a>`);
  });

  test("it is shared again at a press, once until that is decided about", async () => {
    const it = await out();
    expect(await page(`/posts/${it.post}`)).toContain("Share again");
    const answer = await post(`/posts/${it.post}/reshares`);
    expect(answer.status).toBe(303);
    const written = await page(answer.headers.get("location") ?? "");
    expect(written).toContain("Shared again");
    const again = await post(`/posts/${it.post}/reshares`);
    expect([again.status, await again.text()]).toEqual([409, expect.stringContaining("One is written already")]);
  });

  test("a changed article shows what it said and what it says, and offers a correction", async () => {
    const it = await out();
    await store.query(
      `insert into slugline.article_change (id, article_id, kind, version, before)
       select $1, id, 'edited', 2, jsonb_build_object('title', title, 'summary', summary, 'body', body) from slugline.article where id = $2`,
      [newId(), it.article],
    );
    await store.query("update slugline.article set version = 2, title = 'Nothing <b>opens</b>' where id = $1", [it.article]);
    const offer = await page(`/posts/${it.post}`);
    expect(offer).toContain("The article changed after this post went out");
    expect(offer).toContain(`<del>${it.title}</del>`);
    expect(offer).toContain("<ins>Nothing &lt;b&gt;opens&lt;/b&gt;</ins>");
    const answer = await post(`/posts/${it.post}/corrections`);
    const correction = await page(answer.headers.get("location") ?? "");
    expect(correction).toContain("Correction: Nothing &lt;b&gt;opens&lt;/b&gt;");
    expect(await page(`/posts/${it.post}`)).not.toContain("The article changed after this post went out");
  });

  test("a withdrawn article: the post still stands, and where", async () => {
    const it = await out();
    await store.query("update slugline.article set version = 2, state = 'removed' where id = $1", [it.article]);
    const text = await page(`/posts/${it.post}`);
    expect(text).toContain("The article was withdrawn, and this post still stands");
    expect(text).toContain("https://mastodon.example/@a/1");
  });
});
