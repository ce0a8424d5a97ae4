import type { Db } from "../store/db.ts";
import { ring } from "../queue/ring.ts";
import { tell } from "../store/history.ts";
import type { Heard, Outcome } from "../networks/network.ts";
import { lockOut } from "../newsroom/store.ts";
import { wakeAnswers } from "./answering.ts";
import { FAILURES_TO_OPEN } from "./brake.ts";
import { learn, onlyGood } from "./brakes.ts";
import { backoff, clampRetry, nextDelivery, type DeliveryHappening } from "./delivery.ts";
import type { DeliveryDeps } from "./deps.ts";
import { adopt } from "./hold.ts";
import { settle, type DeliveryRow } from "./store.ts";
import { lockTried, settlePosted, type Begun, type Standing } from "./tries.ts";

/** What a try came to, and what was heard while it went on. */
export interface Ended {
  readonly accountId: string;
  readonly begun: Begun;
  readonly outcome: Outcome;
  readonly heard: readonly Heard[];
}

const triedOf = ({ accountId, begun, outcome, heard }: Ended) =>
  ({ heard, came: outcome, lane: "posts", accountId, delivery: begun.id, attempts: begun.attempts }) as const;

/** Writes down what the try came to; only whoever holds the lease may, except that "posted" is always believed. */
export async function finish(deps: DeliveryDeps, ended: Ended): Promise<void> {
  const { begun, outcome, heard } = ended;
  await deps.store.transaction(async (db) => {
    const delivery = await lockTried(db, begun, outcome.kind, "why" in outcome ? outcome.why : null);
    if (!delivery) return;
    deps.crashpoint("before-confirm");
    await learn(deps, db, triedOf(ended));
    const mine = delivery.state === "sending" && delivery.epoch === begun.epoch;
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
        // How long to wait is the brake's to say where the network told it; where its host is the trouble, soon.
        const tries = heard.at(-1)?.failure ? Math.min(begun.attempts, FAILURES_TO_OPEN) : begun.attempts;
        const inMs = retryMs === null ? backoff(tries, deps.random(), deps.timing) : 0;
        return move(db, delivery, "busy", { why: outcome.why, inMs });
      }
      case "refused":
        return delivery.unknown_ms === null ? move(db, delivery, "refused", { why: outcome.why }) : doubt(db, delivery);
      case "locked-out":
        await lockOut(db, delivery.account_id, outcome.why, begun.now);
        return move(db, delivery, "locked-out", { why: outcome.why });
      case "unknown":
        return move(db, delivery, "unknown", { why: outcome.why, inMs: Math.max(retryMs ?? 0, 1_000) });
    }
  });
}

/**
 * Writes down which of these stand, all in one statement, where that is all there is to say. Answers for each whether it
 * did; the others are written down by themselves (`finish`).
 */
export async function finishPosted(deps: DeliveryDeps, all: readonly Ended[]): Promise<boolean[]> {
  const standing = all.flatMap((ended): Standing[] => {
    const { begun, outcome } = ended;
    const scopes = outcome.kind === "posted" && onlyGood(deps, triedOf(ended));
    if (!scopes) return [];
    const { id: remoteId, url: remoteUrl, ref: remoteRef = null } = outcome;
    return [{ id: begun.id, attempt: begun.attempt, epoch: begun.epoch, remoteId, remoteUrl, remoteRef, scopes }];
  });
  if (standing.length === 0) return all.map(() => false);
  deps.crashpoint("before-confirm");
  const settled = await settlePosted(deps.store, standing);
  return all.map(({ begun }) => settled.has(begun.id));
}

/** This try is refused, and one before it, under the same key, may have arrived: a person looks. */
async function doubt(db: Db, delivery: DeliveryRow): Promise<void> {
  await move(db, delivery, "unknown", { why: "maybe-there" });
  await move(db, { ...delivery, state: "unknown" }, "ask", { why: "maybe-there" });
}

/** It is there. Another delivery that already owns this id shows that it is not ours: then nobody knows. */
export async function confirm(
  db: Db,
  delivery: DeliveryRow,
  there: { readonly id: string; readonly url: string | null; readonly ref?: string },
): Promise<void> {
  const { rows } = await db.query<{ id: string }>(
    "select id from slugline.delivery where account_id = $1 and remote_id = $2 and id <> $3",
    [delivery.account_id, there.id, delivery.id],
    "whose-post",
  );
  if (rows.length > 0) return move(db, delivery, "unknown", { why: "the network named a post that is another delivery's" });
  if (delivery.sought) await adopt(db, delivery.post_id);
  await move(db, delivery, "posted", { why: null, remoteId: there.id, remoteUrl: there.url, remoteRef: there.ref ?? null });
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
  if (to === "posted") for (const postId of await wakeAnswers(db, delivery.post_id)) await ring(db, "delivery", postId);
  const { id, post_id: post, account_id: account, state: from } = delivery;
  const { why, remoteUrl: url } = how;
  const data = { from, ...(why ? { why } : {}), ...(url ? { url } : {}) };
  await tell(db, { kind: `delivery-${to}`, delivery: id, post, account, person, data });
}
