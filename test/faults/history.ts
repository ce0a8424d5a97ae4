/**
 * The judge of every run: what people were told, what stands on the networks and what our rows say must be one story.
 * Pure. Every acknowledged approval ends in exactly one of `posted` (once, and the row says so with an id that exists),
 * `not-posted` (and the row says so) and `asked` (with a person; posted at most once).
 */

/** What a person (or a program for them) did to a post, and whether they were told that it was done. */
export interface Act {
  readonly post: string;
  readonly kind: "approve" | "void";
  /** Steps of the run: when it was asked for, and when it was answered (undefined: the answer was lost). */
  readonly askedAt: number;
  readonly toldAt: number | undefined;
}

/** A post that came to stand on a network, whatever we know of it. */
export interface Accepted {
  readonly post: string;
  readonly account: string;
  readonly id: string;
  readonly text: string;
  /** The id of the post it answers, as its network heard it. */
  readonly parent?: string | null;
  /** The step in which its request was written. */
  readonly writtenAt: number;
}

/** How a delivery ended, as its row says. */
export interface Ended {
  readonly id: string;
  readonly post: string;
  readonly account: string;
  readonly state: string;
  readonly remoteId: string | null;
  readonly assumed: string | null;
  readonly why: string | null;
  /** The text of the revision that it was to send. */
  readonly text: string;
  /** Whether that revision was ever approved. */
  readonly wasApproved: boolean;
}

/** When a delivery began to be sent, by the store's clock (ms). */
export interface Begun {
  readonly account: string;
  readonly post: string;
  readonly at: number;
}

export interface History {
  readonly acts: readonly Act[];
  readonly accepted: readonly Accepted[];
  /** Every delivery, cancelled ones included. */
  readonly deliveries: readonly Ended[];
  /** States of the posts at the end. */
  readonly posts: ReadonlyMap<string, string>;
  /** Of later parts of a thread: the part before. */
  readonly before?: ReadonlyMap<string, string>;
  readonly begun?: readonly Begun[];
  /** While the stop switch was on, from the moment that was told to the moment the release was asked for (ms). */
  readonly paused?: readonly { readonly from: number; readonly to: number }[];
  /** Least time between two beginnings, by account (ms). */
  readonly spacing?: ReadonlyMap<string, number>;
  /** Nothing of these posts may begin before this moment (ms). */
  readonly notBefore?: ReadonlyMap<string, number>;
}

type Broken = "I1" | "I2" | "I3" | "I4" | "I6" | "I7" | "T7";

export interface Fault {
  readonly invariant: Broken;
  readonly post: string;
  readonly sentence: string;
}

/** What an approved post came to. */
type Ending = "posted" | "assumed" | "not-posted" | "asked";

export interface Verdict {
  readonly faults: readonly Fault[];
  /** Every post whose approval was acknowledged. */
  readonly endings: ReadonlyMap<string, Ending>;
}

/** States in which a delivery may rest when every fault has stopped. */
const RESTS = new Set(["posted", "refused", "asked", "cancelled"]);

export function judge(history: History): Verdict {
  const faults: Fault[] = [];
  const endings = new Map<string, Ending>();
  const blame = (invariant: Broken, post: string, sentence: string) => void faults.push({ invariant, post, sentence });
  const copies = Map.groupBy(history.accepted, ({ post }) => post);
  const deliveries = Map.groupBy(history.deliveries, ({ post }) => post);
  const acts = Map.groupBy(history.acts, ({ post }) => post);

  for (const [post, there] of copies) {
    if (there.length > 1) blame("I1", post, `stands ${there.length} times: ${there.map(({ id }) => id).join(", ")}`);
    for (const one of there) undecided(acts.get(post) ?? [], one, blame);
    const texts = new Set((deliveries.get(post) ?? []).filter((it) => it.wasApproved).map(({ text }) => text));
    for (const one of there) if (!texts.has(one.text)) blame("I6", post, `stands with words nobody approved: ${one.text}`);
  }
  for (const [part, before] of history.before ?? []) follows(copies, deliveries, { part, before }, blame);
  /** A part whose part before is not there waits with it, for whoever that one is with. */
  const waits = ({ post, state }: Ended) => {
    const before = history.before?.get(post);
    return state === "due" && before !== undefined && !(deliveries.get(before) ?? []).some((it) => it.state === "posted");
  };
  for (const delivery of history.deliveries) {
    if (!RESTS.has(delivery.state) && !waits(delivery))
      blame("I2", delivery.post, `is still ${delivery.state} (${delivery.why ?? "no reason told"})`);
    if (delivery.state === "posted") proven(delivery, copies.get(delivery.post) ?? [], blame);
  }
  for (const [post, mine] of acts) {
    if (!mine.some((act) => act.kind === "approve" && act.toldAt !== undefined)) continue;
    const own = deliveries.get(post) ?? [];
    const ending = own.some(waits)
      ? "asked"
      : endingOf(history.posts.get(post), own, copies.get(post)?.length ?? 0, (it) => blame("I3", post, it));
    if (ending) endings.set(post, ending);
  }
  limits(history, blame);
  return { faults, endings };
}

