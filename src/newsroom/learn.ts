import { sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { storeNow } from "../store/now.ts";
import type { Verified } from "../networks/network.ts";
import type { Driver, Drivers } from "./drivers.ts";
import { accountsToRenew, renewAccount, writeEnds } from "./renew.ts";
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
    `select a.id from slugline.account a
      where a.state <> 'disabled' and not a.rehearsing
        and (a.verified_at is null or (a.state = 'locked-out' and a.verified_at < slugline.now() - interval '2 minutes')
             or coalesce(a.limits_at < slugline.now() - interval '1 day', true))
        -- a host that fails, or asks to be left alone, is asked nothing but what its deliveries ask
        and not exists (select from slugline.brake b where b.scope = any(a.scopes)
          and (b.reads_until > slugline.now() or (b.opened_at is not null and b.until > slugline.now())))`,
  );
  return rows.map((row) => row.id);
}

/**
 * Asks a network whether the account's token works, whose it is and how much a post may hold; the account's state follows.
 *
 * @returns false when its server is away
 */
export async function learnAccount(deps: LearnDeps, accountId: string, signal: AbortSignal): Promise<boolean> {
  const driver = await deps.driver(accountId);
  if (!driver || driver.rehearsal) return true;
  try {
    const since = await storeNow(deps.store);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(20_000)]);
    const verified = await driver.network.verify(driver.account, limit);
    if (!verified.ok) {
      const why = verified.why ?? "The network does not know this account.";
      await deps.store.transaction(async (db) => {
        await lockOut(db, accountId, why, since);
        await db.query("update slugline.account set verified_at = slugline.now() where id = $1", [accountId]);
      });
      return true;
    }
    const limits = await driver.network.limits(driver.account, limit);
    await works(deps.store, accountId, driver, verified, limits);
    return true;
  } catch (error) {
    // Its server is away: nothing is known of the account. Deliveries say so themselves; a later round asks again.
    deps.log.warn({ account: driver.account.name }, `An account could not be asked about: ${sentenceOf(error)}`);
    return false;
  }
}

async function works(store: Store, accountId: string, driver: Driver, verified: Verified, limits: unknown): Promise<void> {
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
      [accountId, verified.id, verified.handle ?? driver.account.handle, JSON.stringify(limits)],
    );
    await writeEnds(db, accountId, verified);
    if (wasLockedOut) await tell(db, { kind: "account-works", account: accountId });
  });
}

const EVERY_MS = 15_000;
/** An account whose server is away is asked about ever more seldom, to a quarter of an hour. */
const AWAY_MAX_MS = 15 * 60_000;

/** Asks about accounts now and again, for as long as it is not stopped. */
export function startLearning(deps: LearnDeps & { readonly clock: Clock }): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const away = new Map<string, { readonly tries: number; readonly until: number }>();

  async function ask(id: string): Promise<void> {
    const { tries, until } = away.get(id) ?? { tries: 0, until: 0 };
    if (until > deps.clock.monotonic()) return;
    if (await learnAccount(deps, id, signal)) away.delete(id);
    else away.set(id, { tries: tries + 1, until: deps.clock.monotonic() + Math.min(AWAY_MAX_MS, EVERY_MS * 2 ** tries) });
  }

  const loop = (async () => {
    while (!signal.aborted) {
      try {
        for (const id of await accountsToRenew(deps.store)) await renewAccount(deps, id, signal);
        for (const id of await accountsToLearn(deps.store)) await ask(id);
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
