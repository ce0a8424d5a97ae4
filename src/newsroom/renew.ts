import { sentenceOf } from "../lib/fault.ts";
import type { Renewed, Verified } from "../networks/network.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { storeNow } from "../store/now.ts";
import type { LearnDeps } from "./learn.ts";
import { lockOut } from "./store.ts";

/** So long before its end a token is renewed (SQL). */
const EARLY = "interval '15 minutes'";
/** After a renewal that failed, it is tried again this often (SQL); an access token of X's has a quarter of an hour left then. */
const AGAIN = "interval '1 minute'";

/** Accounts whose token is to be renewed now. One that is locked out has a person to wait for. */
export async function accountsToRenew(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from slugline.account
      where renew_at <= slugline.now() and state = 'active' and not rehearsal and rehearsal_why is null order by renew_at`,
  );
  return rows.map((row) => row.id);
}

/** Renews an account's token before it ends, so that no post waits for it. What fails is told, and tried again. */
export async function renewAccount({ store, driver, log }: LearnDeps, accountId: string, signal: AbortSignal): Promise<void> {
  const found = await driver(accountId);
  const renew = found?.network.renew;
  if (!found || found.rehearsal || !renew) return;
  const since = await storeNow(store);
  const renewed = await renew(found.account, signal).catch((error: unknown): Renewed => ({
    kind: "busy",
    why: sentenceOf(error),
  }));
  if (renewed.kind !== "renewed") log.warn({ account: found.account.name }, renewed.why);
  await store.transaction(async (db) => {
    switch (renewed.kind) {
      case "renewed":
        return writeEnds(db, accountId, { endsAt: renewed.endsAt, renewal: { endsAt: renewed.refreshEndsAt } });
      case "locked-out":
        if (await lockOut(db, accountId, renewed.why, since))
          await db.query("update slugline.account set renew_at = null where id = $1", [accountId]);
        return;
      case "busy": {
        const { rows } = await db.query<{ first: boolean }>(
          `update slugline.account a set renew_error = $2, renew_at = slugline.now() + ${AGAIN}
             from (select id, renew_error is null as first from slugline.account where id = $1 for update) was
            where a.id = was.id returning was.first`,
          [accountId, renewed.why],
        );
        if (rows[0]?.first) await tell(db, { kind: "account-renewal-failed", account: accountId, data: { why: renewed.why } });
      }
    }
  });
}

/** Writes down when an account's access ends, as its network said, and when it is renewed. */
export async function writeEnds(
  db: Db,
  accountId: string,
  { endsAt, renewal }: Pick<Verified, "endsAt" | "renewal">,
): Promise<void> {
  const moment = (at: number | null | undefined) => (at === null || at === undefined ? null : new Date(at));
  await db.query(
    `update slugline.account set token_ends_at = $2, token_renews = $3, refresh_ends_at = $4, renew_error = null,
            renew_at = case when $3 then $2::timestamptz - ${EARLY} end
      where id = $1`,
    [accountId, moment(endsAt), renewal !== undefined, moment(renewal?.endsAt)],
  );
}
