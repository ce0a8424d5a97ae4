import { afterAll, describe, expect, test } from "vitest";
import { NOTHING_TOLD, type Item } from "../../src/article/article.ts";
import { receiveHook } from "../../src/article/receive.ts";
import { takeItem } from "../../src/article/take.ts";
import { newId } from "../../src/lib/id.ts";
import { systemClock } from "../../src/lib/time.ts";
import { openCms, published, SECRET, STORY } from "../support/cms.ts";

const cms = await openCms();
const { store, send, rowsOf, read } = cms;
afterAll(() => cms[Symbol.asyncDispose]());

describe("a signed hook", () => {
  test("that carries the story is the story, durable before it is acknowledged", async () => {
    const answer = await send(
      published("a-1", { embargo: "2027-01-01T10:00:00Z", tags: ["bridge"], image: "https://example.org/i.jpg" }),
    );
    expect(answer.status).toBe(202);
    const [article] = await rowsOf("a-1");
    await read(article!.id);
    const { rows } = await store.query(
      "select state, title, tags, image_url, embargo_until from slugline.article where guid = 'a-1'",
    );
    expect(rows[0]).toEqual({
      state: "ready",
      title: "Story a-1",
      tags: ["bridge"],
      image_url: "https://example.org/i.jpg",
      embargo_until: new Date("2027-01-01T10:00:00Z"),
    });
  });

  test("sent twenty times, in turn and at once, makes one story and one entry", async () => {
    const id = newId();
    for (let n = 0; n < 10; n += 1) expect((await send(published("b-1"), { id })).status).toBe(202);
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(published("b-1"))));
    expect(answers.every(({ status }) => status === 202)).toBe(true);
    expect(await rowsOf("b-1")).toHaveLength(1);
  });

  test("about a story that a feed had only listed makes it news", async () => {
    const feed = newId();
    await store.query(
      "insert into slugline.source (id, name, kind, url, origin) values ($1, 'front', 'feed', 'https://example.org/feed', 'file')",
      [feed],
    );
    await store.query(
      "insert into slugline.article (id, source_id, guid, url, canonical_url, state, title) values ($1, $2, 'f-guid', 'https://example.org/c-1', 'https://example.org/c-1', 'baseline', 'Story')",
      [newId(), feed],
    );
    await send(published("c-1"));
    const { rows } = await store.query("select state from slugline.article where canonical_url = 'https://example.org/c-1'");
    expect(rows).toEqual([{ state: "seen" }]);
  });

  test("that comes late does not bring back older words; one that does not say how old it is is believed", async () => {
    const [early, late] = ["2026-11-01T09:00:00Z", "2026-11-01T10:00:00Z"];
    await send({ ...published("o-1", { title: "New words", published: early, updated: late }), event: "updated" });
    const { id } = (await rowsOf("o-1"))[0]!;
    await read(id);
    for (const older of [{ published: early }, { updated: "2026-11-01T10:30:00+01:00" }]) {
      expect((await send(published("o-1", { title: "Old words", ...older }))).status).toBe(202);
      await read(id);
      expect(await rowsOf("o-1")).toMatchObject([{ title: "New words", version: 1 }]);
    }
    await send({ ...published("o-1", { title: "Newer words", published: early }), event: "updated" });
    await read(id);
    expect(await rowsOf("o-1")).toMatchObject([{ title: "Newer words", version: 2 }]);
    for (const [title, updated] of [
      ["A wrong year", "2099-11-01T10:00:00Z"],
      ["As it is", "2026-11-01T11:00:00Z"],
    ]) {
      await send({ ...published("o-1", { title, updated }), event: "updated" });
      await read(id);
      expect(await rowsOf("o-1")).toMatchObject([{ title }]);
    }
  });
});