type Blame = (invariant: Broken, post: string, sentence: string) => void;

/** Nothing goes out that a person was told is off, unless somebody approved it (again) meanwhile. */
function undecided(acts: readonly Act[], one: Accepted, blame: Blame): void {
  const before = acts.filter(({ askedAt }) => askedAt <= one.writtenAt);
  if (!before.some(({ kind }) => kind === "approve")) return blame("I6", one.post, "was sent before anybody approved it");
  for (const off of before) {
    if (off.kind !== "void" || off.toldAt === undefined || off.toldAt > one.writtenAt) continue;
    const anew = before.some((act) => act.kind === "approve" && (act.toldAt ?? Infinity) > off.askedAt);
    if (!anew) blame("I6", one.post, `was sent in step ${one.writtenAt}, after step ${off.toldAt} had taken it back`);
  }
}

/** A part goes out after the one before it, as an answer to it. Where a person or a rule said that it stands, nobody knows better. */
function follows(
  copies: ReadonlyMap<string, readonly Accepted[]>,
  deliveries: ReadonlyMap<string, readonly Ended[]>,
  { part, before }: { readonly part: string; readonly before: string },
  blame: Blame,
): void {
  if ((deliveries.get(before) ?? []).some(({ assumed }) => assumed !== null)) return;
  for (const one of copies.get(part) ?? []) {
    const answered = (copies.get(before) ?? []).find(({ id }) => id === one.parent);
    if (!answered || answered.writtenAt >= one.writtenAt)
      blame("T7", part, `answers ${one.parent ?? "nothing"}, which is not the part before it as it stands`);
  }
}

/** "Posted" is said only of what is there: the id exists and is this post's; a person's or a rule's word is marked as such. */
function proven(delivery: Ended, there: readonly Accepted[], blame: Blame): void {
  if (delivery.assumed === "rule") return;
  if (there.length === 0) return blame("I4", delivery.post, "is said to be posted, and is not there");
  if (delivery.assumed === null && !there.some(({ id }) => id === delivery.remoteId))
    blame("I4", delivery.post, `is said to be ${delivery.remoteId}, which is not there as this post`);
}

function endingOf(
  state: string | undefined,
  deliveries: readonly Ended[],
  copies: number,
  lost: (sentence: string) => void,
): Ending | undefined {
  const last = deliveries.find((it) => it.state !== "cancelled") ?? deliveries.at(-1);
  switch (last?.state) {
    case "posted":
      return last.assumed === "rule" ? "assumed" : "posted";
    case "asked":
      return "asked";
    default:
      break;
  }
  if (copies > 0) return void lost(`is there, and its row says ${last?.state ?? "nothing"}`);
  if (state === "approved" && last?.state !== "refused")
    return void lost(`is approved, and its delivery is ${last?.state ?? "missing"}`);
  return "not-posted";
}

/** Inside every limit: the stop switch, an embargo, the account's own spacing. */
function limits({ begun = [], paused = [], spacing = new Map(), notBefore = new Map() }: History, blame: Blame): void {
  for (const { post, at } of begun) {
    if (paused.some(({ from, to }) => at > from && at < to)) blame("I6", post, "began to be sent while everything was stopped");
    if (at < (notBefore.get(post) ?? -Infinity)) blame("I6", post, "began to be sent before its time");
  }
  for (const [account, mine] of Map.groupBy(begun, (it) => it.account)) {
    const times = mine.toSorted((one, other) => one.at - other.at);
    for (const [place, { at, post }] of times.entries()) {
      const since = at - (times[place - 1]?.at ?? -Infinity);
      if (since < (spacing.get(account) ?? 0)) blame("I7", post, `began ${since} ms after the one before it`);
    }
  }
}
