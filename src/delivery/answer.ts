import type { Store } from "../store/db.ts";
import { ring } from "../queue/ring.ts";
import { movePost, lockPost } from "../post/store.ts";
import { nextPost } from "../post/post.ts";
import { insertDecision } from "../review/store.ts";
import { nextDelivery, type DeliveryHappening, type DeliveryState } from "./delivery.ts";
import { move } from "./send.ts";
import { lockDelivery, type DeliveryRow } from "./store.ts";

export type Answer = "there" | "again" | "drop";

export type Answered =
  | { readonly ok: true; readonly state: DeliveryState }
  | { readonly ok: false; readonly code: "decided" | "gone"; readonly state?: DeliveryState };

export interface AnswerAbout {
  readonly deliveryId: string;
  readonly person: string;
}

const MEANS: Record<Answer, DeliveryHappening> = { there: "assume", again: "again", drop: "cancel" };

/**
 * A person's answer about a delivery nobody else can tell of (`asked`), or one that was `refused` or `locked-out`
 * (where `there` makes no sense and is refused).
 *
 * @param about.url where the post stands, for `there`
 */
export async function answer(
  store: Store,
  about: AnswerAbout & { readonly answer: Answer; readonly url?: string | undefined },
): Promise<Answered> {
  return store.transaction(async (db) => {
    const { rows } = await db.query<{ post_id: string }>("select post_id from slugline.delivery where id = $1", [
      about.deliveryId,
    ]);
    const post = rows[0] && (await lockPost(db, rows[0].post_id));
    const delivery = await lockDelivery(db, about.deliveryId);
    if (!post || !delivery) return { ok: false, code: "gone" };
    const answerable = delivery.state === "asked" || delivery.state === "refused" || delivery.state === "locked-out";
    const to = answerable ? nextDelivery(delivery.state, MEANS[about.answer]) : null;
    if (!to) return { ok: false, code: "decided", state: delivery.state };
    const by = about.person;
    switch (about.answer) {
      case "there":
        await move(db, delivery, "assume", { why: null, assumed: "person", remoteUrl: about.url ?? null }, by);
        break;
      case "again":
        // Asked because it was too old, or about to be: a person has just said that it is still news.
        await db.query("update slugline.delivery set not_after = null where id = $1", [delivery.id]);
        await move(db, delivery, "again", { why: null }, by);
        break;
      case "drop": {
        await move(db, delivery, "cancel", { why: "dropped" }, by);
        const held = nextPost(post.state, "withdrawn", false);
        if (held) {
          await movePost(db, post.id, held);
          await insertDecision(db, {
            postId: post.id,
            revision: post.revision,
            kind: "hold",
            by: { person: by },
            why: "dropped",
          });
        }
        break;
      }
    }
    await ring(db, "delivery", delivery.post_id);
    return { ok: true, state: to };
  });
}

/** News that grew old before it could be sent is a person's to decide. */
export async function askAboutStale(store: Store, seen: DeliveryRow): Promise<void> {
  await store.transaction(async (db) => {
    const delivery = await lockDelivery(db, seen.id);
    if (delivery?.state === "stale") await move(db, delivery, "ask", { why: "too-old" });
  });
}
