import { newId } from "../../src/lib/id.ts";
import { hashOf } from "../../src/post/revision.ts";
import type { Db, Store } from "../../src/store/db.ts";

export interface Waiting {
  readonly id: string;
  readonly text: string;
}

/** Posts that wait for their approval, a story's for each account in turn, with a link of their own, as composing makes them. */
export async function writePosts(store: Store, accounts: readonly string[], count: number): Promise<Waiting[]> {
  const stories = Array.from({ length: Math.ceil(count / accounts.length) }, newId);
  const posts = Array.from({ length: count }, (_, at) => {
    const [id, code] = [newId(), newId().slice(-12)];
    const text = `The old bridge opens on Monday (${code})\n\nThe council said on Tuesday that it holds.\n\nhttps://go.example.org/${code}`;
    const hash = hashOf({ text, lang: "en", media: [], card: null, sensitive: false, spoiler: null });
    return {
      id,
      code,
      text,
      hash,
      link: newId(),
      article: stories[Math.floor(at / accounts.length)],
      account: accounts[at % accounts.length],
    };
  });
  await store.transaction(async (db) => {
    await db.query(
      `insert into slugline.article (id, source_id, url, canonical_url, state, composed_version, title, lang, dir, read_at)
       select id, (select id from slugline.source limit 1), 'https://example.org/' || id, 'https://example.org/' || id,
              'ready', 1, 'The old bridge opens', 'en', 'ltr', slugline.now() from unnest($1::uuid[]) id`,
      [stories],
    );
    const given = [JSON.stringify(posts)];
    const from =
      "from jsonb_to_recordset($1) as p(id uuid, code text, text text, hash text, link uuid, article uuid, account uuid)";
    await db.query(
      `insert into slugline.link (id, code, target, article_id, placement)
       select link, code, 'https://example.org/' || article, article, 'post:' || id ${from}`,
      given,
    );
    await db.query(
      `insert into slugline.post (id, article_id, account_id, state, mode, mode_why, article_version, link_id)
       select id, article, account, 'waiting', 'review', 'account', 1, link ${from}`,
      given,
    );
    await db.query(
      `insert into slugline.post_revision (post_id, revision, text, lang, hash) select id, 1, text, 'en', hash ${from}`,
      given,
    );
  });
  await store.query(
    "analyze slugline.article, slugline.link, slugline.post, slugline.post_revision, slugline.decision, slugline.delivery",
  );
  return posts;
}

/** What approving each of them writes, for all of them at once, so that the approving is no part of what is measured. */
export async function approveAll(store: Store, posts: readonly Waiting[]): Promise<void> {
  await store.transaction(async (db: Db) => {
    const ids = [posts.map(({ id }) => id)];
    await db.query("update slugline.post set state = 'approved' where id = any($1)", ids);
    await db.query(
      `insert into slugline.decision (id, post_id, revision, kind, by_rule)
       select gen_random_uuid(), id, 1, 'approve', 'bench' from unnest($1::uuid[]) id`,
      ids,
    );
    await db.query("insert into slugline.outbox (bell, subject) select 'delivery', id from unnest($1::uuid[]) id", ids);
  });
}

/** Posts of the past, all of them out, as a newsroom has them after a year: tables and indexes have the size that they have in use. */
export async function writePast(store: Store, accounts: readonly string[], count: number): Promise<void> {
  const ids = (await writePosts(store, accounts, count)).map(({ id }) => id);
  await store.transaction(async (db) => {
    await db.query("update slugline.post set state = 'approved' where id = any($1)", [ids]);
    await db.query(
      "update slugline.link set state = 'live', live_at = slugline.now() where id in (select link_id from slugline.post where id = any($1))",
      [ids],
    );
    await db.query(
      `insert into slugline.decision (id, post_id, revision, kind, by_rule)
       select gen_random_uuid(), id, 1, 'approve', 'bench' from unnest($1::uuid[]) id`,
      [ids],
    );
    await db.query(
      `insert into slugline.delivery (id, post_id, revision, account_id, state, attempts, epoch, idempotency, intent_at, begun_at, posted_at, remote_id)
       select p.id, p.id, 1, p.account_id, 'posted', 1, 1, p.id, slugline.now(), slugline.now(), slugline.now(), 'past-' || p.id
         from slugline.post p where p.id = any($1)`,
      [ids],
    );
    await db.query(
      `insert into slugline.attempt (id, delivery_id, epoch, kind, ended_at, outcome)
       select gen_random_uuid(), id, 1, 'send', slugline.now(), 'posted' from unnest($1::uuid[]) id`,
      [ids],
    );
    await db.query(
      `insert into slugline.event (id, kind, account_id, post_id, delivery_id, data)
       select gen_random_uuid(), 'delivery-posted', account_id, id, id, '{}' from slugline.post where id = any($1)`,
      [ids],
    );
  });
  await store.query("vacuum analyze");
}
