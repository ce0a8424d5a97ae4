import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../test/support/store.ts";
import type { Other, Stand } from "./delivery-stand.ts";
import type { Taken } from "./network-child.ts";
import { approveAll, type Waiting } from "./posts.ts";

export interface Round {
  /** Posts a second, from the first that the network took to the last. */
  readonly perSecond: number;
  /** The same to the last that our row tells of as posted; not a number for the others. */
  readonly confirmedPerSecond: number;
  /** CPU time of a post (ms): of the worker, and of Postgres and Redis. */
  readonly workerMs: number;
  readonly storesMs: number;
}

/** These posts at once, from their approval to the last of them, or as many jobs; each must have come once. */
export async function oneRound(stand: Stand, who: "ours" | Other, posts: readonly Waiting[]): Promise<Round> {
  const count = posts.length;
  await sleep(300);
  const before = await stand.cpu();
  if (who === "ours") await approveAll(stand.store, posts);
  else stand.jobs(who, count);
  const taken: Taken[] = [];
  await until(async () => taken.push(...(await stand.taken())) >= count);
  const confirmed =
    who === "ours"
      ? await lastConfirmed(
          stand,
          posts.map(({ id }) => id),
        )
      : Number.NaN;
  // What comes twice would come now.
  await sleep(300);
  taken.push(...(await stand.taken()));
  const after = await stand.cpu();
  if (new Set(taken.map(({ text }) => text)).size !== count || taken.length !== count)
    throw new Error(`${who}: ${count} posts were to go out once each, the network took ${taken.length}`);
  const times = taken.map(({ at }) => at);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return {
    perSecond: ((count - 1) / (last - first)) * 1_000,
    confirmedPerSecond: ((count - 1) / (confirmed - first)) * 1_000,
    workerMs: (after[who] - before[who]) / count,
    storesMs: (after.stores - before.stores) / count,
  };
}

/** When the last of these was written down as posted (ms since the epoch). */
async function lastConfirmed({ store }: Stand, ids: readonly string[]): Promise<number> {
  return until(async () => {
    const { rows } = await store.query<{ posted: number; last: number }>(
      "select count(posted_at)::int as posted, (extract(epoch from max(posted_at)) * 1000)::float8 as last from slugline.delivery where post_id = any($1)",
      [ids],
    );
    return rows[0]!.posted === ids.length && rows[0]!.last;
  });
}
