import { reasonOf } from "../lib/fault.ts";
import { ring } from "../queue/ring.ts";
import { revisionOf } from "../post/store.ts";
import type { Found, Network } from "../networks/network.ts";
import { hasTwin, replyOf } from "./answering.ts";
import { afterMiss, backoff, clampRetry } from "./delivery.ts";
import type { Driver } from "../newsroom/drivers.ts";
import { lockOut } from "../newsroom/store.ts";
import type { Db } from "../store/db.ts";
import { learn, listening, scopesOf, takeTurn } from "./brakes.ts";
import type { DeliveryDeps } from "./deps.ts";
import { notSought } from "./hold.ts";
import { confirm, move } from "./finish.ts";
import { keyOf } from "./key.ts";
import { payForLook } from "./ledger.ts";
import { lockBoth, lockDelivery, ownedIds, settle, type DeliveryRow } from "./store.ts";
import { closeAttempt, openLook, takeLook } from "./tries.ts";

/** Whoever was sending died or stalled past its lease: nobody knows what came of it (T2). */
export async function recover(deps: DeliveryDeps, seen: DeliveryRow): Promise<void> {
  await deps.store.transaction(async (db) => {
    const delivery = await lockDelivery(db, seen.id);
    if (delivery?.state !== "sending" || !delivery.free) return;
    await move(db, delivery, "unknown", { why: "whoever was sending it stopped" });
    await ring(db, "delivery", delivery.post_id);
  });
}

/** Finds out what an unknown delivery came to, as far as its network lets us (T4). */
export async function look(deps: DeliveryDeps, seen: DeliveryRow, signal: AbortSignal): Promise<void> {
  // By whom it was sent, whatever the account is now.
  const driver = await deps.driver(seen.account_id, seen.rehearsal ?? undefined);
  if (!driver) return;
  const scopes = await scopesOf(driver, seen.account_id);
  const askedAt = deps.clock.monotonic();
  const taken = await deps.store.transaction(async (db) => {
    const lease = await takeLook(db, seen.id, deps.timing.leaseMs);
    if (!lease) return undefined;
    if (lookerOf(driver, keyIn(driver, seen)) && (await postponed(deps, driver, seen, scopes, db))) return undefined;
    const attempt = await openLook(db, seen.id, lease.epoch);
    return { ...lease, attempt, owned: await ownedIds(db, seen.account_id, seen.id) };
  });
  if (!taken) return;
  deps.crashpoint("before-look");
  const now = taken.now + deps.clock.monotonic() - askedAt;
  const { driver: ears, heard } = listening(driver);
  const found = await find(deps, ears, { seen, now, owned: taken.owned }, signal);
  deps.crashpoint("after-look");
  // Not where it is in rehearsal by now: that goes on without its network.
  const turnedAway = found.kind === "cannot-tell" && found.lockedOut && !(await deps.driver(seen.account_id))?.rehearsal;
  await deps.store.transaction(async (db) => {
    const delivery = await lockBoth(db, seen);
    if (!delivery) return;
    await closeAttempt(db, taken.attempt, found.kind, "why" in found ? found.why : null);
    if (found.kind !== "same-key" && found.kind !== "nobody") {
      const { account_id: accountId, id, attempts } = delivery;
      await learn(deps, db, { heard, came: found, lane: "reads", accountId, delivery: id, attempts });
    }
    const shown = heard.reduce((sum, { read = 0 }) => sum + read, 0);
    const { read, currency } = driver.prices ?? {};
    if (shown > 0 && read && currency) await payForLook(db, delivery, { micros: shown * read, currency });
    if (found.kind === "posted") return confirm(db, delivery, found);
    if (turnedAway) await lockOut(db, delivery.account_id, found.why, taken.now);
    if (delivery.state !== "unknown" || delivery.epoch !== taken.epoch) return;
    if (found.kind === "same-key") {
      if (delivery.sought) await notSought(db, delivery.post_id);
      return move(db, delivery, "again", { why: "same-key", inMs: backoff(delivery.attempts, deps.random(), deps.timing) });
    }
    if (found.kind === "nobody") return giveUp(deps, driver, delivery, db);

    const sinceMs = taken.since_ms;
    const settled = sinceMs >= driver.network.settleMs;
    const misses = found.kind === "absent" && settled ? delivery.misses + 1 : delivery.misses;
    const next = afterMiss(sinceMs, misses, found.kind === "absent", deps.timing);
    // After a restore the words that were sent may be others than those that are known here.
    if (next === "again" && delivery.sought && seen.link_code === null) return giveUp(deps, driver, delivery, db);
    if (next === "again") {
      if (delivery.sought) await notSought(db, delivery.post_id);
      return move(db, delivery, "again", { why: "not-there", absent: true });
    }
    if (next === "ask") return giveUp(deps, driver, delivery, db);
    const told =
      "retryAt" in found && found.retryAt !== undefined ? clampRetry(found.retryAt, deps.clock.now()) - deps.clock.now() : 0;
    const untilSettled = settled ? 0 : driver.network.settleMs - sinceMs;
    const gap = Math.max(deps.timing.lookGapMs, untilSettled);
    // Whatever the network asks for: after as long as we look at all, a person is asked.
    const inMs = Math.min(Math.max(told, gap), deps.timing.lookForMs - sinceMs);
    await settle(db, delivery.id, "unknown", { why: "why" in found ? found.why : "not there yet", inMs, misses });
  });
}

