import { Fault, sentenceOf } from "../lib/fault.ts";
import type { Db } from "../store/db.ts";
import { ring } from "../queue/ring.ts";
import { tell } from "../store/history.ts";
import { makeLive } from "../link/shorten.ts";
import { hashOf } from "../post/revision.ts";
import { revisionOf, type RevisionRow } from "../post/store.ts";
import type { Deadline, DeliveryKey, Outcome, Ready } from "../networks/network.ts";
import { backoff, clampRetry, nextDelivery, type DeliveryHappening } from "./delivery.ts";
import type { Driver } from "../newsroom/driver.ts";
import { lockOut } from "../newsroom/store.ts";
import type { DeliveryDeps } from "./deps.ts";
import {
  begin,
  closeAttempt,
  gateOf,
  lockBoth,
  lockDelivery,
  openAttempt,
  pace,
  settle,
  type Begun,
  type DeliveryRow,
} from "./store.ts";

const ASK_AGAIN_MS = 60_000;

/** What a try needs once its intent is committed. */
interface Try {
  readonly delivery: DeliveryRow;
  readonly begun: Begun;
  readonly attempt: string;
  readonly revision: RevisionRow;
  readonly linkCode: string | null;
}

/** Sends a due delivery once, if everything still allows it (DESIGN R2, R3). */
export async function send(deps: DeliveryDeps, delivery: DeliveryRow, signal: AbortSignal): Promise<void> {
  const driver = await deps.driver(delivery.account_id);
  const leasedFrom = deps.clock.monotonic();
  deps.crashpoint("before-intent");
  const now = await deps.store.transaction((db) => start(deps, db, delivery, driver !== undefined));
  if (!now || !driver) return;
  deps.crashpoint("after-intent");
  const outcome = await attempt(deps, driver, now, leasedFrom, signal);
  deps.crashpoint("after-answer");
  await finish(deps, now, outcome);
  deps.crashpoint("after-confirm");
}

/** Checks the gate and commits the intent. Undefined: not now, and the row says why and when. */
async function start(deps: DeliveryDeps, db: Db, seen: DeliveryRow, hasDriver: boolean): Promise<Try | undefined> {
  const delivery = await lockBoth(db, seen);
  const gate = delivery && (await gateOf(db, delivery));
  if (!gate) return undefined;
  const wait = (inMs: number, why: string) => settle(db, delivery.id, "due", { why, inMs });

  if (!gate.approved || gate.withdrawn) {
    if (nextDelivery(delivery.state, "cancel"))
      await move(db, delivery, "cancel", { why: gate.withdrawn ? "withdrawn" : "approval-void" });
    return undefined;
  }
  if (delivery.state === "locked-out" && gate.account_state === "active") {
    await move(db, delivery, "again", { why: null });
    await ring(db, "delivery", delivery.post_id);
    return undefined;
  }
  if (delivery.state !== "due" || !delivery.ready || gate.paused || gate.account_state !== "active" || gate.behind)
    return undefined;
  if (gate.late) {
    await move(db, delivery, "late", { why: "too-old" });
    await ring(db, "delivery", delivery.post_id);
    return undefined;
  }
  // Asked again now and then: an embargo may be lifted before its time.
  if (gate.wait_until) return void (await wait(Math.min(await msUntil(db, gate.wait_until), ASK_AGAIN_MS), "not-before"));
  if (gate.paced_until) return void (await wait(await msUntil(db, gate.paced_until), "spacing"));
  if (!hasDriver) return void (await wait(ASK_AGAIN_MS, "no-driver"));

  const revision = await revisionOf(db, delivery.post_id, delivery.revision);
  if (!revision || hashOf(revision) !== revision.hash) {
    throw new Fault("REVISION_CHANGED", "The approved text is not what is stored; it will not be sent.", {
      delivery: delivery.id,
    });
  }
  if (gate.link_id) await makeLive(db, gate.link_id);
  await pace(db, delivery.account_id, gate.spacing_s * 1000);
  const begun = await begin(db, { id: delivery.id, hash: revision.hash, linkCode: gate.link_code, leaseMs: deps.timing.leaseMs });
  if (!begun) return undefined;
  const id = await openAttempt(db, { deliveryId: delivery.id, epoch: begun.epoch, kind: "send" });
  return { delivery, begun, attempt: id, revision, linkCode: gate.link_code };
}

async function attempt(deps: DeliveryDeps, driver: Driver, now: Try, leasedFrom: number, signal: AbortSignal): Promise<Outcome> {
  // The last moment to begin writing: what follows still ends, by its own time limit, before the lease does (T5).
  const lastMoment = leasedFrom + deps.timing.leaseMs - deps.timing.requestMs;
  const deadline: Deadline = {
    check() {
      deps.crashpoint("before-write");
      if (deps.clock.monotonic() > lastMoment)
        throw new Fault("DEADLINE_PASSED", "The lease ran out before the request was written.");
    },
  };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(deps.timing.leaseMs - 1_000)]);
  try {
    return await driver.network.publish(
      driver.account,
      ready(now),
      { ...keyOf(now.linkCode, now.begun, now.revision), deadline },
      limit,
    );
  } catch (error) {
    deps.log.error({ err: error, delivery: now.delivery.id }, "a driver threw; its outcome is unknown");
    return { kind: "unknown", why: sentenceOf(error) };
  }
}

