import { newId } from "../../src/lib/id.ts";
import { shareAgain, writeCorrection } from "../../src/post/occasions.ts";
import { addPart } from "../../src/post/parts.ts";
import type { TestStore } from "../support/store.ts";
import type { Desk } from "./seed.ts";

type Delivered = (state: "posted" | "refused") => Promise<string>;

/**
 * What is said beside a first post: threads in every state of their parts, what changed in a story after its post went out,
 * the story once more, and a correction. Answers with the pages that show it.
 */
export async function saidAfter(store: TestStore, desk: Desk, person: string, delivered: Delivered): Promise<string[]> {
  const { deps, waiting, stories } = desk;

  async function goesOn(post: string, text: string): Promise<void> {
    const { rows } = await store.query<{ revision: number }>("select revision from slugline.post where id = $1", [post]);
    const added = await addPart(store, deps, { postId: post, revision: rows[0]!.revision, text, person });
    if (!added.ok) throw new Error(added.code);
  }
  async function articleOf(post: string): Promise<string> {
    const { rows } = await store.query<{ article_id: string }>("select article_id from slugline.post where id = $1", [post]);
    return rows[0]!.article_id;
  }

  const onDesk = [];
  for (const story of stories.slice(0, 2)) {
    const { post } = await waiting(story);
    await goesOn(post, `${story.summary} https://example.org/the-council`);
    await goesOn(post, story.summary);
    onDesk.push(post);
  }

  const halfOut = await delivered("posted");
  await goesOn(halfOut, "The eastern ramp is done in spring.");
  const stands = await delivered("refused");
  await goesOn(stands, "The eastern ramp is done in spring.");

  const again = await shareAgain(deps, { postId: await delivered("posted"), person });

  const changed = await delivered("posted");
  const withdrawn = await delivered("posted");
  const corrected = await delivered("posted");
  for (const post of [changed, corrected])
    await store.query(
      `with before as (insert into slugline.article_change (id, article_id, kind, version, before)
         select $1, id, 'edited', 2, jsonb_build_object('title', title, 'summary', summary, 'body', body) from slugline.article where id = $2)
       update slugline.article set version = 2, title = 'The bridge stays closed', body = '{The council voted again.}' where id = $2`,
      [newId(), await articleOf(post)],
    );
  await store.query("update slugline.article set version = 2, state = 'removed' where id = $1", [await articleOf(withdrawn)]);
  const correction = await writeCorrection(deps, { postId: corrected, person });
  if (!again.ok || !correction.ok) throw new Error("Nothing was written after the posts that are out.");

  return [
    ...[...onDesk, again.id, correction.id].map((post) => `/?post=${post}`),
    ...[halfOut, stands, changed, withdrawn, corrected].map((post) => `/posts/${post}`),
  ];
}