/** The key it was sent under, if it was; null where a restore lost it (`hold.ts`). */
function keyIn({ network }: Driver, seen: DeliveryRow): string | null {
  return seen.idempotency ?? (seen.sought === "it" && !network.newKey ? seen.id : null);
}

/** How a look asks the network; undefined where its own key makes that needless, or where nobody can look. */
function lookerOf({ network, rehearsal }: Driver, key: string | null): Network["find"] {
  if (network.promise === "reconciled") return network.find;
  // The rehearsal's timeline was restored with its deliveries.
  return network.promise === "exact" && key === null && !rehearsal ? network.search : undefined;
}

/** A look that a brake keeps back waits for it, but no longer than we look at all: then a person is asked. */
async function postponed(
  deps: DeliveryDeps,
  driver: Driver,
  seen: DeliveryRow,
  scopes: readonly string[],
  db: Db,
): Promise<boolean> {
  const { lookForMs } = deps.timing;
  const held = await takeTurn(db, { scopes, delivery: seen.id, lane: "reads", breaking: false, timing: deps.timing });
  const delivery = held && (await lockDelivery(db, seen.id));
  if (!held || !delivery) return false;
  const left = lookForMs - (delivery.unknown_ms ?? 0);
  if (left <= 0) await giveUp(deps, driver, delivery, db);
  else await settle(db, delivery.id, "unknown", { why: "look-waits", inMs: Math.min(held.inMs, left) });
  return true;
}

/** What a look came to: the network's answer, or that its own key makes looking needless or that nobody can look. */
type Looked = Found | { readonly kind: "same-key" } | { readonly kind: "nobody" };

/** What a look is for, at which moment of the store's clock, and what it is not. */
interface Look {
  readonly seen: DeliveryRow;
  readonly now: number;
  readonly owned: ReadonlySet<string>;
}

async function find(deps: DeliveryDeps, driver: Driver, { seen, now, owned }: Look, signal: AbortSignal): Promise<Looked> {
  const known = keyIn(driver, seen);
  if (driver.network.promise === "exact" && (known !== null || driver.rehearsal)) return { kind: "same-key" };
  const look = lookerOf(driver, known);
  if (!look) return { kind: "nobody" };
  const revision = await revisionOf(deps.store, seen.post_id, seen.revision);
  if (!revision || !seen.intent_at) return { kind: "nobody" };
  const replyTo = await replyOf(deps.store, seen.post_id);
  const intent = { idempotency: known ?? seen.id, intent_at: seen.intent_at, now };
  const key = keyOf(seen.link_code, intent, { revision, replyTo });
  if (key.link === null && (await hasTwin(deps.store, seen.id))) return { kind: "nobody" };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(deps.timing.leaseMs - 1_000)]);
  try {
    return await look(driver.account, key, owned, limit);
  } catch (error) {
    return { kind: "cannot-tell", why: reasonOf(error) };
  }
}

async function giveUp(deps: DeliveryDeps, driver: Driver, delivery: DeliveryRow, db: Parameters<typeof move>[0]): Promise<void> {
  if (driver.onUnknown === "assume-posted") return move(db, delivery, "assume", { why: "assumed", assumed: "rule" });
  await move(db, delivery, "ask", { why: "nobody can tell whether it was posted" });
}
