import type { DeliveryDeps } from "./deps.ts";
import { look, recover } from "./reconcile.ts";
import { send } from "./send.ts";
import { askAboutStale } from "./answer.ts";
import { deliveryOf, openDelivery } from "./store.ts";

/**
 * Does what a post's delivery needs next: opens it, sends it, looks for it, or puts it to a person. Heard from the
 * `delivery` bell with the post's id. Rung twice, by a dead worker's ghost or for nothing, it does no harm: every step
 * is a compare-and-set on the row.
 */
export async function deliver(deps: DeliveryDeps, postId: string, signal: AbortSignal): Promise<void> {
  await openDelivery(deps.store, postId);
  const delivery = await deliveryOf(deps.store, postId);
  if (!delivery) return;
  switch (delivery.state) {
    case "due":
    case "refused":
    case "locked-out":
      return send(deps, delivery, signal);
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
