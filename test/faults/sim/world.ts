import type { Pool } from "pg";
import { createTimeline } from "../../../src/delivery/timeline.ts";
import type { Network } from "../../../src/networks/network.ts";
import { rehearsal } from "../../../src/networks/rehearsal.ts";
import { addPart } from "../../../src/post/parts.ts";
import type { Store } from "../../../src/store/db.ts";
import { openDesk, SHORT_URL } from "../../support/desk.ts";
import type { TestStore } from "../../support/store.ts";
import type { Dice } from "../seed.ts";
import { createGate } from "./gate.ts";
import { createServer, KINDS, type KindName, type Server } from "./network.ts";
import { createSessions } from "./sessions.ts";

/** The accounts of a run: one of each guarantee, one that assumes, and one in rehearsal. */
const ACCOUNTS = ["keyed", "unkeyed", "exact", "blind", "sure", "local"] as const;
export type AccountName = (typeof ACCOUNTS)[number];

/** The day on which every run begins. */
const EPOCH = Date.parse("2026-11-28T12:00:00Z");
const EMPTIED =
  "account, article, attempt, brake, decision, delivery, event, link, outbox, person, post, post_revision, rule, source, timeline";

export interface RunPost {
  readonly id: string;
  readonly account: AccountName;
  readonly accountId: string;
  readonly article: string;
  /** Whether it is a later part of a thread: it has no link, and is known again by its words and what it answers. */
  readonly isPart: boolean;
}

/** One run's newsroom in a database of its own, with a clock that only the run moves. */
export async function openWorld(store: Store & { readonly pool: Pool }, dice: Dice, trouble: () => number) {
  await store.query(
    `truncate ${EMPTIED.split(", ")
      .map((table) => `slugline.${table}`)
      .join(", ")} cascade`,
  );
  await store.query("update slugline.newsroom set paused_at = null");
  await store.query(
    `create or replace function slugline.now() returns timestamptz language sql stable as
     $$ select timestamptz '2026-11-28 12:00:00+00' + shift from slugline.clock $$`,
  );
  let elapsedMs = 0;
  await store.query("update slugline.clock set shift = '0'");
  const now = () => EPOCH + elapsedMs;
  const counts = new Map<string, number>();
  const count = (fault: string, times = 1) => void counts.set(fault, (counts.get(fault) ?? 0) + times);

  const gate = createGate(store);
  const sessions = createSessions(store.pool, gate, now);
  const servers = new Map<KindName, Server>(
    (Object.keys(KINDS) as KindName[]).map((name) => [
      name,
      createServer({ name, kind: KINDS[name], gate, dice, now, trouble, count }),
    ]),
  );
  const networksOf = (actor: string): Network[] => [...servers.values()].map((server) => server.driver(actor));
  const desk = await openDesk(store as TestStore, { networks: networksOf("desk") });
  const accounts = new Map<string, AccountName>();
  const paced = new Set<AccountName>();
  for (const name of ACCOUNTS) {
    const network = name === "sure" ? "blind" : name === "local" ? "mastodon" : name;
    const spacing = name === "unkeyed" && dice.chance(0.3) ? 60 : 0;
    if (spacing > 0) paced.add(name);
    const onUnknown = name === "sure" ? "assume-posted" : "ask";
    accounts.set(await desk.account({ name, network, spacing, onUnknown, rehearsal: name === "local" }), name);
  }

  const posts: RunPost[] = [];
  /** In which step these words were first put on the local timeline. */
  const placedAt = new Map<string, number>();
  async function story(embargo?: string): Promise<void> {
    const { id } = await desk.story(embargo === undefined ? {} : { embargo });
    const { rows } = await store.query<{ id: string; account_id: string }>(
      "select id, account_id from slugline.post where article_id = $1 order by id",
      [id],
    );
    for (const row of rows) {
      const account = accounts.get(row.account_id)!;
      const post = { accountId: row.account_id, account, article: id };
      posts.push({ ...post, id: row.id, isPart: false });
      // A thread goes out without pauses, and has its own place in the account's pace.
      if (paced.has(account) || !dice.chance(0.3)) continue;
      for (let part = 2, last = dice.between(2, 3); part <= last; part += 1)
        posts.push({ ...post, id: await addTo(row.id, part), isPart: true });
    }
  }

  async function addTo(first: string, part: number): Promise<string> {
    const { rows } = await store.query<{ revision: number }>("select revision from slugline.post where id = $1", [first]);
    const deps = { shortUrl: SHORT_URL, usualLimits: desk.usualLimits };
    const about = { postId: first, revision: rows[0]!.revision, person: desk.person };
    const added = await addPart(store, deps, { ...about, text: `Part ${part} of ${first}` });
    if (!added.ok) throw new Error(added.code);
    return added.id;
  }

  return {
    store,
    dice,
    gate,
    sessions,
    servers,
    desk,
    posts,
    placedAt,
    story,
    now,
    count,
    counts,
    /** What an actor sends and looks with. */
    networksFor(actor: string, own: Store): ReadonlyMap<string, Network> {
      const timeline = createTimeline(own, "http://localhost:3000");
      const noted: typeof timeline = {
        ...timeline,
        put(entry) {
          if (!placedAt.has(entry.text)) placedAt.set(entry.text, gate.step);
          return timeline.put(entry);
        },
      };
      return new Map([...networksOf(actor), rehearsal(noted)].map((one) => [one.name, one]));
    },
    /** Time goes on for the store, the networks and everybody's monotonic clock. */
    async tick(ms: number): Promise<void> {
      elapsedMs += ms;
      await store.query("update slugline.clock set shift = make_interval(secs => $1 / 1000.0)", [elapsedMs]);
      for (const server of servers.values()) server.tick();
    },
    elapsed: () => elapsedMs,
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
