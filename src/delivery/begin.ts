import { Fault } from "../lib/fault.ts";
import type { Db } from "../store/db.ts";
import { ring } from "../queue/ring.ts";
import { tell } from "../store/history.ts";
import { makeLive } from "../link/shorten.ts";
import { hashOf } from "../post/revision.ts";
import { nextPost } from "../post/post.ts";
import { lockPost, movePost, type RevisionRow } from "../post/store.ts";
import type { ReplyTo } from "../networks/network.ts";
import type { Driver } from "../newsroom/drivers.ts";
import { afford, spend } from "./afford.ts";
import { mayAnswer, replyOf } from "./answering.ts";
import { accountScope, takeTurn } from "./brakes.ts";
import { nextDelivery } from "./delivery.ts";
import type { DeliveryDeps } from "./deps.ts";
import { move } from "./finish.ts";
import { gatesOf, type Gate } from "./gate.ts";
import { sendBack } from "./rehearse.ts";
import { hold, keepScopes, lockToBegin, settle, type DeliveryRow } from "./store.ts";
import { begin, type Begun, type Beginning } from "./tries.ts";

const ASK_AGAIN_MS = 60_000;

/** What a try needs once its intent is committed. */
export interface Try {
  readonly delivery: DeliveryRow;
  readonly begun: Begun;
  readonly revision: RevisionRow;
  readonly linkCode: string | null;
  readonly replyTo: ReplyTo | undefined;
}

/** A due delivery that is to begin. */
export interface Starting {
  readonly seen: DeliveryRow;
  readonly driver: Driver | undefined;
  /** What its requests fall under. */
  readonly scopes: readonly string[];
}

/** Checks the gate and commits the intent. Undefined: not now, and the row says why and when. */
export async function start(deps: DeliveryDeps, db: Db, { seen, driver, scopes }: Starting): Promise<Try | undefined> {
  const [delivery] = await lockToBegin(db, [seen], "all");
  const gate = delivery && (await gatesOf(db, [{ id: delivery.id, scopes }])).get(delivery.id);
  if (!gate) return undefined;
  const wait = (inMs: number, why: string) => settle(db, delivery.id, "due", { why, inMs });

  // In between it went into rehearsal or out of it: whoever comes next asks for the right driver.
  if (driver && gate.rehearsing !== driver.rehearsal) return void (await ring(db, "delivery", delivery.post_id));
  if (gate.approved && gate.switched && delivery.unknown_ms === null && nextDelivery(delivery.state, "cancel")) {
    const why = gate.rehearsing ? "rehearsal-began" : "rehearsal-ended";
    await sendBack(db, delivery.post_id, why, { rule: why });
    return undefined;
  }
  if (!gate.approved || gate.withdrawn || gate.switched)
    return void (await callOff(db, delivery, gate.withdrawn ? "withdrawn" : "approval-void"));
  if (delivery.state === "locked-out" && gate.account_state === "active") {
    await move(db, delivery, "again", { why: null });
    await ring(db, "delivery", delivery.post_id);
    return undefined;
  }
  if (delivery.state !== "due" || !delivery.ready || gate.paused || gate.account_state === "disabled") return undefined;
  if (gate.late || gate.outwaited) {
    await move(db, delivery, "late", { why: gate.late ? "too-old" : "held-too-long" });
    await ring(db, "delivery", delivery.post_id);
    return undefined;
  }
  if (gate.account_state === "locked-out")
    return void (await hold(db, delivery.id, accountScope(delivery.account_id), "account-locked-out"));
  if (gate.held) return void (await hold(db, delivery.id, gate.held.scope, gate.held.why));
  if (gate.behind) return undefined;
  // Asked again now and then: an embargo may be lifted before its time.
  if (gate.wait_until) return void (await wait(Math.min(await msUntil(db, gate.wait_until), ASK_AGAIN_MS), "not-before"));
  if (gate.resting && !gate.breaking) return undefined;
  if (gate.paced_until) return void (await wait(await msUntil(db, gate.paced_until), "spacing"));
  if (!driver) return void (await wait(ASK_AGAIN_MS, "no-driver"));
  const answers = gate.reply_to_id === null ? "go" : mayAnswer(gate);
  // What it answers rings for it as soon as it stands.
  if (answers === "wait") return void (await wait(ASK_AGAIN_MS, gate.is_part ? "part-before" : "answered-post"));
  if (answers === "ask") {
    await move(db, delivery, "late", { why: gate.is_part ? "no-part-before" : "no-answered-post" });
    await ring(db, "delivery", delivery.post_id);
    return undefined;
  }
  if (gate.in_doubt) return void (await wait(deps.timing.lookGapMs, "story-in-doubt"));

  const { said: revision } = gate;
  const at = { delivery, gate, driver, text: revision.text };
  const afforded = await afford(db, at);
  if (!afforded) return undefined;
  const { timing } = deps;
  const turn = { scopes, delivery: delivery.id, lane: "posts", breaking: gate.breaking, timing } as const;
  const held = gate.engaged ? await takeTurn(db, turn) : undefined;
  if (held) return void (await hold(db, delivery.id, held.scope, held.why));
  if (String(gate.scopes) !== String(scopes)) await keepScopes(db, delivery.account_id, scopes);
  if (gate.link_id) await makeLive(db, gate.link_id);
  const begun = (await begin(db, [intentOf(deps, { delivery, gate, driver })], timing.leaseMs)).get(delivery.id);
  if (!begun) return undefined;
  await spend(db, at, afforded.price);
  const replyTo = gate.reply_to_id === null ? undefined : await replyOf(db, delivery.post_id);
  return { delivery, begun, revision, linkCode: gate.link_code, replyTo };
}

