import type { DeliveryDeps } from "./deps.ts";
import { look, recover } from "./reconcile.ts";
import type { Rounds } from "./rounds.ts";
import { send } from "./send.ts";
import { askAboutStale } from "./answer.ts";
import { deliveryOf, takeUp, type DeliveryRow } from "./store.ts";
import { createTurns, type Turn, type Turns } from "./turns.ts";

/**
 * Does what a post's delivery needs next: opens it, sends it, looks for it, or puts it to a person. Heard from the
 * `delivery` bell with the post's id. Rung twice, by a dead worker's ghost or for nothing, it does no harm: every step
 * is a compare-and-set on the row.
 *
 * @param turns whose turn it is among this process' deliveries; without it, this one's
 * @param rounds what this process' deliveries ask together; without it, each asks by itself
 */
export async function deliver(
  deps: DeliveryDeps,
  postId: string,
  signal: AbortSignal,
  turns: Turns = createTurns(),
  rounds?: Rounds,
): Promise<void> {
  const delivery = rounds ? await rounds.takeUp(postId) : (await takeUp(deps.store, [postId]))[0];
  if (!delivery) return;
  const turn: Turn = {
    id: postId,
    breaking: delivery.priority === "breaking",
    async run(inHand, waited) {
      const current = waited ? await deliveryOf(deps.store, postId) : delivery;
      if (current) await step(deps, current, inHand, rounds);
    },
  };
  await turns.take(delivery.account_id, turn, signal);
}

async function step(deps: DeliveryDeps, delivery: DeliveryRow, signal: AbortSignal, rounds?: Rounds): Promise<void> {
  switch (delivery.state) {
    case "due":
    case "refused":
    case "locked-out":
      return send(deps, delivery, signal, rounds);
    case "sending":
      return recover(deps, delivery);
    case "unknown":
      return look(deps, delivery, signal);
    case "stale":
      return askAboutStale(deps.store, delivery);
    case "asked":
    case "posted":
    case "cancelled":
      return;
  }
}
