import { afterAll, describe, expect, test } from "vitest";
import { releaseHeld } from "../../src/article/release.ts";
import { newId } from "../../src/lib/id.ts";
import { openCms, published } from "../support/cms.ts";

const cms = await openCms();
const { store, source, send, rowsOf, read } = cms;
afterAll(() => cms[Symbol.asyncDispose]());

describe("a hook", () => {
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
