import { describe, expect, test } from "vitest";
import { answer } from "../../src/delivery/answer.ts";
import { deliver } from "../../src/delivery/deliver.ts";
import type { Found, Network } from "../../src/networks/network.ts";
import { openDesk } from "../support/desk.ts";
import type { WireFault } from "../support/wire.ts";
import { advance as advanceStore, until } from "../support/store.ts";
import { blindNetwork, useLab } from "./lab.ts";

const lab = useLab();

describe("an answer that does not tell", () => {
  const accepted: WireFault[] = [
    "reset-after-accept",
    "reset-after-accept-key-lost",
    "hang-after-accept",
    "truncated-json",
    "html-200",
    "empty-200",
    "json-without-id",
  ];
  const more: WireFault[] = [500, 502, 503, 504].map((status) => ({ status, accept: true }));
  test.each([...accepted, ...more])(
    "after the network took it (%j): it is found by its link, never sent again",
    async (fault) => {
      const { post, link } = await lab.approved();
      lab.server.next(fault);
      expect(await lab.desk.deliver(post)).toBe("posted");
      expect(lab.server.byLink(link)).toHaveLength(1);
      expect(await lab.desk.row(post)).toMatchObject({ attempts: 1, remote_id: lab.server.byLink(link)[0]!.id });
    },
  );

  const lost: WireFault[] = ["reset-before-accept", "hang-before-accept", 500, 502, 503, 504];
  test.each(lost)(
    "before the network took it (%j): it is sent again after the settle time and two looks, and stands once",
    async (fault) => {
      const { post, link } = await lab.approved();
      lab.server.next(fault);
      await lab.desk.ring(post);
      expect(await lab.desk.stateOf(post)).toBe("unknown");
      await lab.advance(lab.store, "2s");
      await lab.desk.ring(post);
      expect(await lab.desk.stateOf(post)).toBe("unknown");
      expect(await lab.desk.row(post)).toMatchObject({ misses: 0, attempts: 1 });
      expect(await lab.desk.deliver(post)).toBe("posted");
      expect(lab.server.byLink(link)).toHaveLength(1);
      expect(await lab.desk.row(post)).toMatchObject({ attempts: 2 });
    },
  );

  test("and a read-back that lags, fails and is limited: it still stands once, even when the key was lost", async () => {
    const { post, link } = await lab.approved();
    lab.server.next("reset-after-accept-key-lost");
    lab.server.next(500, 2, "read");
    lab.server.next({ status: 429, headers: { "retry-after": "5" } }, 1, "read");
    lab.server.lagReads = 1;
    expect(await lab.desk.deliver(post, 30)).toBe("posted");
    expect(lab.server.byLink(link)).toHaveLength(1);
  });

  test("and a read-back that never works: a person is asked, with three answers", async () => {
    const { post, link } = await lab.approved();
    lab.server.next("reset-after-accept");
    lab.server.next(500, 10_000, "read");
    expect(await lab.desk.deliver(post, 80, "2m")).toBe("asked");
    expect(lab.server.byLink(link)).toHaveLength(1);
    const { id } = await lab.desk.row(post);
    expect(
      await answer(lab.store, {
        deliveryId: String(id),
        answer: "there",
        url: "https://social.example/1",
        person: lab.desk.person,
      }),
    ).toEqual({ ok: true, state: "posted" });
    expect(await answer(lab.store, { deliveryId: String(id), answer: "again", person: lab.desk.person })).toMatchObject({
      ok: false,
      code: "decided",
    });
    expect(await lab.desk.row(post)).toMatchObject({
      state: "posted",
      assumed: "person",
      remote_url: "https://social.example/1",
    });
  });

  test("on a network that cannot be asked: a person is asked, or the account's onUnknown answers, and nothing is sent twice", async () => {
    lab.blind.outcome = { kind: "unknown", why: "no answer" };
    lab.blind.posts = 0;
    const story = await lab.desk.story();
    const [asked, sure] = [story.posts["blind-en"]!, story.posts["sure-en"]!];
    for (const post of [asked, sure]) await lab.desk.approve(post);
    expect(await lab.desk.deliver(asked)).toBe("asked");
    expect(await lab.desk.deliver(sure)).toBe("posted");
    expect(await lab.desk.row(sure)).toMatchObject({ assumed: "rule", remote_id: null });
    expect(lab.blind.posts).toBe(2);
    lab.blind.outcome = { kind: "posted", id: `blind-${story.id}`, url: null };
    const again = { deliveryId: String((await lab.desk.row(asked))["id"]), answer: "again", person: lab.desk.person } as const;
    const both = await Promise.all([answer(lab.store, again), answer(lab.store, again)]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await lab.desk.deliver(asked)).toBe("posted");
    expect(lab.blind.posts).toBe(3);
  });

  test("whoever was sending dies: the next one looks, and does not send", async () => {
    const { post, link } = await lab.approved();
    const dying = { ...lab.desk.deps, crashpoint: (label: string) => void (label === "after-answer" && raise()) };
    await expect(deliver(dying, post, new AbortController().signal)).rejects.toThrow("died");
    expect(await lab.desk.stateOf(post)).toBe("sending");
    await lab.desk.ring(post);
    expect(await lab.desk.stateOf(post)).toBe("sending");
    await lab.advance(lab.store, "61s");
    expect(await lab.desk.deliver(post)).toBe("posted");
    expect(lab.server.byLink(link)).toHaveLength(1);
  });

  test("a worker thought dead comes back: what it knows is believed, what it does not know changes nothing", async () => {
    const { post, link } = await lab.approved();
    const answered = Promise.withResolvers<void>();
    lab.server.next({ status: 200, accept: true, answerAfter: answered.promise });
    const slow = lab.desk.ring(post);
    await until(async () => lab.server.byLink(link).length === 1);
    await lab.advance(lab.store, "61s");
    await lab.desk.ring(post);
    expect(await lab.desk.stateOf(post)).toBe("unknown");
    answered.resolve();
    await slow;
    expect(await lab.desk.deliver(post)).toBe("posted");
    expect(lab.server.byLink(link)).toHaveLength(1);
  });

  test("a lease that has run out before the request is written: nothing is written", async () => {
    const { post, link } = await lab.approved();
    const before = lab.server.requests.length;
    const start = performance.now();
    const late = {
      ...lab.desk.deps,
      clock: { ...lab.desk.deps.clock, monotonic: () => start + (late.begun ? 10_000_000 : 0) },
      begun: false,
    };
    late.crashpoint = (label: string) => void (late.begun ||= label === "after-intent");
    await deliver(late, post, new AbortController().signal);
    expect(await lab.desk.stateOf(post)).toBe("due");
    expect(lab.server.requests.slice(before).filter(({ method }) => method === "POST")).toEqual([]);
    expect(await lab.desk.deliver(post)).toBe("posted");
    expect(lab.server.byLink(link)).toHaveLength(1);
  });
});

