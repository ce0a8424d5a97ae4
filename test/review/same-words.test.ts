import { describe, expect, test } from "vitest";
import type { Network } from "../../src/networks/network.ts";
import { rehearsal } from "../../src/networks/rehearsal.ts";
import { revise } from "../../src/post/revise.ts";
import { reviewByRule } from "../../src/review/auto.ts";
import { createTimeline } from "../../src/delivery/timeline.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { testStore } from "../support/store.ts";

/** A network with X's rule: the same words from one account of an owner only. */
async function desk() {
  const store = await testStore();
  const trial = rehearsal(createTimeline(store, "http://localhost:3000"));
  const strict: Network = { ...trial, name: "x", usual: { ...trial.usual, forbidsCopies: true } };
  const at = await openDesk(store, { networks: [strict] });
  const approvedBy = async (postId: string) =>
    (
      await store.query<{ by_person: string | null; kind: string }>(
        "select by_person, kind from slugline.decision where post_id = $1 order by at desc limit 1",
        [postId],
      )
    ).rows[0];
  return { store, at, approvedBy };
}

describe("the same words on two accounts of a network that forbids it", async () => {
  const { store, at } = await desk();
  await at.account({ name: "x-city", network: "x" });
  await at.account({ name: "x-region", network: "x" });

  test("are approved once; whoever approves the second is told which account was first", async () => {
    const { posts } = await at.story();
    expect(await at.approve(posts["x-city"]!)).toMatchObject({ ok: true });
    expect(await at.approve(posts["x-region"]!)).toMatchObject({ ok: false, code: "same-words", by: "x-city" });
    expect(await at.deliver(posts["x-city"]!)).toBe("posted");
    expect(await at.approve(posts["x-region"]!)).toMatchObject({ ok: false, code: "same-words" });
  });

  test("of two who approve at the same moment one is told", async () => {
    const { posts } = await at.story();
    const both = await Promise.all([at.approve(posts["x-city"]!), at.approve(posts["x-region"]!)]);
    expect(both.map(({ ok }) => ok).toSorted()).toEqual([false, true]);
  });

  test("put in other words, the second may go out too", async () => {
    const { posts } = await at.story();
    await at.approve(posts["x-city"]!);
    const postId = posts["x-region"]!;
    const { code } = await at.link(postId);
    const text = `Good news for the region.\n\n${SHORT_URL}/${code}`;
    expect(
      await revise(store, { shortUrl: SHORT_URL, usualLimits: at.usualLimits }, { postId, revision: 1, text, person: at.person }),
    ).toMatchObject({ ok: true });
    expect(await at.approve(postId)).toMatchObject({ ok: true });
  });

  test("other spaces, capitals and another link make no other words", async () => {
    const { posts } = await at.story({ title: "The Bridge  Opens" });
    await at.approve(posts["x-city"]!);
    const postId = posts["x-region"]!;
    const { rows } = await store.query<{ text: string }>(
      "select text from slugline.post_revision where post_id = $1 and revision = 1",
      [postId],
    );
    const text = rows[0]!.text.replace("The Bridge", "THE   bridge");
    const deps = { shortUrl: SHORT_URL, usualLimits: at.usualLimits };
    expect(await revise(store, deps, { postId, revision: 1, text, person: at.person })).toMatchObject({ ok: true });
    expect(await at.approve(postId)).toMatchObject({ ok: false, code: "same-words" });
  });
});

describe("automatic posting of the same words on two accounts", async () => {
  const { store, at, approvedBy } = await desk();
  await at.account({ name: "x-auto", network: "x", mode: "auto" });
  await at.account({ name: "x-also", network: "x", mode: "auto" });

  test("posts the first and puts the second to an editor, with the reason", async () => {
    const { posts } = await at.story();
    await reviewByRule(store, posts["x-auto"]!);
    await reviewByRule(store, posts["x-also"]!);
    expect(await approvedBy(posts["x-auto"]!)).toMatchObject({ kind: "approve", by_person: null });
    expect(await approvedBy(posts["x-also"]!)).toBeUndefined();
    const { rows } = await store.query("select state, mode, mode_why from slugline.post where id = $1", [posts["x-also"]]);
    expect(rows[0]).toEqual({ state: "waiting", mode: "review", mode_why: "same-words" });
  });
});

describe("on a network that allows it", async () => {
  const { at } = await desk();
  await at.account({ name: "masto-city" });
  await at.account({ name: "masto-region" });
  test("the same words may go out from two accounts", async () => {
    const { posts } = await at.story();
    expect(await at.approve(posts["masto-city"]!)).toMatchObject({ ok: true });
    expect(await at.approve(posts["masto-region"]!)).toMatchObject({ ok: true });
  });
});
