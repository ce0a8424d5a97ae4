import type { Heard } from "../networks/network.ts";
import type { Driver } from "../newsroom/drivers.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { storeNow } from "../store/now.ts";
import { afterBegin, afterLesson, heldUntil, NOTHING, whyHeld, type Brake, type Lane, type Lesson } from "./brake.ts";
import { lockBrakes, saveBrake } from "./brake-store.ts";
import { backoff, clampRetry, type Timing } from "./delivery.ts";
import type { DeliveryDeps } from "./deps.ts";
import { isBad, lessonsOf, type Tried } from "./lesson.ts";

export const accountScope = (accountId: string) => `account:${accountId}`;

/** What a driver's requests for an account fall under. Where a secret that names its app is missing, the sending says so. */
export async function scopesOf(driver: Driver | undefined, accountId: string): Promise<readonly string[]> {
  const shared = (await driver?.network.scopes?.(driver.account).catch(() => [])) ?? [];
  return [accountScope(accountId), ...shared];
}

/** A driver that writes down what it hears. */
export function listening(driver: Driver): { readonly driver: Driver; readonly heard: readonly Heard[] } {
  const heard: Heard[] = [];
  return { driver: { ...driver, account: { ...driver.account, heard: (one) => void heard.push(one) } }, heard };
}

interface Turn {
  readonly scopes: readonly string[];
  readonly delivery: string;
  readonly lane: Lane;
  readonly breaking: boolean;
  readonly timing: Timing;
}

export interface HeldBy {
  readonly scope: string;
  readonly why: ReturnType<typeof whyHeld>;
  /** Until when, in milliseconds from now. */
  readonly inMs: number;
}

/**
 * Lets a request go under all of its brakes, as the probe of those whose breaker is open, or says which one keeps it back
 * the longest. Two workers never probe together: the rows are locked until the request's own row is written.
 */
export async function takeTurn(db: Db, { scopes, delivery, lane, breaking, timing }: Turn): Promise<HeldBy | undefined> {
  const brakes = await lockBrakes(db, scopes);
  if (brakes.length === 0) return undefined;
  const now = await storeNow(db);
  const held = brakes
    .map((brake) => ({
      scope: brake.scope,
      why: whyHeld(brake, lane, now),
      inMs: (heldUntil(brake, lane, breaking, now) ?? now) - now,
    }))
    .toSorted((a, b) => b.inMs - a.inMs)[0];
  if (held && held.inMs > 0) return held;
  for (const brake of brakes) {
    const after = afterBegin(brake, { delivery, lane, now, timing });
    if (after !== brake) await saveBrake(db, after);
  }
  return undefined;
}

type Learning = Pick<DeliveryDeps, "clock" | "random" | "timing">;

/** A try or a look of a delivery. */
type Ended = Pick<Tried, "heard" | "came" | "lane"> & {
  readonly accountId: string;
  readonly delivery: string;
  readonly attempts: number;
};

function lessonsFrom(deps: Learning, it: Ended): ReadonlyMap<string, Lesson> {
  const here = deps.clock.now();
  return lessonsOf({
    ...it,
    account: accountScope(it.accountId),
    backoffMs: Math.max(backoff(it.attempts, deps.random(), deps.timing), LEAST_BACKOFF_MS),
    until: (moment) => clampRetry(moment, here) - here,
  });
}

/** The scopes that it taught something of, where none of it keeps anything back; else undefined. */
export function onlyGood(deps: Learning, it: Ended): readonly string[] | undefined {
  const lessons = lessonsFrom(deps, it);
  return [...lessons.values()].some(isBad) ? undefined : [...lessons.keys()];
}

/** Sets the brakes by what a try or a look taught. Costs one question where all is well. */
export async function learn(deps: Learning, db: Db, it: Ended): Promise<void> {
  const lessons = lessonsFrom(deps, it);
  if (lessons.size === 0) return;
  const bad = [...lessons].filter(([, lesson]) => isBad(lesson)).map(([scope]) => scope);
  const brakes = await lockBrakes(db, [...lessons.keys()], bad);
  if (brakes.length === 0) return;
  const now = await storeNow(db);
  for (const brake of brakes) {
    const after = afterLesson(brake, lessons.get(brake.scope) ?? NOTHING, {
      delivery: it.delivery,
      now,
      random: deps.random(),
      timing: deps.timing,
    });
    await saveBrake(db, after);
    await tellOf(db, { before: brake, after, now });
  }
}

/** An account that is busy is let alone for a second at least. */
const LEAST_BACKOFF_MS = 1_000;

async function tellOf(db: Db, { before, after, now }: { before: Brake; after: Brake; now: number }): Promise<void> {
  const kind = changed(before, after, now);
  if (kind === undefined) return;
  const [of = "", ...rest] = after.scope.split(":");
  const name = rest.join(":");
  await tell(db, {
    kind: `${of}-${kind}`,
    account: of === "account" ? name : null,
    data: { ...(of === "host" ? { host: name } : {}), why: kind === "limited" ? after.limitWhy : after.failureWhy },
  });
}

/** What of a brake is news: once when it begins, once when it ends. */
function changed(before: Brake, after: Brake, now: number): "failing" | "works" | "limited" | undefined {
  if ((before.openedAt === null) !== (after.openedAt === null)) return after.openedAt === null ? "works" : "failing";
  const limited = (brake: Brake) => (brake.postsUntil ?? 0) > now;
  return limited(after) && !limited(before) ? "limited" : undefined;
}
