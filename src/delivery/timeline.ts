import { newId } from "../lib/id.ts";
import type { Db } from "../store/db.ts";

interface Entry {
  readonly text: string;
  readonly lang: string | null;
  readonly link: string | null;
  readonly media: readonly unknown[];
  readonly sensitive: boolean;
  readonly spoiler: string | null;
  /** The entry it answers; null for none. */
  readonly replyTo: string | null;
}

interface Placed {
  readonly id: string;
  readonly url: string;
}

/** The local timeline that accounts in rehearsal post to, once per account and key; `app.ts` hands it to their driver. */
export function createTimeline(db: Db, publicUrl: string) {
  const placed = (id: string): Placed => ({ id, url: `${publicUrl}/timeline#post-${id}` });

  async function find(accountId: string, key: string): Promise<Placed | undefined> {
    const { rows } = await db.query<{ id: string }>("select id from slugline.timeline where account_id = $1 and key = $2", [
      accountId,
      key,
    ]);
    return rows[0] && placed(rows[0].id);
  }

  return {
    find,

    async put(it: Entry & { readonly accountId: string; readonly key: string }): Promise<Placed & { readonly fresh: boolean }> {
      const { rows } = await db.query<{ id: string }>(
        `insert into slugline.timeline (id, account_id, key, text, lang, link, media, sensitive, spoiler, reply_to)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (account_id, key) do nothing returning id`,
        [
          newId(),
          it.accountId,
          it.key,
          it.text,
          it.lang,
          it.link,
          JSON.stringify(it.media),
          it.sensitive,
          it.spoiler,
          it.replyTo,
        ],
      );
      if (rows[0]) return { ...placed(rows[0].id), fresh: true };
      const there = await find(it.accountId, it.key);
      if (!there) throw new Error("a timeline entry neither was there nor could be put");
      return { ...there, fresh: false };
    },

    async edit(accountId: string, id: string, it: Entry): Promise<Placed | undefined> {
      const { rowCount } = await db.query(
        `update slugline.timeline set text = $3, lang = $4, link = $5, media = $6, sensitive = $7, spoiler = $8, edited_at = slugline.now()
          where account_id = $1 and id = $2 and removed_at is null`,
        [accountId, id, it.text, it.lang, it.link, JSON.stringify(it.media), it.sensitive, it.spoiler],
      );
      return rowCount === 1 ? placed(id) : undefined;
    },

    async remove(accountId: string, id: string): Promise<boolean> {
      const { rowCount } = await db.query(
        "update slugline.timeline set removed_at = slugline.now() where account_id = $1 and id = $2 and removed_at is null",
        [accountId, id],
      );
      return rowCount === 1;
    },
  };
}
