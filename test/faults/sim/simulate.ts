import type { Pool } from "pg";
import { dueDeliveries } from "../../../src/delivery/due.ts";
import { dueArticlesToCompose } from "../../../src/post/store.ts";
import type { Store } from "../../../src/store/db.ts";
import { judge, type Verdict } from "../history.ts";
import { dice as diceOf } from "../seed.ts";
import { createActors, type Actors, type Told } from "./actors.ts";
import { historyOf, storyOf } from "./evidence.ts";
import type { How } from "./gate.ts";
import { openWorld, type World } from "./world.ts";

export interface Simulated extends Verdict {
  readonly seed: number;
  readonly steps: number;
  readonly deliveries: number;
  readonly accepted: number;
  /** Faults by kind. */
  readonly counts: ReadonlyMap<string, number>;
  /** By account: posts that ended, and those about which a person was asked on the way. */
  readonly byAccount: ReadonlyMap<string, { ended: number; asked: number; accepted: number }>;
  /** For each broken invariant, everything that is known of that post. */
  stories(): Promise<string>;
}

/** Sessions that are idle inside a transaction for longer are ended by Postgres, as src/store/open.ts asks it to. */
const IDLE_MS = 60_000;
const WORKERS = 6;
const PEOPLE = 3;
const SOURCES = 3;
/** Rounds of a minute in which everything must come to rest once the faults have stopped: two hours. */
const ROUNDS = 120;

/**
 * One run, everything in it decided by its seed: first with faults, then without until all is at rest; then it is judged.
 *
 * @param opened told of the run's world as soon as there is one, for whoever watches whether it goes on
 */
export async function simulate(
  store: Store & { readonly pool: Pool },
  seed: number,
  opened: (world: World) => void,
): Promise<Simulated> {
  const dice = diceOf(seed);
  const level = dice.pick([0.02, 0.1, 0.3, 0.5]);
  let healthy = false;
  const world = await openWorld(store, dice, () => (healthy ? 0 : level));
  opened(world);
  const told: Told = { acts: [], paused: [] };
  const actors = createActors(world, told);
  try {
    const stories = dice.between(1, 3);
    for (let nth = 0; nth < stories; nth += 1) await world.story(dice.chance(0.2) ? "10 minutes" : undefined);
    for (const post of world.posts) if (!post.isPart && dice.chance(0.8)) await actors.approved(post);
    const length = dice.between(200, 600);
    while (world.gate.step < length) await happen(world, actors, dice.pick([0, 0.005, 0.03]));
    healthy = true;
    await rest(world, actors, told);
  } finally {
    await letGo(world, actors);
    await world.desk.close();
  }
  const history = await historyOf(world, told);
  const verdict = judge(history);
  return {
    ...verdict,
    seed,
    steps: world.gate.step,
    counts: world.counts,
    deliveries: history.deliveries.length,
    accepted: history.accepted.length,
    byAccount: await byAccount(world, verdict, history.accepted),
    stories: async () => (await Promise.all(verdict.faults.map((fault) => storyOf(world, history, fault)))).join("\n\n"),
  };
}

/** One thing happens: mostly a step of somebody, else time, a bell, a person, a death, a standstill. */
async function happen(world: World, actors: Actors, unwell: number): Promise<void> {
  const { dice, gate } = world;
  // Who has just begun arrives at the gate first.
  await gate.settle(false);
  const runs = (name: string) => actors.actors.get(name)?.stalled === false;
  const steps = gate.waiting(runs);
  const is = (role: string) => [...actors.actors.values()].filter(({ name }) => name.startsWith(role));
  if (steps.length > 0 && dice.chance(0.9)) {
    const step = dice.pick(steps);
    if (dice.chance(unwell / 3)) return kill(world, actors, step.actor);
    const how: How = !dice.chance(unwell) ? "well" : dice.chance(0.5) ? "before" : "after";
    if (how !== "well" && step.pid !== undefined)
      world.count(step.label === "COMMIT" ? `COMMIT, lost ${how}` : `statement, lost ${how}`);
    return gate.release(step, how);
  }
  const what = dice.between(1, 100);
  if (what <= 30) return pass(world, dice.pick([10, 500, 5_000, 5_000, 20_000, 61_000, 300_000]));
  if (what <= 55) return ringForDue(world, actors);
  if (what <= 65 && is("worker").length < WORKERS) return actors.work(dice.pick(world.posts).id);
  if (what <= 85 && is("person").length < PEOPLE) return actors.decide(dice.pick(world.posts));
  if (what <= 87 && is("source").length < SOURCES) return actors.change(dice.pick(world.posts).article, dice.chance(0.2));
  if (what <= 90 && is("person").length < PEOPLE) return actors.stopSwitch(dice.chance(0.4));
  if (what <= 93 && is("person").length < PEOPLE) return actors.answerAsked();
  if (unwell === 0) return;
  const someone = [...actors.actors.values()];
  if (someone.length === 0) return;
  const actor = dice.pick(someone);
  if (actor.stalled) actor.stalled = false;
  else if (dice.chance(0.2)) actor.job.abort(new Error("its queue has forgotten it"));
  else {
    world.count("standstill");
    actor.stalled = true;
  }
}

