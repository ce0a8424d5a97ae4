import type { RevisionRow } from "../post/store.ts";
import type { DeliveryKey, ReplyTo } from "../networks/network.ts";

/** What tells this delivery's post from every other, on every try and look. */
export function keyOf(
  linkCode: string | null,
  intent: { readonly idempotency: string; readonly intent_at: Date; readonly now: number },
  { revision, replyTo }: { readonly revision: RevisionRow; readonly replyTo: ReplyTo | undefined },
): DeliveryKey {
  return {
    idempotency: intent.idempotency,
    link: linkIn(revision.text, linkCode),
    text: revision.text,
    ...(replyTo ? { replyTo } : {}),
    intentAt: intent.intent_at.getTime(),
    now: intent.now,
  };
}

/** The post's own short link as it stands in its text, whatever the short host was when it was written. */
export function linkIn(text: string, code: string | null): string | null {
  if (!code) return null;
  return text.split(/\s+/u).find((word) => /^https?:\/\//u.test(word) && word.endsWith(`/${code}`)) ?? null;
}