/**
 * Begins what nothing stands in the way of, all in one transaction. Undefined for the others: each is looked at by itself
 * (`start`). Whoever somebody else has locked is among those.
 */
export async function startFree(deps: DeliveryDeps, db: Db, all: readonly Starting[]): Promise<(Try | undefined)[]> {
  const starting = new Map(all.map((one) => [one.seen.id, one]));
  const locked = await lockToBegin(
    db,
    all.map(({ seen }) => seen),
    "unlocked",
  );
  const asking = locked.map(({ id }) => ({ id, scopes: starting.get(id)!.scopes }));
  const gates = locked.length > 0 ? await gatesOf(db, asking) : new Map<string, Gate>();
  const stories = new Set<string>();
  const free = locked.flatMap((delivery) => {
    const gate = gates.get(delivery.id);
    const { driver, scopes } = starting.get(delivery.id)!;
    if (!gate || !driver || !isFree({ delivery, gate, driver, scopes })) return [];
    // Two of one story on one account are in each other's way (T1).
    const story = `${gate.article_id} ${delivery.account_id}`;
    if (stories.has(story)) return [];
    stories.add(story);
    return [{ delivery, gate, driver }];
  });
  if (free.length === 0) return all.map(() => undefined);
  await makeLive(db, ...free.flatMap(({ gate }) => gate.link_id ?? []));
  const begun = await begin(
    db,
    free.map((one) => intentOf(deps, one)),
    deps.timing.leaseMs,
  );
  const tries = new Map(
    free.flatMap(({ delivery, gate }) => {
      const it = begun.get(delivery.id);
      return it
        ? [[delivery.id, { delivery, begun: it, revision: gate.said, linkCode: gate.link_code, replyTo: undefined }] as const]
        : [];
    }),
  );
  return all.map(({ seen }) => tries.get(seen.id));
}

interface AtGate {
  readonly delivery: DeliveryRow;
  readonly gate: Gate;
  readonly driver: Driver;
}

/** Whether `start` would let it begin and do no more than that: whatever it looks at is as it mostly is. */
function isFree({ delivery, gate, driver, scopes }: AtGate & { readonly scopes: readonly string[] }): boolean {
  const decided = gate.approved && !gate.withdrawn && !gate.switched && gate.rehearsing === driver.rehearsal;
  const due = delivery.state === "due" && delivery.ready && !gate.late && !gate.outwaited && gate.wait_until === null;
  const open = !gate.paused && gate.account_state === "active" && gate.held === null && !gate.engaged;
  const unpaced = !gate.behind && !gate.resting && gate.paced_until === null && gate.spacing_s === 0;
  const unpaid = driver.prices === null && Object.keys(gate.allowance).length === 0;
  const alone = gate.reply_to_id === null && !gate.in_doubt;
  return decided && due && open && unpaced && unpaid && alone && String(gate.scopes) === String(scopes);
}

/** What is written down before anything is sent. The text is what was approved, to the letter. */
function intentOf(deps: DeliveryDeps, { delivery, gate, driver }: AtGate): Beginning {
  const { hash } = gate.said;
  if (hashOf(gate.said) !== hash) {
    throw new Fault("REVISION_CHANGED", "The approved text is not what is stored; it will not be sent.", {
      delivery: delivery.id,
    });
  }
  const { newKey } = driver.network;
  const key = newKey ? newKey({ now: deps.clock.now(), random: deps.random }) : delivery.id;
  return { id: delivery.id, key, hash, linkCode: gate.link_code, rehearsal: driver.rehearsal };
}

/**
 * Nothing of it is sent (again). What an earlier try may have left there is a person's to look for: cancelled, it would
 * stand there unknown to us, and another text beside it. A story that is gone holds its posts, or each sweep would find them.
 */
async function callOff(db: Db, delivery: DeliveryRow, why: "withdrawn" | "approval-void"): Promise<void> {
  if (delivery.unknown_ms !== null) {
    await move(db, delivery, delivery.state === "due" ? "late" : "again", { why: "maybe-there" });
    return ring(db, "delivery", delivery.post_id);
  }
  await move(db, delivery, "cancel", { why });
  const post = await lockPost(db, delivery.post_id);
  const held = why === "withdrawn" && post?.state === "approved" ? nextPost("approved", "withdrawn", post.on_its_way) : null;
  if (!post || !held) return;
  await movePost(db, post.id, held);
  await tell(db, { kind: "post-withdrawn", post: post.id, article: post.article_id, account: post.account_id });
}

async function msUntil(db: Db, moment: Date): Promise<number> {
  const { rows } = await db.query<{ ms: number }>(
    "select (extract(epoch from $1::timestamptz - slugline.now()) * 1000)::float8 as ms",
    [moment],
  );
  return Math.max(rows[0]?.ms ?? 1_000, 100);
}
