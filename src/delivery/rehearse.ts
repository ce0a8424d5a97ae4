import { rehearsalWhy } from "../newsroom/apply.ts";
import { nextPost } from "../post/post.ts";
import { lockPost, movePost } from "../post/store.ts";
import { insertDecision, type By } from "../review/store.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { nextDelivery } from "./delivery.ts";
import { lockDelivery, settle } from "./store.ts";

/** Who pressed, by the name that stays; `person` null: the command line, or a program. */
export interface Presser {
  readonly name: string;
  readonly person: string | null;
}

/**
 * - rehearsing: whether the account is in rehearsal now
 * - why: what keeps it there although the press has ended: newsroom.yaml says so, or short links lead nowhere; else null
 * - back: approved posts that wait for a decision again, since they were approved for the other place
 */
export interface Pressed {
  readonly rehearsing: boolean;
  readonly why: "declared" | "held" | null;
  readonly back: number;
}

/** From here on the rehearsal driver stands in for the account's network, whatever newsroom.yaml says. Undefined: no such account. */
export function beginRehearsal(store: Store, accountId: string, by: Presser): Promise<Pressed | undefined> {
  return press(store, accountId, by, async (db) => {
    await db.query(
      "update slugline.account set rehearsal_at = slugline.now(), rehearsal_by = $2 where id = $1 and rehearsal_at is null",
      [accountId, by.name],
    );
  });
}

/**
 * Ends what `beginRehearsal` began: the account is what it is declared to be, and real only with short links that a follower
 * can open.
 */
export function endRehearsal(store: Store, accountId: string, by: Presser, shortUrl: string): Promise<Pressed | undefined> {
  return press(store, accountId, by, async (db, account) => {
    await db.query("update slugline.account set rehearsal_at = null, rehearsal_by = null, rehearsal_why = $2 where id = $1", [
      accountId,
      rehearsalWhy(account, shortUrl),
    ]);
  });
}

interface AccountNow {
  readonly server: string;
  readonly rehearsal: boolean;
  readonly rehearsal_why: string | null;
  readonly rehearsal_at: Date | null;
  readonly rehearsing: boolean;
}

async function press(
  store: Store,
  accountId: string,
  by: Presser,
  change: (db: Db, account: AccountNow) => Promise<void>,
): Promise<Pressed | undefined> {
  return store.transaction(async (db) => {
    // Posts before their account, as everybody locks them.
    const { rows: open } = await db.query<{ id: string }>(
      `select p.id from slugline.post p where p.account_id = $1 and p.state = 'approved' and not exists (select from slugline.delivery d
          where d.post_id = p.id and d.state in ('sending', 'unknown', 'asked', 'posted')) order by p.id for update of p`,
      [accountId],
    );
    const before = await accountNow(db, accountId);
    if (!before) return undefined;
    await change(db, before);
    const after = (await accountNow(db, accountId))!;
    const switched = before.rehearsing !== after.rehearsing;
    const who = by.person === null ? { rule: by.name } : { person: by.person };
    let back = 0;
    for (const { id } of switched ? open : []) if (await sendBack(db, id, reasonOf(after.rehearsing), who)) back += 1;
    if ((before.rehearsal_at === null) !== (after.rehearsal_at === null) || switched)
      await tell(db, {
        kind: after.rehearsal_at === null ? "account-rehearsal-ended" : "account-rehearsal-began",
        account: accountId,
        person: by.person,
        data: { by: by.name, back },
      });
    const why = after.rehearsal_at !== null || !after.rehearsing ? null : after.rehearsal ? "declared" : "held";
    return { rehearsing: after.rehearsing, why, back };
  });
}

async function accountNow(db: Db, id: string): Promise<AccountNow | undefined> {
  const { rows } = await db.query<AccountNow>(
    "select server, rehearsal, rehearsal_why, rehearsal_at, rehearsing from slugline.account where id = $1 for update",
    [id],
  );
  return rows[0];
}

const reasonOf = (rehearsing: boolean) => (rehearsing ? "rehearsal-began" : "rehearsal-ended");

/**
 * A post that was approved for the other place waits again, for a person: no rule approves it there by itself. The caller
 * holds its lock. False where something of it is on its way already.
 */
export async function sendBack(db: Db, postId: string, why: ReturnType<typeof reasonOf>, by: By): Promise<boolean> {
  const { rows } = await db.query<{ id: string }>(
    "select id from slugline.delivery where post_id = $1 and state <> 'cancelled'",
    [postId],
  );
  const delivery = rows[0] && (await lockDelivery(db, rows[0].id));
  // What an earlier try may have left there is a person's to look for: the gate asks.
  if (delivery && (delivery.unknown_ms !== null || !nextDelivery(delivery.state, "cancel"))) return false;
  if (delivery) await settle(db, delivery.id, "cancelled", { why });
  const post = await lockPost(db, postId);
  const to = post && nextPost(post.state, "release", post.on_its_way);
  if (!post || !to) return false;
  await movePost(db, postId, to);
  await db.query("update slugline.post set mode = 'review', mode_why = $2 where id = $1", [postId, why]);
  await insertDecision(db, { postId, revision: post.revision, kind: "release", by, why });
  await tell(db, {
    kind: "post-to-review",
    post: postId,
    article: post.article_id,
    account: post.account_id,
    person: "person" in by ? by.person : null,
    data: { reason: why },
  });
  return true;
}
