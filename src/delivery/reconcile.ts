import { sentenceOf } from "../lib/fault.ts";
import { ring } from "../queue/ring.ts";
import { revisionOf } from "../post/store.ts";
import type { Found } from "../networks/network.ts";
import { afterMiss, backoff, clampRetry } from "./delivery.ts";
import type { Driver } from "../newsroom/driver.ts";
import type { DeliveryDeps } from "./deps.ts";
import { confirm, keyOf, move } from "./send.ts";
import { closeAttempt, lockDelivery, openAttempt, ownedIds, settle, takeLook, type DeliveryRow } from "./store.ts";

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
  const driver = await deps.driver(seen.account_id);
  if (!driver) return;
  const askedAt = deps.clock.monotonic();
  const taken = await deps.store.transaction(async (db) => {
    const lease = await takeLook(db, seen.id, deps.timing.leaseMs);
    if (!lease) return undefined;
    const attempt = await openAttempt(db, { deliveryId: seen.id, epoch: lease.epoch, kind: "look" });
    return { ...lease, attempt, owned: await ownedIds(db, seen.account_id, seen.id) };
  });
  if (!taken) return;
  deps.crashpoint("before-look");
  const now = taken.now + deps.clock.monotonic() - askedAt;
  const found = await find(deps, driver, { seen, now, owned: taken.owned }, signal);
  deps.crashpoint("after-look");
  await deps.store.transaction(async (db) => {
    const delivery = await lockDelivery(db, seen.id);
    if (!delivery) return;
    await closeAttempt(db, taken.attempt, found.kind, "why" in found ? found.why : null);
    if (found.kind === "posted") return confirm(db, delivery, found);
    if (delivery.state !== "unknown" || delivery.epoch !== taken.epoch) return;
    if (found.kind === "same-key") {
      return move(db, delivery, "again", { why: "same-key", inMs: backoff(delivery.attempts, deps.random(), deps.timing) });
    }
    if (found.kind === "nobody") return giveUp(deps, driver, delivery, db);

    const sinceMs = delivery.unknown_ms ?? 0;
    const settled = sinceMs >= driver.network.settleMs;
    const misses = found.kind === "absent" && settled ? delivery.misses + 1 : delivery.misses;
    const next = afterMiss(sinceMs, misses, found.kind === "absent", deps.timing);
    if (next === "again") return move(db, delivery, "again", { why: "not-there" });
    if (next === "ask") return giveUp(deps, driver, delivery, db);
    const told =
      "retryAt" in found && found.retryAt !== undefined ? clampRetry(found.retryAt, deps.clock.now()) - deps.clock.now() : 0;
    const untilSettled = settled ? 0 : driver.network.settleMs - sinceMs;
    const inMs = Math.max(told, Math.min(Math.max(deps.timing.lookGapMs, untilSettled), deps.timing.lookForMs));
    await settle(db, delivery.id, "unknown", { why: "why" in found ? found.why : "not there yet", inMs, misses });
  });
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
  if (driver.network.promise === "exact") return { kind: "same-key" };
  if (driver.network.promise === "asked" || !driver.network.find) return { kind: "nobody" };
  const revision = await revisionOf(deps.store, seen.post_id, seen.revision);
  if (!revision || !seen.idempotency || !seen.intent_at) return { kind: "nobody" };
  const key = keyOf(seen.link_code, { idempotency: seen.idempotency, intent_at: seen.intent_at, now }, revision);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(deps.timing.leaseMs - 1_000)]);
  try {
    return await driver.network.find(driver.account, key, owned, limit);
  } catch (error) {
    return { kind: "cannot-tell", why: sentenceOf(error) };
  }
}

async function giveUp(deps: DeliveryDeps, driver: Driver, delivery: DeliveryRow, db: Parameters<typeof move>[0]): Promise<void> {
  if (driver.onUnknown === "assume-posted") return move(db, delivery, "assume", { why: "assumed", assumed: "rule" });
  await move(db, delivery, "ask", { why: "nobody can tell whether it was posted" });
}
