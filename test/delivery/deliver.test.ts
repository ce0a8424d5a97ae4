import { describe, expect, test } from "vitest";
import { answer } from "../../src/delivery/answer.ts";
import { dueDeliveries, sweepDeliveries } from "../../src/delivery/due.ts";
import { silentLog } from "../../src/lib/log.ts";
import { learnAccount } from "../../src/newsroom/learn.ts";
import { pause, resume } from "../../src/newsroom/store.ts";
import { revise } from "../../src/post/revise.ts";
import { schedule } from "../../src/review/decide.ts";
import { SHORT_URL } from "../support/desk.ts";
import { useLab } from "./lab.ts";

const lab = useLab();

describe("an approved post", () => {
  test("goes out once, with its link live from the moment its sending began, and says where it stands", async () => {
    const story = await lab.desk.story();
    const post = story.posts["masto-en"]!;
    expect((await lab.desk.link(post)).state).toBe("reserved");
    await lab.desk.ring(post);
    expect(await lab.desk.stateOf(post)).toBe("none");
    await lab.desk.approve(post);
    expect(await lab.desk.deliver(post)).toBe("posted");
    const link = await lab.desk.link(post);
    expect(link.state).toBe("live");
    const there = lab.server.byLink(`${SHORT_URL}/${link.code}`);
    expect(there).toHaveLength(1);
    expect(await lab.desk.row(post)).toMatchObject({ remote_id: there[0]!.id, attempts: 1, why: null });
  });

  test("goes out once when its bell rings fifty times at once", async () => {
    const { post, link } = await lab.approved();
    await Promise.all(Array.from({ length: 50 }, () => lab.desk.ring(post)));
    await Promise.all(Array.from({ length: 50 }, () => lab.desk.ring(post)));
    expect(await lab.desk.stateOf(post)).toBe("posted");
    expect(lab.server.byLink(link)).toHaveLength(1);
  });

  test("is due until it is sent, so that a lost bell loses nothing", async () => {
    const { post } = await lab.approved();
    expect(await dueDeliveries(lab.store, 1_000)).toContain(post);
    await lab.desk.deliver(post);
    expect(await dueDeliveries(lab.store, 1_000)).not.toContain(post);
  });

  test("whose bell was lost two hours ago is found by a sweep's first search, and by its next one of all, five minutes on", async () => {
    let now = 0;
    const due = sweepDeliveries({ monotonic: () => now });
    const { post: early } = await lab.approved();
    await lab.advance(lab.store, "2h");
    expect(await due(lab.store, 1_000)).toContain(early);
    const { post: late } = await lab.approved();
    expect(await due(lab.store, 1_000)).toContain(late);
    await lab.advance(lab.store, "2h");
    now += 299_000;
    expect(await due(lab.store, 1_000)).not.toContain(late);
    now += 1_000;
    expect(await due(lab.store, 1_000)).toEqual(expect.arrayContaining([early, late]));
  });
});

describe("a network that says no", () => {
  test("too many requests: it waits as long as it was asked to, and so does the whole account", async () => {
    const [one, two] = [await lab.approved(), await lab.approved()];
    lab.server.next({ status: 429, headers: { "retry-after": "120" } });
    await lab.desk.ring(one.post);
    expect(await lab.desk.row(one.post)).toMatchObject({ state: "due" });
    await lab.desk.ring(two.post);
    expect(lab.server.byLink(two.link)).toHaveLength(0);
    await lab.advance(lab.store, "60s");
    await lab.desk.ring(one.post);
    expect(lab.server.byLink(one.link)).toHaveLength(0);
    await lab.advance(lab.store, "61s");
    expect(await lab.desk.deliver(one.post)).toBe("posted");
    expect(await lab.desk.deliver(two.post)).toBe("posted");
  });

  test("a token that was revoked: the account is locked out, other posts wait, and it goes on by itself once it works", async () => {
    const [one, two] = [await lab.approved(), await lab.approved()];
    lab.server.next(401);
    expect(await lab.desk.deliver(one.post)).toBe("locked-out");
    await lab.desk.ring(two.post);
    expect(await lab.desk.stateOf(two.post)).toBe("due");
    const { rows } = await lab.store.query<{ id: string; state: string; state_why: string }>(
      "select id, state, state_why from slugline.account where name = 'masto-en'",
    );
    expect(rows[0]).toMatchObject({ state: "locked-out", state_why: expect.stringContaining("401") });
    await learnAccount({ store: lab.store, driver: lab.desk.driver, log: silentLog }, rows[0]!.id, new AbortController().signal);
    await lab.desk.ring(one.post);
    expect(await lab.desk.deliver(one.post)).toBe("posted");
    expect(await lab.desk.deliver(two.post)).toBe("posted");
    expect(lab.server.byLink(one.link)).toHaveLength(1);
  });

  test("a text it refuses: it is shown as refused, and goes out anew when a person has changed it", async () => {
    const { post } = await lab.approved();
    lab.server.next(422);
    expect(await lab.desk.deliver(post)).toBe("refused");
    const { code } = await lab.desk.link(post);
    const deps = { shortUrl: SHORT_URL, usualLimits: lab.desk.usualLimits };
    expect(
      await revise(lab.store, deps, { postId: post, revision: 1, text: `Shorter ${SHORT_URL}/${code}`, person: lab.desk.person }),
    ).toEqual({ ok: true, revision: 2 });
    await lab.desk.ring(post);
    expect(await lab.desk.stateOf(post)).toBe("cancelled");
    await lab.desk.approve(post);
    expect(await lab.desk.deliver(post)).toBe("posted");
    expect(lab.server.byLink(`${SHORT_URL}/${code}`).map(({ text }) => text)).toEqual([`Shorter ${SHORT_URL}/${code}`]);
  });

  test("a server that is down: each try waits longer, nothing is lost, and it goes out when the server is back", async () => {
    const { post } = await lab.approved();
    await lab.store.query("update slugline.account set server = 'http://127.0.0.1:1' where name = 'masto-en'");
    for (let tries = 0; tries < 3; tries += 1) {
      await lab.desk.ring(post);
      await lab.advance(lab.store, "1m");
    }
    expect(await lab.desk.row(post)).toMatchObject({ state: "due", attempts: 3 });
    await lab.store.query("update slugline.account set server = $1 where name = 'masto-en'", [lab.server.url]);
    expect(await lab.desk.deliver(post)).toBe("posted");
  });
});

