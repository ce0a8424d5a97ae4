import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backUp } from "../../src/app/backup.ts";
import { restoreFrom } from "../../src/app/restore.ts";
import { NOTHING_TOLD } from "../../src/article/article.ts";
import { takeItem } from "../../src/article/take.ts";
import { dueDeliveries } from "../../src/delivery/due.ts";
import { endHold, holdOf } from "../../src/newsroom/hold.ts";
import { resume } from "../../src/newsroom/store.ts";
import { createShipper } from "../../src/click/count.ts";
import { createClickLog } from "../../src/click/segment.ts";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { blindNetwork } from "../delivery/lab.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { advance, emptyStore, testStore, type TestStore } from "../support/store.ts";

/**
 * F20: last night's backup is restored while the posts of today are live. Nothing of today goes out a second time, nothing
 * that was not out is lost, and what nobody can tell is put to a person.
 */
let server: MastodonStandIn;
let folder: string;
let old: TestStore;
let desk: Awaited<ReturnType<typeof openDesk>>;
const blind = blindNetwork();

beforeAll(async () => {
  server = await startMastodon({ rateLimit: 100_000 });
  folder = await mkdtemp(join(tmpdir(), "slugline-f20-"));
  old = await testStore();
  desk = await openDesk(old, { server: server.url, networks: [blind] });
});
afterAll(async () => {
  await desk.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const keyed = () => [Buffer.alloc(32, 7)];
const linkOf = async (post: string) => `${SHORT_URL}/${(await desk.link(post)).code}`;
const stands = async (post: string) => server.byLink(await linkOf(post)).length;

/** What the sweeper and the workers do, until nothing more is to be done. */
async function work(store: TestStore, at: Awaited<ReturnType<typeof openDesk>>): Promise<void> {
  for (let round = 0, idle = 0; idle < 6 && round < 100; round += 1) {
    const due = await dueDeliveries(store, 100);
    idle = due.length === 0 ? idle + 1 : 0;
    for (const post of due) await at.ring(post);
    await advance(store, "30s");
  }
}

test("after a restore on hold: what is out is found, what is not is sent once a person says so, nothing twice", async () => {
  await desk.account({ name: "masto-en" });
  await desk.account({ name: "masto-bare", settings: { tokenEnv: "TOKEN", link: "none" } });
  await desk.account({ name: "blind-en", network: "blind" });
  blind.outcome = { kind: "posted", id: "blind-1", url: null };
  const story = async () => (await desk.story()).posts as Record<"masto-en" | "masto-bare" | "blind-en", string>;
  const [before, due, waiting, untouched, unsent, unknown] = [
    await story(),
    await story(),
    await story(),
    await story(),
    await story(),
    await story(),
  ];
  // Yesterday: one is posted, two are approved, of one nobody knows.
  await desk.approve(before["masto-en"]);
  expect(await desk.deliver(before["masto-en"])).toBe("posted");
  for (const post of [due["masto-en"], unsent["masto-en"], due["masto-bare"], unknown["masto-en"]]) await desk.approve(post);
  server.next("reset-after-accept-key-lost");
  await desk.ring(unknown["masto-en"]);
  expect(await desk.stateOf(unknown["masto-en"])).toBe("unknown");
  const unread = await desk.story();
  await old.query("update slugline.article set state = 'seen', composed_version = 0 where id = $1", [unread.id]);
  await old.query("delete from slugline.post_revision where post_id in (select id from slugline.post where article_id = $1)", [
    unread.id,
  ]);
  await old.query("delete from slugline.post where article_id = $1", [unread.id]);
  const saved = await backUp(old, join(folder, "night.backup"), folder);
  expect(saved.tables["delivery"]).toBe(2);

  // Today: the approved ones go out, so does one that only waited, and a story that the backup does not know.
  for (const post of [due["masto-en"], due["masto-bare"]]) expect(await desk.deliver(post)).toBe("posted");
  await desk.approve(waiting["masto-en"]);
  expect(await desk.deliver(waiting["masto-en"])).toBe("posted");
  await desk.approve(waiting["blind-en"]);
  expect(await desk.deliver(waiting["blind-en"])).toBe("posted");
  const today = await story();
  await desk.approve(today["masto-en"]);
  expect(await desk.deliver(today["masto-en"])).toBe("posted");
  const live = server.accepted.length;

  const store = await emptyStore();
  const restored = await restoreFrom(join(folder, "night.backup"), store, { dataDir: folder, keys: keyed, hold: true });
  expect(restored).toMatchObject({ hold: true, unreadable: [] });
  const now = await openDesk(store, { server: server.url, networks: [blind] });
  expect(await endHold(store, { name: "Rosa", person: null })).toMatchObject({ ok: false, code: "open" });
  expect(await resume(store, "Rosa")).toBe(false);
  await work(store, now);

  // Nothing new stands there, and what stands is known.
  expect(server.accepted).toHaveLength(live);
  expect(blind.posts).toBe(1);
  for (const post of [due["masto-en"], waiting["masto-en"], unknown["masto-en"]]) {
    expect(await now.row(post)).toMatchObject({ state: "posted", remote_id: server.byLink(await linkOf(post))[0]!.id });
    expect(await stands(post)).toBe(1);
    const { rows } = await store.query("select state from slugline.post where id = $1", [post]);
    expect(rows).toEqual([{ state: "approved" }]);
  }
  // Found by its words; of one whose words may have been others, and of a network that cannot be asked, a person is asked.
  expect(await now.stateOf(due["masto-bare"])).toBe("posted");
  expect(await now.stateOf(untouched["masto-bare"])).toBe("asked");
  expect(await now.stateOf(waiting["blind-en"])).toBe("asked");
  expect(await now.stateOf(unsent["masto-en"])).toBe("due");
  expect(await now.stateOf(untouched["masto-en"])).toBe("cancelled");
  // A story that was read since: its posts are under codes nobody knows.
  expect((await store.query("select state from slugline.article where id = $1", [unread.id])).rows).toEqual([{ state: "held" }]);
  expect(await holdOf(store)).toMatchObject({ open: 0, found: 4, stories: 1 });

  expect(await endHold(store, { name: "Rosa", person: null })).toEqual({ ok: true });
  expect(await endHold(store, { name: "Rosa", person: null })).toMatchObject({ ok: false, code: "none" });
  await now.approve(untouched["masto-en"]);
  await work(store, now);
  expect(await now.stateOf(unsent["masto-en"])).toBe("posted");
  expect(await now.stateOf(untouched["masto-en"])).toBe("posted");
  for (const post of [before, due, waiting, untouched, unsent, unknown]) expect(await stands(post["masto-en"])).toBe(1);
  expect(server.accepted).toHaveLength(live + 2);
  await now.close();
});

test("a post that was put away at the backup is looked for before it is ever sent", async () => {
  const { posts } = await desk.story();
  const post = posts["masto-en"]!;
  await old.query("update slugline.post set state = 'rejected' where id = $1", [post]);
  await backUp(old, join(folder, "away.backup"), folder);
  await old.query("update slugline.post set state = 'waiting' where id = $1", [post]);
  await desk.approve(post);
  expect(await desk.deliver(post)).toBe("posted");
  const store = await emptyStore();
  await restoreFrom(join(folder, "away.backup"), store, { dataDir: folder, keys: keyed, hold: true });
  const now = await openDesk(store, { server: server.url, networks: [blind] });
  await work(store, now);
  await endHold(store, { name: "Rosa", person: null });
  await store.query("update slugline.post set state = 'waiting' where id = $1", [post]);
  await now.approve(post);
  await work(store, now);
  expect(await now.stateOf(post)).toBe("posted");
  expect(await stands(post)).toBe(1);
  await now.close();
});

test("stories from before the restore are a person's to judge, whoever tells of them; new ones go their way", async () => {
  await backUp(old, join(folder, "stories.backup"), folder);
  const store = await emptyStore();
  await restoreFrom(join(folder, "stories.backup"), store, { dataDir: folder, keys: keyed, hold: true });
  const told = async (name: string, published: string | null, announces = true) => {
    const item = { ...NOTHING_TOLD, url: `https://example.org/${name}`, title: name, published };
    await store.transaction((db) => takeItem(db, { sourceId: desk.sourceId, kind: "hook", announces }, item, "seen"));
    const { rows } = await store.query<{ state: string }>("select state from slugline.article where title = $1", [name]);
    return rows[0]!.state;
  };
  const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
  expect(await told("an hour ago", ago(3_600_000))).toBe("held");
  expect(await told("no time", null)).toBe("held");
  expect(await told("an update of the unknown", null, false)).toBe("held");
  // Told again while on hold: it still waits for a person.
  expect(await told("no time", null)).toBe("held");
  expect(await told("a minute from now", ago(-60_000))).toBe("seen");
  await work(store, await openDesk(store, { server: server.url, networks: [blind] }));
  await endHold(store, { name: "Rosa", person: null });
  expect(await told("no time, after the hold", null)).toBe("seen");
  expect(await told("no time", null)).toBe("seen");
  expect(await told("yesterday", ago(86_400_000))).toBe("held");
});

test("clicks that were not counted are counted once, whether their files are at hand or not", async () => {
  const { rows } = await old.query<{ number: number }>("select number from slugline.link limit 1");
  const number = rows[0]!.number;
  const clicks = createClickLog({ folder: join(folder, "clicks"), log: silentLog, clock: systemClock });
  const visit = (many: number) =>
    Promise.all(
      Array.from({ length: many }, () => new Promise<void>((end) => clicks.record(number, "click", { end: () => end() }))),
    );
  const counted = async (store: TestStore) =>
    (
      await store.query<{ n: number }>("select coalesce(sum(count), 0) as n from slugline.click_hour where link_number = $1", [
        number,
      ])
    ).rows[0]!.n;
  const ship = (store: TestStore) =>
    createShipper({ store, folder: join(folder, "clicks"), log: silentLog, clock: systemClock }).ship();
  await visit(100);
  await ship(old);
  await visit(40);
  await backUp(old, join(folder, "clicks.backup"), folder);
  await visit(7);
  expect(await counted(old)).toBe(100);

  const elsewhere = await emptyStore();
  const restored = await restoreFrom(join(folder, "clicks.backup"), elsewhere, { dataDir: folder, keys: keyed, hold: false });
  expect(restored.clicks).toBe(40);
  expect(await counted(elsewhere)).toBe(140);
  // The files are here as well: what came since is counted, nothing twice.
  await ship(elsewhere);
  expect(await counted(elsewhere)).toBe(147);
  await clicks.close();
});
