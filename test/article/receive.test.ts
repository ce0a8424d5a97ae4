import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Webhook } from "standardwebhooks";
import { NOTHING_TOLD, type Item } from "../../src/article/article.ts";
import { createParser, type Parser } from "../../src/article/parser.ts";
import { readArticle } from "../../src/article/read.ts";
import { receiveHook, type HookAnswer } from "../../src/article/receive.ts";
import { releaseHeld } from "../../src/article/release.ts";
import { takeItem } from "../../src/article/take.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound, type Outbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { testStore, type TestStore } from "../support/store.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const STORY = "The old bridge opens on Monday, the council said on Tuesday. ".repeat(10);

let store: TestStore;
let parser: Parser;
let outbound: Outbound;
let source: string;

beforeAll(async () => {
  store = await testStore();
  parser = createParser();
  outbound = createOutbound({ allow: [], userAgent: "Slugline/test" });
  source = newId();
  await store.query("insert into slugline.source (id, name, kind, settings, origin) values ($1, 'cms', 'hook', $2, 'file')", [
    source,
    JSON.stringify({ secretEnv: "CMS_SECRET" }),
  ]);
});
afterAll(async () => {
  await parser[Symbol.asyncDispose]();
  await outbound.close();
});

interface Sent {
  readonly id?: string;
  readonly at?: Date;
  readonly secret?: string;
  readonly tamper?: (body: string) => string;
  readonly to?: string;
}

function send(
  payload: unknown,
  { id = newId(), at = new Date(), secret = SECRET, tamper = (body) => body, to = "cms" }: Sent = {},
): Promise<HookAnswer> {
  const body = typeof payload === "string" ? payload : JSON.stringify(payload);
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
  return receiveHook({ store, secrets: () => SECRET, clock: systemClock }, to, headers, Buffer.from(tamper(body)));
}
const published = (guid: string, more: object = {}) => ({
  event: "published",
  article: { guid, url: `https://example.org/${guid}`, title: `Story ${guid}`, text: STORY, lang: "en", ...more },
});
const rowsOf = async (guid: string) =>
  (
    await store.query<{ id: string; state: string; title: string; version: number }>(
      "select id, state, title, version from slugline.article where guid = $1",
      [guid],
    )
  ).rows;
const read = (id: string) =>
  readArticle(
    { store, outbound, parser, clock: systemClock, random: Math.random, log: silentLog },
    id,
    new AbortController().signal,
  );

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

  test("that says a story is gone withdraws it, and one that brings it back restores it", async () => {
    await send(published("d-1"));
    await read((await rowsOf("d-1"))[0]!.id);
    expect((await send({ event: "removed", url: "https://example.org/d-1" })).status).toBe(202);
    expect(await rowsOf("d-1")).toMatchObject([{ state: "removed", version: 2 }]);
    await send(published("d-1", { title: "Back again" }));
    await read((await rowsOf("d-1"))[0]!.id);
    expect(await rowsOf("d-1")).toMatchObject([{ state: "ready", version: 3, title: "Back again" }]);
  });

  describe.each([
    ["was told before", true],
    ["was never told, as its first message was lost", false],
  ])("about a story that is withdrawn and %s:", (_, wasTold) => {
    const minutes = (by: number) => new Date(Date.now() + by * 60_000).toISOString();
    const gone = async (times: object) => {
      const guid = newId();
      if (wasTold) await send(published(guid, times));
      await send({ event: "removed", article: { guid, url: `https://example.org/${guid}`, title: "Gone" } });
      expect(await rowsOf(guid)).toMatchObject([{ state: "removed" }]);
      // Its posts, if it had any, are held.
      await store.query("update slugline.article set composed_version = version where guid = $1", [guid]);
      return guid;
    };
    const isDue = async (guid: string) => {
      const { rows } = await store.query<{ due: boolean }>(
        "select state = 'ready' and composed_version < version as due from slugline.article where guid = $1",
        [guid],
      );
      return rows[0]!.due;
    };

    test.each([
      ["was changed", { updated: minutes(-2), published: minutes(-60) }],
      ["was published", { published: minutes(-2) }],
    ])("one from before that, by when it %s, waits for a person, however often it is sent", async (_when, times) => {
      const guid = await gone(times);
      for (let tries = 0; tries < 2; tries += 1) {
        expect((await send(published(guid, times))).status).toBe(202);
        expect(await rowsOf(guid)).toMatchObject([{ state: "held" }]);
      }
      await send({ ...published(guid, { updated: minutes(-1), title: "Old words" }), event: "updated" });
      expect(await rowsOf(guid)).toMatchObject([{ state: "held" }]);
    });

    test("one from after that brings it back, and its posts are to be written", async () => {
      const guid = await gone({ updated: minutes(-60) });
      await send(published(guid, { updated: minutes(1), title: "Back again" }));
      await read((await rowsOf(guid))[0]!.id);
      expect(await rowsOf(guid)).toMatchObject([{ state: "ready", title: "Back again" }]);
      expect(await isDue(guid)).toBe(true);
    });

    test("one that says no time brings it back", async () => {
      const guid = await gone({});
      await send(published(guid));
      await read((await rowsOf(guid))[0]!.id);
      expect(await isDue(guid)).toBe(true);
    });

    test("one that is held and let through is news", async () => {
      const guid = await gone({ published: minutes(-5) });
      await send(published(guid, { published: minutes(-5) }));
      const person = newId();
      await store.query("insert into slugline.person (id, email, name) values ($1, $2, 'Rosa')", [
        person,
        `${person}@example.org`,
      ]);
      expect(await releaseHeld(store, { sourceId: source, answer: "news", person })).toBeGreaterThan(0);
      await read((await rowsOf(guid))[0]!.id);
      expect(await isDue(guid)).toBe(true);
    });
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