test("a network whose clock is hours away from ours is still found by the link", async () => {
  const { post, link } = await lab.approved();
  await advanceStore(lab.store, "3h");
  lab.server.next("reset-after-accept-key-lost");
  expect(await lab.desk.deliver(post)).toBe("posted");
  expect(lab.server.byLink(link)).toHaveLength(1);
  lab.server.advance(3 * 3_600_000);
});

test("a match is never a post that another delivery owns", async () => {
  const base = blindNetwork();
  base.outcome = { kind: "posted", id: "same-id", url: null };
  const network: Network & { found: Found } = {
    ...base,
    name: "mirror",
    promise: "reconciled",
    found: { kind: "absent" },
    find: async () => network.found,
  };
  const other = await openDesk(lab.store, { networks: [network] });
  await other.account({ name: "mirror-en", network: "mirror" });
  const [one, two] = [await other.story(), await other.story()];
  for (const story of [one, two]) await other.approve(story.posts["mirror-en"]!);
  expect(await other.deliver(one.posts["mirror-en"]!)).toBe("posted");
  await other.ring(two.posts["mirror-en"]!);
  expect(await other.row(two.posts["mirror-en"]!)).toMatchObject({ state: "unknown", remote_id: null });
  await other.close();
});

test("a word that comes late, from a worker thought dead, is believed although it was to be sent again: it is not", async () => {
  const answered = Promise.withResolvers<void>();
  const base = blindNetwork();
  const network: Network = {
    ...base,
    name: "slow",
    promise: "reconciled",
    publish: async () => {
      base.posts += 1;
      await answered.promise;
      return { kind: "posted", id: "late-id", url: null };
    },
    find: async () => ({ kind: "absent" }),
  };
  const other = await openDesk(lab.store, { networks: [network] });
  await other.account({ name: "slow-en", network: "slow" });
  const { posts } = await other.story();
  const post = posts["slow-en"]!;
  await other.approve(post);
  const slow = other.ring(post);
  await until(async () => base.posts === 1);
  // Its lease lapses, and two looks find nothing.
  for (let round = 0; round < 5 && (await other.stateOf(post)) !== "due"; round += 1) {
    await lab.advance(lab.store, "61s");
    await other.ring(post);
  }
  expect(await other.stateOf(post)).toBe("due");
  answered.resolve();
  await slow;
  expect(await other.row(post)).toMatchObject({ state: "posted", remote_id: "late-id" });
  expect(await other.deliver(post)).toBe("posted");
  expect(base.posts).toBe(1);
  await other.close();
});

function raise(): never {
  throw new Error("died");
}
