import { sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import type { Driver, Drivers } from "./driver.ts";
import { lockOut } from "./store.ts";

export interface LearnDeps {
  readonly store: Store;
  readonly driver: Drivers;
  readonly log: Log;
}

/**
 * Accounts nobody has asked their network about yet, those locked out (asked again every two minutes, so that a mended
 * one works by itself), and those whose limits were learnt more than a day ago.
 */
async function accountsToLearn(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from slugline.account
      where state <> 'disabled' and not rehearsal and rehearsal_why is null
        and (verified_at is null or (state = 'locked-out' and verified_at < slugline.now() - interval '2 minutes')
             or coalesce(limits_at < slugline.now() - interval '1 day', true))`,
  );
  return rows.map((row) => row.id);
}

/** Asks a network whether the account's token works, whose it is and how much a post may hold; the account's state follows. */
export async function learnAccount(deps: LearnDeps, accountId: string, signal: AbortSignal): Promise<void> {
  const driver = await deps.driver(accountId);
  if (!driver || driver.rehearsal) return;
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(20_000)]);
    const verified = await driver.network.verify(driver.account, limit);
    if (!verified.ok) {
      const why = verified.why ?? "The network does not know this account.";
      return await deps.store.transaction(async (db) => {
        await lockOut(db, accountId, why);
        await db.query("update slugline.account set verified_at = slugline.now() where id = $1", [accountId]);
      });
    }
    const limits = await driver.network.limits(driver.account, limit);
    await works(deps.store, accountId, driver, { id: verified.id, handle: verified.handle, limits });
  } catch (error) {
    // Its server is away: nothing is known of the account. Deliveries say so themselves; the next round asks again.
    deps.log.warn({ account: driver.account.name }, `An account could not be asked about: ${sentenceOf(error)}`);
  }
}

async function works(
  store: Store,
  accountId: string,
  driver: Driver,
  learnt: { id: string | null; handle: string | null; limits: unknown },
): Promise<void> {
  await store.transaction(async (db) => {
    const { rows } = await db.query<{ state: string }>("select state from slugline.account where id = $1 for update", [
      accountId,
    ]);
    const wasLockedOut = rows[0]?.state === "locked-out";
    await db.query(
      `update slugline.account set verified_at = slugline.now(), remote_id = $2, remote_handle = $3, limits = $4, limits_at = slugline.now(),
              state = case when state = 'locked-out' then 'active' else state end,
              state_why = case when state = 'locked-out' then null else state_why end,
              state_at = case when state = 'locked-out' then slugline.now() else state_at end
        where id = $1`,
      [accountId, learnt.id, learnt.handle ?? driver.account.handle, JSON.stringify(learnt.limits)],
    );
    if (wasLockedOut) await tell(db, { kind: "account-works", account: accountId });
  });
}

const EVERY_MS = 15_000;

/** Asks about accounts now and again, for as long as it is not stopped. */
export function startLearning(deps: LearnDeps & { readonly clock: Clock }): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = (async () => {
    while (!signal.aborted) {
      try {
        for (const id of await accountsToLearn(deps.store)) await learnAccount(deps, id, signal);
      } catch (error) {
        deps.log.warn(`Accounts could not be asked about: ${sentenceOf(error)}`);
      }
      await deps.clock.sleep(EVERY_MS, signal);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
