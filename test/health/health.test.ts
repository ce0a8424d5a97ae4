import { afterAll, beforeAll, expect, test } from "vitest";
import { troubles, type TroubleCode } from "../../src/health/health.ts";
import { openHealthDoor } from "../../src/health/server.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { pause, resume } from "../../src/newsroom/store.ts";
import { openDesk } from "../support/desk.ts";
import { advance, testStore, type TestStore } from "../support/store.ts";

let store: TestStore;
let desk: Awaited<ReturnType<typeof openDesk>>;

beforeAll(async () => {
  store = await testStore();
  desk = await openDesk(store, { server: "http://127.0.0.1:1" });
});
afterAll(() => desk.close());

const codes = async (): Promise<TroubleCode[]> => (await troubles(store)).map(({ code }) => code);

test("a newsroom where all is well has no troubles", async () => {
  expect(await codes()).toEqual([]);
});

test("a delivery that waits too long is told, and why", async () => {
  await desk.account({ name: "masto-en" });
  const story = await desk.story();
  const post = story.posts["masto-en"]!;
  await desk.approve(post);
  await desk.deliver(post, 3, "10s");
  expect(await codes()).not.toContain("delivery-waiting");
  await advance(store, "11m");
  const found = (await troubles(store)).find(({ code }) => code === "delivery-waiting");
  expect(found).toMatchObject({
    severity: "alarm",
    post,
    args: { account: "masto-en", why: expect.stringContaining("refused") },
  });
});

test("a host that does not answer is told from the first try, and is an alarm from the third", async () => {
  const failing = async () => (await troubles(store)).find(({ code }) => code === "host-failing");
  expect(await failing()).toMatchObject({
    severity: "alarm",
    args: { host: "127.0.0.1:1", waiting: 1, why: expect.stringContaining("refused") },
  });
  await store.query("update slugline.brake set opened_at = null, failures = 1, updated_at = slugline.now()");
  expect(await failing()).toMatchObject({ severity: "warning" });
  await advance(store, "11m");
  expect(await failing(), "one failure, long ago").toBeUndefined();
});

test("the stop switch is shown for as long as it is on", async () => {
  await pause(store, "Rosa", "wrong story");
  expect((await troubles(store)).find(({ code }) => code === "paused")).toMatchObject({
    severity: "alarm",
    args: { by: "Rosa", why: "wrong story" },
  });
  await resume(store, "Rosa");
  expect(await codes()).not.toContain("paused");
});

test("a source that is quieter than it ever is, one that fails and one that is gone are told", async () => {
  const [quiet, failing, gone] = [newId(), newId(), newId()];
  const add = (id: string, name: string) =>
    store.query(
      "insert into slugline.source (id, name, kind, url, origin, baseline_at, last_new_at) values ($1, $2, 'feed', 'https://example.org/f', 'file', slugline.now(), slugline.now())",
      [id, name],
    );
  for (const [id, name] of [
    [quiet, "quiet"],
    [failing, "failing"],
    [gone, "gone"],
  ] as const)
    await add(id, name);
  expect(await codes()).not.toContain("source-quiet");
  await store.query(
    "update slugline.source set failures = 2, failing_since = slugline.now(), error = 'The site answered 500.' where id = $1",
    [failing],
  );
  await store.query("update slugline.source set state = 'gone', state_why = 'gone for good' where id = $1", [gone]);
  await advance(store, "2d");
  const found = await troubles(store);
  expect(found.find(({ source, code }) => source === quiet && code === "source-quiet")).toBeDefined();
  expect(found.find(({ source, code }) => source === failing && code === "source-failing")).toMatchObject({
    severity: "alarm",
    args: { why: "The site answered 500." },
  });
  expect(found.find(({ source }) => source === gone)).toMatchObject({ code: "source-gone", severity: "alarm" });
});

test("an article that no rule takes, one that cannot be read and a flood that is held are told", async () => {
  const add = (state: string, unclaimed: boolean) =>
    store.query(
      "insert into slugline.article (id, source_id, url, canonical_url, state, title, unclaimed, composed_version) values ($1, $2, $3, $3, $4, 'A story', $5, 1)",
      [newId(), desk.sourceId, `https://example.org/${newId()}`, state, unclaimed],
    );
  await add("ready", true);
  await add("failed", false);
  await add("held", false);
  await add("seen", false);
  await advance(store, "6m");
  expect(await codes()).toEqual(
    expect.arrayContaining(["article-unclaimed", "article-failed", "article-held", "article-waiting"]),
  );
});

test("the health door tells alive from ready, and numbers only to who may read them", async () => {
  let why: string[] = [];
  const door = await openHealthDoor({
    host: "127.0.0.1",
    port: 0,
    store,
    notReady: async () => why,
    numbers: () => ({ redirect_links: 3 }),
    metricsToken: "sesame",
    log: silentLog,
  });
  const get = (path: string, headers = {}) => fetch(door.url + path, { headers });
  expect((await get("/healthz")).status).toBe(200);
  expect((await get("/readyz")).status).toBe(200);
  why = ["The store does not answer."];
  const unready = await get("/readyz");
  expect([unready.status, await unready.text()]).toEqual([503, "The store does not answer.\n"]);
  expect((await get("/metrics")).status).toBe(401);
  const metrics = await (await get("/metrics", { authorization: "Bearer sesame" })).text();
  expect(metrics).toMatch(/slugline_troubles\{code="article-held",severity="alarm"\} 1/);
  expect(metrics).toContain("slugline_redirect_links 3");
  expect((await get("/other")).status).toBe(404);
  await door.close();
});
