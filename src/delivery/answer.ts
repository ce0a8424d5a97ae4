import type { Db, Store } from "../store/db.ts";
import { ring } from "../queue/ring.ts";
import { lockThread, movePost } from "../post/store.ts";
import { nextPost } from "../post/post.ts";
import { insertDecision } from "../review/store.ts";
import { nameParent } from "./answering.ts";
import { nextDelivery, type DeliveryHappening, type DeliveryState } from "./delivery.ts";
import { move } from "./finish.ts";
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
 * @param about.url where the post stands, for `there`; for `again`, where the one stands that it answers
 */
export async function answer(
  store: Store,
  about: AnswerAbout & { readonly answer: Answer; readonly url?: string | undefined },
): Promise<Answered> {
  return store.transaction(async (db) => {
    const { rows } = await db.query<{ post_id: string }>("select post_id from slugline.delivery where id = $1", [
      about.deliveryId,
    ]);
    const post = rows[0] && (await lockThread(db, rows[0].post_id)).find(({ id }) => id === rows[0]?.post_id);
    const delivery = await lockDelivery(db, about.deliveryId);
    if (!post || !delivery) return { ok: false, code: "gone" };
    const answerable = delivery.state === "asked" || delivery.state === "refused" || delivery.state === "locked-out";
    // What an earlier try may have left there is a person's to look for: nobody calls it off unseen.
    const unseen = about.answer === "drop" && delivery.state !== "asked" && delivery.unknown_ms !== null;
    const happening = unseen ? "again" : MEANS[about.answer];
    const to = answerable ? nextDelivery(delivery.state, happening) : null;
    if (!to) return { ok: false, code: "decided", state: delivery.state };
    const by = about.person;
    switch (about.answer) {
      case "there":
        await move(db, delivery, "assume", { why: null, assumed: "person", remoteUrl: about.url ?? null }, by);
        break;
      case "again":
        // Asked because it was too old, or about to be: a person has just said that it is still news.
        await db.query("update slugline.delivery set not_after = null, held_at = null, held_by = null where id = $1", [
          delivery.id,
        ]);
        if (about.url !== undefined) await nameParent(db, delivery.post_id, about.url);
        await move(db, delivery, "again", { why: null, absent: true }, by);
        break;
      case "drop":
        // Unseen, it is due for a moment, with its approval void: whoever begins it asks a person.
        await move(db, delivery, happening, { why: unseen ? "maybe-there" : "dropped" }, by);
        await holdFrom(db, post.id, by);
        break;
    }
    await ring(db, "delivery", delivery.post_id);
    return { ok: true, state: to };
  });
}

/** What is dropped is held, and with it the parts that would have answered it. */
async function holdFrom(db: Db, postId: string, person: string): Promise<void> {
  const thread = await lockThread(db, postId);
  const from = thread.findIndex(({ id }) => id === postId);
  for (const { id, state, revision, on_its_way } of thread.slice(from)) {
    // Where somebody has written other words meanwhile, those wait for their own decision.
    const held = state === "approved" ? nextPost(state, "withdrawn", id !== postId && on_its_way) : null;
    if (!held) continue;
    await movePost(db, id, held);
    await insertDecision(db, { postId: id, revision, kind: "hold", by: { person }, why: "dropped" });
    await ring(db, "delivery", id);
  }
}

/** News that grew old before it could be sent, and what answers nobody knows what, is a person's to decide. */
export async function askAboutStale(store: Store, seen: DeliveryRow): Promise<void> {
  await store.transaction(async (db) => {
    const delivery = await lockDelivery(db, seen.id);
    if (delivery?.state === "stale") await move(db, delivery, "ask", { why: delivery.why });
  });
}