async function pass(world: World, ms: number): Promise<void> {
  await world.tick(ms);
  const ended = await world.sessions.endIdle(IDLE_MS);
  if (ended > 0) world.count("session ended while it stood still", ended);
}

async function kill(world: World, actors: Actors, name: string): Promise<void> {
  world.count(name.startsWith("worker") ? "worker killed" : "request killed");
  world.gate.kill(name);
  actors.actors.delete(name);
  await world.sessions.bury(name);
}

/** The sweeper's round: as many workers as are free take what is due; sometimes two hear the same bell. */
async function ringForDue(world: World, actors: Actors): Promise<void> {
  const at = (role: string) => [...actors.actors.values()].filter(({ name }) => name.startsWith(role)).length;
  for (const id of await dueArticlesToCompose(world.store, 50)) if (at("source") < SOURCES) actors.compose(id);
  const due = inOrder(world, await dueDeliveries(world.store, 50));
  for (const id of due) {
    if (at("worker") < WORKERS) actors.work(id);
    if (at("worker") < WORKERS && world.dice.chance(0.15)) actors.work(id);
  }
}

/** As the run made them: what is due since the same moment has no order of its own. */
function inOrder({ posts }: World, due: readonly string[]): string[] {
  return posts.map(({ id }) => id).filter((id) => due.includes(id));
}

/** Every fault has stopped: who stood still goes on, the accounts are mended, time passes, and everything must come to rest. */
async function rest(world: World, actors: Actors, told: Told): Promise<void> {
  for (const actor of actors.actors.values()) actor.stalled = false;
  await drain(world);
  for (const it of told.paused) it.to = Math.min(it.to, world.now());
  await world.store.query("update slugline.newsroom set paused_at = null");
  const answers = world.dice.chance(0.5);
  for (let round = 0; round < ROUNDS; round += 1) {
    await world.store.query("update slugline.account set state = 'active' where state = 'locked-out'");
    for (const id of await dueArticlesToCompose(world.store, 50)) actors.compose(id);
    for (const id of inOrder(world, await dueDeliveries(world.store, 500))) actors.work(id);
    await drain(world);
    if (answers) {
      await actors.answerAsked();
      await drain(world);
    }
    if (await atRest(world, answers)) return;
    await pass(world, 60_000);
  }
}

/** Steps in the order in which a dice picks them, until nobody has any left or waits for a lock. */
async function drain(world: World): Promise<void> {
  for (;;) {
    await world.gate.settle(false);
    const steps = world.gate.waiting(() => true);
    if (steps.length > 0) await world.gate.release(world.dice.pick(steps), "well");
    else if (world.gate.busy()) world.gate.freed();
    else return;
  }
}

async function atRest(world: World, answers: boolean): Promise<boolean> {
  const { rows } = await world.store.query<{ open: boolean }>(
    `select exists (select from slugline.delivery d where (d.state not in ('posted', 'refused', 'cancelled', 'asked') or (d.state = 'asked' and $1))
              -- a part waits for as long as the one before it is nowhere
              and not (d.state = 'due' and exists (select from slugline.post p where p.id = d.post_id and p.part > 1
                and not exists (select from slugline.delivery e where e.post_id = p.reply_to_id and e.state = 'posted'))))
         or exists (select from slugline.post p where p.state = 'approved'
              and not exists (select from slugline.delivery d where d.post_id = p.id and d.state <> 'cancelled')) as open`,
    [answers],
  );
  return rows[0]?.open === false;
}

async function letGo(world: World, actors: Actors): Promise<void> {
  for (const { name } of Array.from(actors.actors.values())) {
    world.gate.kill(name);
    await world.sessions.bury(name);
  }
}

async function byAccount(world: World, { endings }: Verdict, accepted: readonly { account: string }[]) {
  const { rows } = await world.store.query<{ post_id: string }>(
    "select distinct post_id from slugline.event where kind = 'delivery-asked'",
  );
  const asked = new Set(rows.map(({ post_id }) => post_id));
  const sums = new Map<string, { ended: number; asked: number; accepted: number }>();
  for (const { id, account } of world.posts) {
    const sum = sums.get(account) ?? { ended: 0, asked: 0, accepted: 0 };
    if (endings.has(id)) sum.ended += 1;
    if (asked.has(id)) sum.asked += 1;
    sums.set(account, sum);
  }
  for (const { account } of accepted) sums.get(account)!.accepted += 1;
  return sums;
}