describe("a story that several sources tell", () => {
  const feed = async () => {
    const id = newId();
    await store.query(
      "insert into slugline.source (id, name, kind, url, origin) values ($1, $2, 'feed', 'https://example.org/feed', 'file')",
      [id, `feed-${id}`],
    );
    return id;
  };
  const told = (guid: string, title: string): Item => ({
    ...NOTHING_TOLD,
    guid,
    url: `https://example.org/${guid}`,
    title,
    text: STORY,
  });
  const take = (sourceId: string, item: Item) =>
    store.transaction((db) => takeItem(db, { sourceId, kind: "feed" }, item, "seen"));

  test("keeps the embargo of whoever set it, until they lift it", async () => {
    const embargo = async () =>
      (await store.query<{ embargo_until: Date | null }>("select embargo_until from slugline.article where guid = 'm-1'"))
        .rows[0]!.embargo_until;
    await send(published("m-1", { embargo: "2030-01-01T00:00:00Z" }));
    await take(await feed(), told("m-1", "Story m-1"));
    expect(await embargo()).toEqual(new Date("2030-01-01T00:00:00Z"));
    await send({ ...published("m-1"), event: "updated" });
    expect(await embargo()).toBeNull();
  });

  test("in two wordings is not rewritten at each telling", async () => {
    const [front, section] = [await feed(), await feed()];
    for (let poll = 0; poll < 3; poll += 1) {
      await take(front, told("m-2", "Front"));
      await take(section, told("m-2", "Section"));
      for (const { id, state } of await rowsOf("m-2")) if (state === "seen") await read(id);
    }
    expect(await rowsOf("m-2")).toMatchObject([{ title: "Front", version: 1, state: "ready" }]);
  });

  test("with characters that no database holds is stored without them", async () => {
    expect(
      (await send(published("m-3", { title: "A\u0000B", html: "<p>x\u0000\ud800y</p>", social: { mastodon: "\udc00" } }))).status,
    ).toBe(202);
    expect(await rowsOf("m-3")).toHaveLength(1);
  });

  test("keeps what a journalist wrote for a network", async () => {
    await send(published("m-4", { social: { mastodon: "In my own words" } }));
    const { rows } = await store.query("select social from slugline.article where guid = 'm-4'");
    expect(rows).toEqual([{ social: { mastodon: "In my own words" } }]);
  });
});

describe("a hook that is not the newsroom's", () => {
  const nothing = async (guid: string) => expect(await rowsOf(guid)).toEqual([]);

  test("with a wrong secret, changed words, an old or future time, or no signature changes nothing", async () => {
    const payload = published("x-1");
    const answers = [
      await send(payload, { secret: "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }),
      await send(payload, { tamper: (body) => body.replace("Story", "Lie") }),
      await send(payload, { at: new Date(Date.now() - 6 * 60_000) }),
      await send(payload, { at: new Date(Date.now() + 6 * 60_000) }),
      await receiveHook({ store, secrets: () => SECRET, clock: systemClock }, "cms", {}, Buffer.from(JSON.stringify(payload))),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    await nothing("x-1");
  });

  test("for a source that does not exist is not found", async () => {
    expect((await send(published("x-2"), { to: "nobody" })).status).toBe(404);
    await nothing("x-2");
  });

  test("whose secret is not set here says which variable to set", async () => {
    const answer = await receiveHook({ store, secrets: () => undefined, clock: systemClock }, "cms", {}, Buffer.from("{}"));
    expect(answer).toMatchObject({ status: 401, body: { detail: expect.stringContaining("CMS_SECRET") } });
  });
});

describe("a hook that is signed and wrong", () => {
  test("that is no JSON says so", async () => {
    expect(await send("{")).toMatchObject({ status: 400 });
  });

  test("is told every fault at once, and where", async () => {
    const answer = await send({ event: "posted", article: { url: "javascript:alert(1)", title: "", embargo: "tomorrow" } });
    expect(answer.status).toBe(422);
    const paths = (answer.body["errors"] as { path: string }[]).map(({ path }) => path).toSorted();
    expect(paths).toEqual(["article.embargo", "article.title", "article.url", "event"]);
  });
});
