import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { composeArticle } from "../../src/post/compose.ts";
import { addPart, removePart } from "../../src/post/parts.ts";
import { revise } from "../../src/post/revise.ts";
import { lockThread } from "../../src/post/store.ts";
import { threadOf } from "../../src/post/text.ts";
import { approve, hold, release } from "../../src/review/decide.ts";
import { answer } from "../../src/delivery/answer.ts";
import { openThreadDesk, type ThreadDesk } from "../support/thread-desk.ts";

let at: ThreadDesk;
let sure: ThreadDesk;
beforeAll(async () => {
  at = await openThreadDesk("mastodon");
  sure = await openThreadDesk("telegram", { onUnknown: "assume-posted" });
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
  await sure[Symbol.asyncDispose]();
});

const by = () => ({ person: at.person });
const read = (id: string) => at.store.transaction((db) => lockThread(db, id));
const states = async (id: string) => (await read(id)).map(({ state }) => state);

describe("a thread is decided as one", () => {
  test("one approval is about all its parts, and names the revision of any of them", async () => {
    const ids = await at.thread(["Two.", "Three."]);
    expect(await approve(at.store, { postId: ids[1]!, revision: await at.revisionOf(ids[1]!), by: by() })).toMatchObject({
      ok: true,
    });
    expect(await states(ids[0]!)).toEqual(["approved", "approved", "approved"]);
  });

  test("an edit of one part voids what was seen of the others: an approval of before is refused", async () => {
    const ids = await at.thread(["Two.", "Three."]);
    const seen = await at.revisionOf(ids[0]!);
    const revision = await at.revisionOf(ids[2]!);
    expect(
      await revise(at.store, at.deps, { postId: ids[2]!, revision, text: "Three, better.", person: at.person }),
    ).toMatchObject({ ok: true });
    expect(await approve(at.store, { postId: ids[0]!, revision: seen, by: by() })).toMatchObject({
      ok: false,
      code: "changed",
      by: "Rosa",
    });
    expect(await states(ids[0]!)).toEqual(["waiting", "waiting", "waiting"]);
  });

  test("an edit after the approval takes all parts back, and nothing of them goes out", async () => {
    const ids = await at.thread(["Two.", "Three."]);
    await at.desk.approve(ids[0]!);
    const before = at.standing().length;
    await revise(at.store, at.deps, {
      postId: ids[1]!,
      revision: await at.revisionOf(ids[1]!),
      text: "Two, better.",
      person: at.person,
    });
    await at.run(ids, 3);
    expect(at.standing()).toHaveLength(before);
    expect(await states(ids[0]!)).toEqual(["waiting", "waiting", "waiting"]);
  });

  test("once the first part is out, a hold and an edit are about the others alone", async () => {
    const ids = await at.thread(["Two.", "Three."]);
    await at.desk.approve(ids[0]!);
    expect(await at.desk.deliver(ids[0]!)).toBe("posted");
    expect(await hold(at.store, { postId: ids[0]!, revision: await at.revisionOf(ids[0]!), by: by() })).toMatchObject({
      code: "on-its-way",
    });
    await release(at.store, { postId: ids[1]!, by: by() });
    expect(await states(ids[0]!)).toEqual(["approved", "waiting", "waiting"]);
    expect(await hold(at.store, { postId: ids[1]!, revision: await at.revisionOf(ids[1]!), by: by() })).toMatchObject({
      ok: true,
    });
    expect(await states(ids[0]!)).toEqual(["approved", "held", "held"]);
    await release(at.store, { postId: ids[2]!, by: by() });
    await revise(at.store, at.deps, {
      postId: ids[2]!,
      revision: await at.revisionOf(ids[2]!),
      text: "Three, now.",
      person: at.person,
    });
    await at.desk.approve(ids[1]!);
    expect(await at.run(ids)).toEqual(["posted", "posted", "posted"]);
    expect(
      at
        .standing()
        .slice(-3)
        .map(({ text }) => text.slice(0, 11)),
    ).toEqual([expect.any(String), "Two.", "Three, now."]);
  });

  test("a part taken out leaves no gap: the one behind it answers the one before", async () => {
    const ids = await at.thread(["Two.", "Three.", "Four."]);
    expect(
      await removePart(at.store, { postId: ids[0]!, revision: await at.revisionOf(ids[0]!), person: at.person }),
    ).toMatchObject({ code: "first" });
    expect(await removePart(at.store, { postId: ids[1]!, revision: 1, person: at.person })).toMatchObject({ code: "changed" });
    expect(
      await removePart(at.store, { postId: ids[1]!, revision: await at.revisionOf(ids[1]!), person: at.person }),
    ).toMatchObject({ ok: true });
    expect((await read(ids[0]!)).map(({ id, part, reply_to_id }) => [id, part, reply_to_id])).toEqual([
      [ids[0], 1, null],
      [ids[2], 2, ids[0]],
      [ids[3], 3, ids[2]],
    ]);
    await at.desk.approve(ids[0]!);
    expect(await at.run([ids[0]!, ids[2]!, ids[3]!])).toEqual(["posted", "posted", "posted"]);
  });

  test("a part is held to the network's limits, and a thread has an end", async () => {
    const [first = ""] = await at.thread([]);
    const about = { postId: first, revision: 1, person: at.person };
    expect(await addPart(at.store, at.deps, { ...about, text: "x".repeat(501) })).toMatchObject({
      code: "too-long",
      length: 501,
      limit: 500,
    });
    expect(await addPart(at.store, at.deps, { ...about, text: " \n" })).toMatchObject({ code: "empty" });
  });

  test("the database itself lets no part go before the one it answers", async () => {
    const ids = await at.thread(["Two."]);
    await at.desk.approve(ids[0]!);
    await at.desk.ring(ids[1]!);
    const { id, why } = await at.desk.row(ids[1]!);
    expect(why).toBe("part-before");
    await expect(
      at.store.query(
        "update slugline.delivery set state = 'sending', idempotency = 'k', intent_at = slugline.now() where id = $1",
        [id],
      ),
    ).rejects.toThrow("a part goes out only when the part before it stands");
  });
});