function ready(now: Try): Ready {
  const { text, lang, media, sensitive, spoiler } = now.revision;
  return { text, lang, link: linkIn(text, now.linkCode), media, sensitive, spoiler };
}

/** What tells this delivery's post from every other, on every try and look. */
export function keyOf(
  linkCode: string | null,
  intent: { readonly idempotency: string; readonly intent_at: Date; readonly now: number },
  revision: RevisionRow,
): DeliveryKey {
  return {
    idempotency: intent.idempotency,
    link: linkIn(revision.text, linkCode),
    text: revision.text,
    intentAt: intent.intent_at.getTime(),
    now: intent.now,
  };
}

/** The post's own short link as it stands in its text, whatever the short host was when it was written. */
function linkIn(text: string, code: string | null): string | null {
  if (!code) return null;
  return text.split(/\s+/u).find((word) => /^https?:\/\//u.test(word) && word.endsWith(`/${code}`)) ?? null;
}

/** Writes down what the try came to; only whoever holds the lease may, except that "posted" is always believed. */
async function finish(deps: DeliveryDeps, now: Pick<Try, "delivery" | "begun" | "attempt">, outcome: Outcome): Promise<void> {
  await deps.store.transaction(async (db) => {
    const delivery = await lockDelivery(db, now.delivery.id);
    if (!delivery) return;
    await closeAttempt(db, now.attempt, outcome.kind, "why" in outcome ? outcome.why : null);
    deps.crashpoint("before-confirm");
    const mine = delivery.state === "sending" && delivery.epoch === now.begun.epoch;
    if (!mine && outcome.kind !== "posted") return;
    if (!nextDelivery(delivery.state, outcome.kind)) return;
    const retryMs =
      "retryAt" in outcome && outcome.retryAt !== undefined
        ? clampRetry(outcome.retryAt, deps.clock.now()) - deps.clock.now()
        : null;
    switch (outcome.kind) {
      case "posted":
        return confirm(db, delivery, outcome);
      case "busy": {
        const inMs = retryMs ?? backoff(now.begun.attempts, deps.random(), deps.timing);
        await stumble(db, delivery.account_id, inMs);
        return move(db, delivery, "busy", { why: outcome.why, inMs });
      }
      case "refused":
        return move(db, delivery, "refused", { why: outcome.why });
      case "locked-out":
        await lockOut(db, delivery.account_id, outcome.why);
        return move(db, delivery, "locked-out", { why: outcome.why });
      case "unknown":
        if (retryMs !== null) await stumble(db, delivery.account_id, retryMs);
        return move(db, delivery, "unknown", { why: outcome.why, inMs: Math.max(retryMs ?? 0, 1_000) });
    }
  });
}

/** It is there. Another delivery that already owns this id shows that it is not ours: then nobody knows. */
export async function confirm(
  db: Db,
  delivery: DeliveryRow,
  there: { readonly id: string; readonly url: string | null },
): Promise<void> {
  const { rows } = await db.query<{ id: string }>(
    "select id from slugline.delivery where account_id = $1 and remote_id = $2 and id <> $3",
    [delivery.account_id, there.id, delivery.id],
  );
  if (rows.length > 0) return move(db, delivery, "unknown", { why: "the network named a post that is another delivery's" });
  await db.query("update slugline.account set failures = 0 where id = $1 and failures > 0", [delivery.account_id]);
  await move(db, delivery, "posted", { why: null, remoteId: there.id, remoteUrl: there.url });
}

/** Moves a locked delivery and writes its history. Does nothing where the noun says no. */
export async function move(
  db: Db,
  delivery: DeliveryRow,
  happening: DeliveryHappening,
  how: Parameters<typeof settle>[3],
  person: string | null = null,
): Promise<void> {
  const to = nextDelivery(delivery.state, happening);
  if (!to) return;
  await settle(db, delivery.id, to, how);
  await tell(db, {
    kind: `delivery-${to}`,
    delivery: delivery.id,
    post: delivery.post_id,
    account: delivery.account_id,
    person,
    data: { from: delivery.state, ...(how.why ? { why: how.why } : {}), ...(how.remoteUrl ? { url: how.remoteUrl } : {}) },
  });
}

async function stumble(db: Db, accountId: string, inMs: number): Promise<void> {
  await db.query("update slugline.account set failures = failures + 1 where id = $1", [accountId]);
  await pace(db, accountId, inMs);
}

async function msUntil(db: Db, moment: Date): Promise<number> {
  const { rows } = await db.query<{ ms: number }>(
    "select (extract(epoch from $1::timestamptz - slugline.now()) * 1000)::float8 as ms",
    [moment],
  );
  return Math.max(rows[0]?.ms ?? 1_000, 100);
}
