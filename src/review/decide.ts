import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { ring } from "../queue/ring.ts";
import { nextPost, type PostHappening, type PostState } from "../post/post.ts";
import { lockPost, movePost, type PostRow } from "../post/store.ts";
import { insertDecision, lastDecision, writerOf, type By, type DecisionKind } from "./store.ts";

/** What is decided: always about one exact revision. */
export interface About {
  readonly postId: string;
  readonly revision: number;
  readonly by: By;
  readonly why?: string | undefined;
}

/**
 * - changed: the text is another one by now (`by` wrote it, at `at`)
 * - decided: somebody else was first (`by`, `at`, `state`)
 * - on-its-way: it is being sent or was
 * - past: the moment asked for is over
 * - gone: no such post
 */
export type Decided =
  | { readonly ok: true; readonly state: PostState; readonly revision: number }
  | {
      readonly ok: false;
      readonly code: "changed" | "decided" | "on-its-way" | "gone" | "past";
      readonly by?: string | null;
      readonly at?: Date;
      readonly state?: PostState;
      readonly revision?: number;
    };

/** Approves exactly this revision, to go out as soon as its account may post. */
export function approve(store: Store, about: About): Promise<Decided> {
  return decide(store, about, "approve", "approve");
}

export function reject(store: Store, about: About): Promise<Decided> {
  return decide(store, about, "reject", "reject");
}

/** Puts a post aside: until `until`, else until somebody takes it up again. */
export function hold(store: Store, about: About & { readonly until?: Date | undefined }): Promise<Decided> {
  return decide(store, about, "hold", "hold", about.until);
}

/** Approves exactly this revision, to go out at `at` and not before. */
export function schedule(store: Store, about: About & { readonly at: Date }): Promise<Decided> {
  return decide(store, about, "schedule", "approve", about.at);
}

/** Takes a decision back: the post waits again. Possible until the sending begins. */
export async function release(
  store: Store,
  about: { readonly postId: string; readonly by: By; readonly why?: string },
): Promise<Decided> {
  return store.transaction(async (db) => {
    const post = await lockPost(db, about.postId);
    if (!post) return { ok: false, code: "gone" };
    const to = nextPost(post.state, "release", post.on_its_way);
    if (!to) return refusal(db, post);
    await movePost(db, post.id, to);
    // A post taken back is a person's from now on, and an old one would expire again at once.
    await db.query(
      `update slugline.post set not_before = null, mode = case when $2 then 'review' else mode end,
              not_after = case when not_after <= slugline.now() then null else not_after end where id = $1`,
      [post.id, "person" in about.by],
    );
    await record(db, post, { ...about, revision: post.revision }, "release", undefined);
    await ring(db, "delivery", post.id);
    await ring(db, "review", post.id);
    return { ok: true, state: to, revision: post.revision };
  });
}

/** Expires a post that nobody decided about in time. */
export function expire(store: Store, about: About): Promise<Decided> {
  return decide(store, about, "expire", "expire");
}

async function decide(store: Store, about: About, kind: DecisionKind, happening: PostHappening, until?: Date): Promise<Decided> {
  return store.transaction(async (db) => {
    const post = await lockPost(db, about.postId);
    if (!post) return { ok: false, code: "gone" };
    if (post.revision !== about.revision) {
      const writer = await writerOf(db, post.id, post.revision);
      return { ok: false, code: "changed", by: writer?.by ?? null, state: post.state, revision: post.revision, ...at(writer) };
    }
    const to = nextPost(post.state, happening, post.on_its_way);
    if (!to) return refusal(db, post);
    if (until && (await isPast(db, until))) return { ok: false, code: "past", at: until };
    await movePost(db, post.id, to);
    if (kind === "schedule")
      await db.query("update slugline.post set not_before = greatest(not_before, $2) where id = $1", [post.id, until]);
    await record(db, post, about, kind, until);
    if (to === "approved") await ring(db, "delivery", post.id);
    return { ok: true, state: to, revision: post.revision };
  });
}

async function refusal(db: Db, post: PostRow): Promise<Decided> {
  const last = await lastDecision(db, post.id);
  const code = post.on_its_way ? "on-its-way" : "decided";
  return { ok: false, code, by: last?.by ?? null, state: post.state, revision: post.revision, ...at(last) };
}

function at(of: { at: Date } | undefined): { at?: Date } {
  return of ? { at: of.at } : {};
}

async function isPast(db: Db, moment: Date): Promise<boolean> {
  const { rows } = await db.query<{ past: boolean }>("select $1::timestamptz <= slugline.now() as past", [moment]);
  return rows[0]?.past ?? true;
}

async function record(db: Db, post: PostRow, about: About, kind: DecisionKind, until: Date | undefined): Promise<void> {
  await insertDecision(db, { postId: post.id, revision: about.revision, kind, by: about.by, until, why: about.why });
  await tell(db, {
    kind: `post-${kind}`,
    post: post.id,
    article: post.article_id,
    account: post.account_id,
    person: "person" in about.by ? about.by.person : null,
    data: {
      revision: about.revision,
      ...("rule" in about.by ? { rule: about.by.rule } : {}),
      ...(until ? { until: until.toISOString() } : {}),
      ...(about.why ? { why: about.why } : {}),
    },
  });
}