describe("a part that stands somewhere, nobody knows where", () => {
  test("the parts behind it go to a person, not out alone; its address lets them go on", async () => {
    const ids = await sure.thread(["Two.", "Three."]);
    await sure.desk.approve(ids[0]!);
    sure.next("reset-after-accept");
    expect(await sure.run(ids)).toEqual(["posted", "asked", "due"]);
    const row = await sure.desk.row(ids[1]!);
    expect(row).toMatchObject({ why: "no-part-before", attempts: 0 });
    const about = { deliveryId: String(row["id"]), person: sure.person, answer: "again" } as const;
    await answer(sure.store, about);
    expect((await sure.run(ids))[1], "without an address it is asked again").toBe("asked");
    await answer(sure.store, { ...about, url: sure.standing()[0]!.address });
    expect(await sure.run(ids)).toEqual(["posted", "posted", "posted"]);
    expect(sure.standing().map(({ parent }) => parent)).toEqual([null, sure.standing()[0]!.id, sure.standing()[1]!.id]);
  });

  test("dropped, it takes the parts behind it along: they are held", async () => {
    const ids = await at.thread(["Two.", "Three."]);
    await at.desk.approve(ids[0]!);
    await at.desk.deliver(ids[0]!);
    at.next(422);
    expect(await at.desk.deliver(ids[1]!)).toBe("refused");
    await answer(at.store, { deliveryId: String((await at.desk.row(ids[1]!))["id"]), person: at.person, answer: "drop" });
    expect(await states(ids[0]!)).toEqual(["approved", "held", "held"]);
  });
});

describe("a voice that writes threads", () => {
  const BODY = [
    "The old bridge opens on Monday, the council said on Tuesday.",
    "It was closed for nine years after a flood. Two firms mended it, one after the other, for eleven million in all.",
    "Cars have to wait until spring.",
  ];
  const VOICE = {
    text: "{headline}\n\n{summary}\n\n{link}",
    parts: ["{more}", "{more}", "{more}"],
    giveWay: ["summary.second", "summary"],
    tags: 0,
  } as const;
  const story = {
    url: "https://example.org/1",
    title: "The bridge opens again after long repairs",
    summary: null,
    body: BODY,
    lang: "en",
    dir: "ltr",
    tags: [],
    social: {},
    described: {},
    spoiler: null,
  } as const;
  const write = (more: object = {}, max = 130) =>
    threadOf(
      { ...story, ...more },
      { network: "mastodon", voice: VOICE, limits: { max, unit: "grapheme", perLink: 23 } },
      async (part) => `https://go.example.org/aaaaaaa${part}`,
    );

  test("goes on with the story's whole sentences, each once, within the network's limits", async () => {
    const parts = await write();
    expect(parts.map(({ text }) => text)).toEqual([
      "The bridge opens again after long repairs\n\nThe old bridge opens on Monday, the council said on Tuesday.\n\nhttps://go.example.org/aaaaaaa1",
      "It was closed for nine years after a flood. Two firms mended it, one after the other, for eleven million in all.",
      "Cars have to wait until spring.",
    ]);
    expect((await write({}, 90)).map(({ text }) => text).slice(1)).toEqual([
      "The old bridge opens on Monday, the council said on Tuesday.",
      "It was closed for nine years after a flood.",
      "Two firms mended it, one after the other, for eleven million in all.",
    ]);
    expect(parts.slice(1).every(({ link }) => link === null)).toBe(true);
  });

  test("writes no part that would say nothing, and none under a journalist's own words", async () => {
    expect(await write({ body: BODY.slice(0, 1) }, 500)).toHaveLength(1);
    expect(await write({ social: { mastodon: "Go and see it yourself!" } })).toHaveLength(1);
  });

  test("a changed article is written anew in as many parts as it has now; a person's parts stay as they are", async () => {
    await at.store.query("update slugline.voice set spec = spec || $1 where name = 'plain'", [
      JSON.stringify({ parts: ["{more}", "{more}"] }),
    ]);
    const { id: article, posts } = await at.desk.story();
    const change = async (body: readonly string[]) => {
      await at.store.query("update slugline.article set version = version + 1, body = $2 where id = $1", [article, body]);
      await composeArticle(at.deps, article);
    };
    await change(BODY);
    const texts = async () =>
      (
        await at.store.query<{ text: string }>(
          `select r.text from slugline.post p join slugline.post_revision r on r.post_id = p.id and r.revision = p.revision
            where p.article_id = $1 and p.removed_at is null order by p.part`,
          [article],
        )
      ).rows.map(({ text }) => text);
    expect(await texts()).toHaveLength(2);
    await at.desk.approve(posts["on"]!);
    await change(BODY.slice(0, 1));
    expect(await texts()).toHaveLength(1);
    expect(await states(posts["on"]!)).toEqual(["waiting"]);
    await change(BODY);
    const two = (await read(posts["on"]!))[1]!;
    await revise(at.store, at.deps, { postId: two.id, revision: two.revision, text: "My own words.", person: at.person });
    await change([...BODY, "And there is a party."]);
    expect((await texts()).slice(1)).toEqual(["My own words."]);
    await at.store.query("update slugline.voice set spec = spec - 'parts' where name = 'plain'");
  });
});
