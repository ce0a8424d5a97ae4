import { answer, type Answer } from "../../../src/delivery/answer.ts";
import { deliver } from "../../../src/delivery/deliver.ts";
import { createRounds } from "../../../src/delivery/rounds.ts";
import { TIMING } from "../../../src/delivery/delivery.ts";
import { silentLog } from "../../../src/lib/log.ts";
import { createDrivers } from "../../../src/newsroom/drivers.ts";
import { pause, resume } from "../../../src/newsroom/store.ts";
import { revise } from "../../../src/post/revise.ts";
import { composeArticle } from "../../../src/post/compose.ts";
import { approve, hold, reject, release, schedule, type Decided } from "../../../src/review/decide.ts";
import type { Store } from "../../../src/store/db.ts";
import { SHORT_URL } from "../../support/desk.ts";
import type { Act } from "../history.ts";
import type { RunPost, World } from "./world.ts";

/** Whoever does something in a run: a worker with one bell, or a person with one act. */
export interface Actor {
  readonly name: string;
  readonly job: AbortController;
  done: boolean;
  stalled: boolean;
}

/** Least time between an unclear outcome and a person's answer: they look when every server is done with it (ms). */
const LOOKS_AFTER_MS = 60_000;

/** What people were told, gathered while it happens. */
export interface Told {
  readonly acts: Act[];
  readonly paused: { from: number; to: number }[];
}