describe("nothing goes out that was not decided", () => {
  test("an edit between approval and sending voids the approval", async () => {
    const { post, link } = await lab.approved();
    const deps = { shortUrl: SHORT_URL, usualLimits: lab.desk.usualLimits };
    await revise(lab.store, deps, { postId: post, revision: 1, text: `Other words ${link}`, person: lab.desk.person });
    await lab.desk.ring(post);
    expect(await lab.desk.deliver(post, 2)).not.toBe("posted");
    expect(lab.server.byLink(link)).toHaveLength(0);
  });

  test("the stop switch stops what has not begun, and resuming lets it go", async () => {
    const { post, link } = await lab.approved();
    await pause(lab.store, "Rosa", "wrong story");
    await lab.desk.deliver(post, 2);
    expect(lab.server.byLink(link)).toHaveLength(0);
    await resume(lab.store, "Rosa");
    expect(await lab.desk.deliver(post)).toBe("posted");
  });

  test("an embargo and a schedule are waited for, to the end of the later one", async () => {
    const story = await lab.desk.story({ embargo: "10 minutes" });
    const post = story.posts["masto-en"]!;
    const { rows } = await lab.store.query<{ at: Date }>("select slugline.now() + interval '5 minutes' as at");
    await schedule(lab.store, { postId: post, revision: 1, by: { person: lab.desk.person }, at: rows[0]!.at });
    await lab.desk.ring(post);
    await lab.advance(lab.store, "6m");
    await lab.desk.ring(post);
    expect(await lab.desk.stateOf(post)).toBe("due");
    await lab.advance(lab.store, "5m");
    expect(await lab.desk.deliver(post)).toBe("posted");
  });

  test("an embargo that is lifted early lets the post go at once, not at its old time", async () => {
    const story = await lab.desk.story({ embargo: "3 hours" });
    const post = story.posts["masto-en"]!;
    await lab.desk.approve(post);
    await lab.desk.ring(post);
    await lab.store.query("update slugline.article set embargo_until = null where id = $1", [story.id]);
    await lab.advance(lab.store, "61s");
    expect(await lab.desk.deliver(post)).toBe("posted");
  });

  test("news that grew old before it could go is a person's to decide", async () => {
    const { post, link } = await lab.approved();
    await lab.store.query("update slugline.post set not_after = slugline.now() + interval '1 hour' where id = $1", [post]);
    await pause(lab.store, "Rosa", "");
    await lab.advance(lab.store, "2h");
    await resume(lab.store, "Rosa");
    expect(await lab.desk.deliver(post)).toBe("asked");
    const { id } = await lab.desk.row(post);
    expect(await answer(lab.store, { deliveryId: String(id), answer: "drop", person: lab.desk.person })).toEqual({
      ok: true,
      state: "cancelled",
    });
    await lab.desk.ring(post);
    expect(await lab.desk.stateOf(post)).toBe("cancelled");
    expect(lab.server.byLink(link)).toHaveLength(0);
  });

  test.each(["removed", "held"])(
    "an article that was withdrawn and is %s is not sent, though its post was approved",
    async (state) => {
      const { post, story, link } = await lab.approved();
      await lab.store.query(
        "update slugline.article set state = $2, removed_at = slugline.now(), version = version + 1 where id = $1",
        [story.id, state],
      );
      await lab.desk.deliver(post, 2);
      expect(await lab.desk.stateOf(post)).toBe("cancelled");
      expect(lab.server.byLink(link)).toHaveLength(0);
    },
  );

  test("the database refuses what the noun refuses: a posted delivery moves no more", async () => {
    const { post } = await lab.approved();
    await lab.desk.deliver(post);
    const { id } = await lab.desk.row(post);
    await expect(lab.store.query("update slugline.delivery set state = 'due' where id = $1", [id])).rejects.toThrow(
      "does not go from posted to due",
    );
    await expect(lab.store.query("update slugline.post set revision = 2 where id = $1", [post])).rejects.toThrow("on its way");
  });

  test("spacing keeps an account's posts apart, oldest first", async () => {
    await lab.store.query("update slugline.account set spacing_s = 180 where name = 'masto-en'");
    await pause(lab.store, "Rosa", "");
    const [one, two] = [await lab.approved(), await lab.approved()];
    for (const { post } of [one, two]) await lab.desk.ring(post);
    await resume(lab.store, "Rosa");
    await lab.desk.ring(two.post);
    expect(await lab.desk.stateOf(two.post)).toBe("due");
    await lab.desk.ring(one.post);
    await lab.desk.ring(two.post);
    expect([await lab.desk.stateOf(one.post), await lab.desk.stateOf(two.post)]).toEqual(["posted", "due"]);
    await lab.advance(lab.store, "170s");
    await lab.desk.ring(two.post);
    expect(await lab.desk.stateOf(two.post)).toBe("due");
    await lab.advance(lab.store, "11s");
    await lab.desk.ring(two.post);
    expect(await lab.desk.stateOf(two.post)).toBe("posted");
    await lab.store.query("update slugline.account set spacing_s = 0 where name = 'masto-en'");
  });
});
