import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { ring } from "../queue/ring.ts";
import { nextParts, nextPost, type PostHappening, type PostState } from "../post/post.ts";
import { copiedFrom, lastWriter, lockThread, movePost, type PostRow } from "../post/store.ts";
import { insertDecision, lastDecision, type By, type DecisionKind } from "./store.ts";

/**
 * What is decided: always about one exact revision. Of a thread it is about every part that is not on its way yet: an edit
 * of one of them makes a new revision of all, so that the one revision stands for what was seen.
 */
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
 * - same-words: account `by` already says the same, and the network forbids it
 * - past: the moment asked for is over
 * - gone: no such post
 */
export type Decided =
  | { readonly ok: true; readonly state: PostState; readonly revision: number }
  | {
      readonly ok: false;
      readonly code: "changed" | "decided" | "on-its-way" | "gone" | "past" | "same-words";
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
    const thread = await lockThread(db, about.postId);
    const post = thread.find(({ id }) => id === about.postId);
    if (!post) return { ok: false, code: "gone" };
    const to = nextPost(post.state, "release", post.on_its_way);
    if (!to) return refusal(db, post);
    for (const { part, to: next } of nextParts(thread, "release")) {
      await movePost(db, part.id, next);
      // A post taken back is a person's from now on, and an old one would expire again at once.
      await db.query(
        `update slugline.post set not_before = null, mode = case when $2 then 'review' else mode end,
                not_after = case when not_after <= slugline.now() then null else not_after end where id = $1`,
        [part.id, "person" in about.by],
      );
      await record(db, part, about, "release", undefined);
      await ring(db, "delivery", part.id);
      await ring(db, "review", part.id);
    }
    return { ok: true, state: to, revision: post.revision };
  });
}

/** Expires a post that nobody decided about in time. */
export function expire(store: Store, about: About): Promise<Decided> {
  return decide(store, about, "expire", "expire");
}

async function decide(store: Store, about: About, kind: DecisionKind, happening: PostHappening, until?: Date): Promise<Decided> {
  return store.transaction(async (db) => {
    const thread = await lockThread(db, about.postId);
    const post = thread.find(({ id }) => id === about.postId);
    if (!post) return { ok: false, code: "gone" };
    if (post.revision !== about.revision) {
      const writer = await lastWriter(db, thread);
      return { ok: false, code: "changed", by: writer?.by ?? null, state: post.state, revision: post.revision, ...at(writer) };
    }
    const to = nextPost(post.state, happening, post.on_its_way);
    if (!to) return refusal(db, post);
    const moving = nextParts(thread, happening);
    for (const { part } of to === "approved" ? moving : []) {
      const copied = await copiedFrom(db, part.id, part.revision);
      if (copied !== undefined) return { ok: false, code: "same-words", by: copied, state: post.state, revision: post.revision };
    }
    if (until && (await isPast(db, until))) return { ok: false, code: "past", at: until };
    for (const { part, to: next } of moving) {
      await movePost(db, part.id, next);
      if (kind === "schedule")
        await db.query("update slugline.post set not_before = greatest(not_before, $2) where id = $1", [part.id, until]);
      await record(db, part, about, kind, until);
      if (next === "approved") await ring(db, "delivery", part.id);
    }
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

/** The decision stands at each part it is about; the history tells it once, at the part that was named. */
async function record(
  db: Db,
  post: PostRow,
  about: Omit<About, "revision">,
  kind: DecisionKind,
  until: Date | undefined,
): Promise<void> {
  await insertDecision(db, { postId: post.id, revision: post.revision, kind, by: about.by, until, why: about.why });
  if (post.id !== about.postId) return;
  await tell(db, {
    kind: `post-${kind}`,
    post: post.id,
    article: post.article_id,
    account: post.account_id,
    person: "person" in about.by ? about.by.person : null,
    data: {
      revision: post.revision,
      ...("rule" in about.by ? { rule: about.by.rule } : {}),
      ...(until ? { until: until.toISOString() } : {}),
      ...(about.why ? { why: about.why } : {}),
    },
  });
}