/** Starts actors; their steps wait at the gate. */
export function createActors(world: World, told: Told) {
  const { gate, dice, sessions } = world;
  const actors = new Map<string, Actor>();
  let made = 0;

  function begin(role: string, work: (actor: Actor, store: Store) => Promise<void>): Actor {
    made += 1;
    const actor: Actor = { name: `${role}-${made}`, job: new AbortController(), done: false, stalled: false };
    actors.set(actor.name, actor);
    void work(actor, sessions.storeOf(actor.name))
      // Whatever it throws is what its program logs; the rows are judged.
      .catch(() => undefined)
      .finally(() => {
        actor.done = true;
        actors.delete(actor.name);
      });
    return actor;
  }

  /** A worker hears the delivery's bell for this post. */
  function work(postId: string): void {
    begin("worker", async (actor, store) => {
      // The wall clock may stand anywhere; leases are the store's and the monotonic clock's.
      const skew = dice.chance(0.3) ? dice.between(-3_600_000, 3_600_000) : 0;
      const clock = { now: () => world.now() + skew, monotonic: () => world.elapsed(), sleep: async () => undefined };
      const networks = world.networksFor(actor.name, store);
      const driver = createDrivers({ store, networks, secrets: () => "secret", keys: () => [Buffer.alloc(32, 7)], clock });
      const deps = {
        store,
        driver,
        clock,
        random: () => dice.next(),
        timing: TIMING,
        crashpoint: () => undefined,
        log: silentLog,
      };
      await deliver(deps, postId, actor.job.signal, undefined, dice.chance(0.7) ? createRounds(deps) : undefined);
    });
  }

  const threadOf = ({ article, account }: RunPost) =>
    world.posts.filter((post) => post.article === article && post.account === account);

  /**
   * An act on a post, with the step in which it was asked for and the one in which it was answered. An approval is one of all
   * parts of a thread; what takes it back is judged at the part it named.
   */
  function act(kind: Act["kind"], post: RunPost, doIt: (store: Store) => Promise<boolean>): void {
    begin("person", async (_, store) => {
      const about = kind === "approve" ? threadOf(post) : [post];
      const all: { -readonly [Key in keyof Act]: Act[Key] }[] = about.map(({ id }) => ({
        post: id,
        kind,
        askedAt: gate.step,
        toldAt: undefined,
      }));
      told.acts.push(...all);
      const done = await doIt(store);
      for (const it of all) {
        if (done) it.toldAt = gate.step;
        // Told that nothing was done: it was not.
        else told.acts.splice(told.acts.indexOf(it), 1);
      }
    });
  }

  const by = { person: world.desk.person };
  const ok = async (decided: Promise<Decided>) => (await decided).ok;
  const revisionOf = async (post: RunPost) => {
    const { rows } = await world.store.query<{ revision: number }>("select revision from slugline.post where id = $1", [post.id]);
    return rows[0]!.revision;
  };

  /** A person has approved this post before the run begins. */
  async function approved(post: RunPost): Promise<void> {
    const { ok } = await world.desk.approve(post.id);
    for (const { id } of ok ? threadOf(post) : []) told.acts.push({ post: id, kind: "approve", askedAt: 0, toldAt: 0 });
  }

  /** A person does something to a post, sometimes twice at once, sometimes with what they saw a while ago. */
  async function decide(post: RunPost): Promise<void> {
    const revision = await revisionOf(post);
    const about = { postId: post.id, revision, by };
    const what = dice.pick([
      "approve",
      "approve",
      "approve",
      "approve",
      "twice",
      "schedule",
      "release",
      "hold",
      "reject",
      "edit",
    ] as const);
    switch (what) {
      case "approve":
        return act("approve", post, (store) => ok(approve(store, about)));
      case "twice":
        act("approve", post, (store) => ok(approve(store, about)));
        return act("approve", post, (store) => ok(approve(store, about)));
      case "schedule": {
        const at = new Date(world.now() + dice.between(1_000, 600_000));
        return act("approve", post, (store) => ok(schedule(store, { ...about, at })));
      }
      case "release":
        return act("void", post, (store) => ok(release(store, { postId: post.id, by })));
      case "hold":
        return act("void", post, (store) => ok(hold(store, about)));
      case "reject":
        return act("void", post, (store) => ok(reject(store, about)));
      case "edit": {
        const own = post.isPart ? post.id : `${SHORT_URL}/${(await world.desk.link(post.id)).code}`;
        const text = `Words of step ${gate.step} ${own}`;
        const deps = { shortUrl: SHORT_URL, usualLimits: world.desk.usualLimits };
        return act("void", post, async (store) => {
          const revised = await revise(store, deps, { postId: post.id, revision, text, person: by.person });
          return revised.ok && revised.revision !== revision;
        });
      }
    }
  }

  /** The story changes, or is withdrawn: what was decided about its posts is void. */
  function change(article: string, withdrawn: boolean): void {
    begin("source", async (_, store) => {
      await store.query(
        "update slugline.article set title = title || '.', state = $2, version = version + 1 where id = $1 and state = 'ready'",
        [article, withdrawn ? "removed" : "ready"],
      );
    });
  }

  /** The post stage hears that its story changed. */
  function compose(article: string): void {
    const { usualLimits } = world.desk;
    begin("source", (_, store) => composeArticle({ store, shortUrl: SHORT_URL, usualLimits }, article));
  }

  function stopSwitch(on: boolean): void {
    begin("person", async (_, store) => {
      const askedAt = world.now();
      if (on) {
        await pause(store, "Rosa", "");
        // Who stands still behind the check is waited for three seconds only: that is on its way then.
        const { rows } = await world.store.query("select from pg_locks where locktype = 'advisory' and mode = 'ShareLock'");
        if (rows.length === 0) told.paused.push({ from: world.now(), to: Infinity });
      } else {
        for (const it of told.paused) it.to = Math.min(it.to, askedAt);
        await resume(store, "Rosa");
      }
    });
  }

  /** A person looks at the network themselves, when it has had its time, and says what is there. */
  async function answerAsked(): Promise<void> {
    const { rows } = await world.store.query<{ id: string; code: string | null; text: string; since: number | null }>(
      `select d.id, l.code, r.text, (extract(epoch from slugline.now() - d.unknown_at) * 1000)::float8 as since
         from slugline.delivery d join slugline.post p on p.id = d.post_id left join slugline.link l on l.id = p.link_id
         join slugline.post_revision r on r.post_id = d.post_id and r.revision = d.revision
        where d.state = 'asked' order by d.id`,
    );
    const { rows: placed } = await world.store.query<{ link: string | null; text: string }>(
      "select link, text from slugline.timeline",
    );
    const all = [...placed, ...[...world.servers.values()].flatMap(({ standing }) => standing)];
    for (const { id, code, text, since } of rows) {
      if ((since ?? LOOKS_AFTER_MS) < LOOKS_AFTER_MS) continue;
      const there = all.some((one) => (code === null ? one.text === text : one.link?.endsWith(`/${code}`)));
      const says: Answer = there ? "there" : dice.pick(["again", "drop"] as const);
      // Where it stands; of a part that goes out again, where the one stands that it answers.
      const where = says === "again" || dice.chance(0.5) ? { url: `https://there.example/${id}` } : {};
      const about = { deliveryId: id, answer: says, person: by.person, ...where };
      begin("person", async (_, store) => void (await answer(store, about)));
    }
  }

  return { actors, work, approved, decide, change, compose, stopSwitch, answerAsked };
}

export type Actors = ReturnType<typeof createActors>;
