import { describe, expect, test } from "vitest";
import {
  afterBegin,
  afterLesson,
  FAILURES_TO_OPEN,
  freeBrake,
  gapAt,
  heldUntil,
  NOTHING,
  openFor,
  RAMP_MS,
  whyHeld,
  type Brake,
  type Lesson,
} from "../../src/delivery/brake.ts";
import { TIMING } from "../../src/delivery/delivery.ts";
import { lessonsOf, type Tried } from "../../src/delivery/lesson.ts";
import type { Heard, Outcome } from "../../src/networks/network.ts";

const NOW = 1_800_000_000_000;
const LEASE = TIMING.leaseMs;
const FAILS: Lesson = { ...NOTHING, works: false, why: "it refused the connection" };
const WORKS: Lesson = { ...NOTHING, works: true };
const host = freeBrake("host:social.example");

const learn = (brake: Brake, lesson: Lesson, now = NOW, delivery = "one", random = 0.5) =>
  afterLesson(brake, lesson, { delivery, now, random, timing: TIMING });
const opened = (now = NOW) => Array.from({ length: FAILURES_TO_OPEN }).reduce<Brake>((brake) => learn(brake, FAILS, now), host);

describe("a breaker", () => {
  test("lets everything through until three in a row failed", () => {
    let brake = host;
    for (let n = 1; n < FAILURES_TO_OPEN; n += 1) {
      brake = learn(brake, FAILS);
      expect(heldUntil(brake, "posts", false, NOW)).toBeNull();
    }
    expect(learn(learn(brake, WORKS), FAILS).openedAt).toBeNull();
    expect(learn(brake, FAILS)).toMatchObject({ openedAt: NOW, failureWhy: FAILS.why });
  });

  test("keeps posts and looks back while it is open, breaking news too, and says why", () => {
    const brake = opened();
    for (const lane of ["posts", "reads"] as const)
      for (const breaking of [true, false]) expect(heldUntil(brake, lane, breaking, NOW)).toBe(brake.until);
    expect(whyHeld(brake, "posts", NOW)).toBe("network-failing");
    expect(heldUntil(brake, "posts", false, brake.until!)).toBeNull();
  });

  test("lets one probe through, and nobody else while its lease holds", () => {
    const brake = opened();
    const later = brake.until!;
    const probing = afterBegin(brake, { delivery: "one", lane: "posts", now: later, timing: TIMING });
    expect(probing).toMatchObject({ probe: "one", until: later + LEASE });
    expect(heldUntil(probing, "posts", true, later)).toBe(later + LEASE);
    // Whoever was the probe died: the next one may.
    expect(heldUntil(probing, "posts", false, later + LEASE)).toBeNull();
  });

  test("waits twice as long after each probe that failed, to a quarter of an hour", () => {
    let brake = opened();
    let waits: number[] = [];
    for (let trips = 0; trips < 12; trips += 1) {
      const now = brake.until!;
      brake = learn(afterBegin(brake, { delivery: "one", lane: "posts", now, timing: TIMING }), FAILS, now, "one", 1);
      waits = [...waits, brake.until! - now];
    }
    expect(waits.slice(0, 3)).toEqual([30_000, 60_000, 120_000]);
    expect(waits.at(-1)).toBe(TIMING.openMaxMs);
    for (const trips of [0, 1, 50, 5_000])
      for (const random of [0, 0.5, 0.999]) {
        expect(openFor(trips, random, TIMING)).toBeGreaterThanOrEqual(openFor(trips, 0, TIMING));
        expect(openFor(trips, random, TIMING)).toBeLessThanOrEqual(TIMING.openMaxMs);
        expect(openFor(trips, 0, TIMING)).toBeGreaterThanOrEqual(7_500);
      }
  });

  test("is not opened further by those that were under way when it opened", () => {
    const brake = opened();
    expect(learn(brake, FAILS, NOW, "another")).toEqual(brake);
    expect(learn(brake, NOTHING, NOW, "another")).toEqual(brake);
  });

  test("a probe that learnt nothing of the host makes room for the next at once", () => {
    const brake = opened();
    const now = brake.until!;
    const probing = afterBegin(brake, { delivery: "one", lane: "reads", now, timing: TIMING });
    const after = learn(probing, NOTHING, now + 500);
    expect(after).toMatchObject({ probe: null, openedAt: brake.openedAt, trips: 0 });
    expect(heldUntil(after, "posts", false, now + 500)).toBeNull();
  });

  test("closes at the first success, whoever had it, and then gathers pace", () => {
    const closed = learn(opened(), WORKS, NOW + 1_000, "another");
    expect(closed).toMatchObject({ openedAt: null, failures: 0, closedAt: NOW + 1_000, until: NOW + 3_000 });
    expect(heldUntil(closed, "posts", false, NOW + 1_000)).toBe(NOW + 3_000);
    expect(whyHeld(closed, "posts", NOW + 1_000)).toBe("gathering-pace");
    expect(heldUntil(closed, "posts", true, NOW + 1_000), "breaking news").toBeNull();
    expect(heldUntil(closed, "reads", false, NOW + 1_000), "looks").toBeNull();
  });

  test("gathers pace within five minutes: never more than a few hundred posts, the gaps ever smaller", () => {
    let brake = learn(opened(), WORKS, NOW);
    const sent: number[] = [];
    for (let now = NOW; now < NOW + RAMP_MS; now += 1) {
      if (heldUntil(brake, "posts", false, now) !== null) continue;
      sent.push(now);
      brake = afterBegin(brake, { delivery: "one", lane: "posts", now, timing: TIMING });
      if (gapAt(brake.closedAt, now, TIMING) < 20) break;
    }
    const gaps = sent.slice(1).map((at, index) => at - sent[index]!);
    expect(gaps.every((gap, index) => index === 0 || gap <= gaps[index - 1]!)).toBe(true);
    expect(sent.filter((at) => at < NOW + 60_000).length).toBeLessThan(40);
    expect(sent.length).toBeLessThan(800);
    expect(gapAt(NOW, NOW + RAMP_MS, TIMING)).toBe(0);
    expect(gapAt(null, NOW, TIMING)).toBe(0);
  });

  test("never has two probes, on every path of two workers, with failures, deaths and late answers in between", () => {
    interface World {
      readonly brake: Brake;
      readonly now: number;
      /** Deliveries under way, and since when. */
      readonly under: Readonly<Record<string, number>>;
    }
    const todo: { world: World; depth: number }[] = [{ world: { brake: opened(), now: NOW, under: {} }, depth: 0 }];
    const seen = new Set<string>();
    let probes = 0;
    for (let next = todo.pop(); next; next = todo.pop()) {
      const { world, depth } = next;
      const { brake, now, under } = world;
      const key = JSON.stringify(world);
      if (depth > 9 || seen.has(key)) continue;
      seen.add(key);
      const push = (change: Partial<World>) => todo.push({ world: { ...world, ...change }, depth: depth + 1 });
      push({ now: now + 20_000 });
      for (const delivery of ["one", "two"]) {
        if (under[delivery] === undefined) {
          if (heldUntil(brake, "posts", false, now) !== null) continue;
          if (brake.openedAt !== null) {
            const alive = Object.values(under).filter((since) => since > brake.openedAt! && now - since < LEASE);
            expect(alive).toEqual([]);
            probes += 1;
          }
          push({
            brake: afterBegin(brake, { delivery, lane: "posts", now, timing: TIMING }),
            under: { ...under, [delivery]: now },
          });
          continue;
        }
        const { [delivery]: _, ...rest } = under;
        for (const lesson of [FAILS, WORKS, NOTHING]) push({ brake: learn(brake, lesson, now, delivery), under: rest });
      }
    }
    expect(probes).toBeGreaterThan(50);
  });
});

describe("a limit", () => {
  test("keeps back what it limits, to the latest moment that was told, and nothing else", () => {
    const brake = learn(learn(host, { ...NOTHING, postsMs: 60_000 }), { ...NOTHING, postsMs: 5_000, readsMs: 1_000 });
    expect(heldUntil(brake, "posts", true, NOW)).toBe(NOW + 60_000);
    expect(heldUntil(brake, "reads", false, NOW)).toBe(NOW + 1_000);
    expect(heldUntil(brake, "reads", false, NOW + 1_000)).toBeNull();
    expect(whyHeld(brake, "posts", NOW)).toBe("network-limit");
  });

  test("outlasts a breaker that closes", () => {
    const brake = learn(learn(opened(), { ...NOTHING, postsMs: 600_000 }), WORKS, NOW + 1);
    expect(heldUntil(brake, "posts", false, NOW + 1)).toBe(NOW + 600_000);
  });
});

describe("what a try teaches", () => {
  const answered = (status: number, more: Partial<Heard> = {}): Heard => ({
    host: "host:social.example",
    status,
    failure: status >= 500 ? `failed (${status})` : null,
    rates: [],
    ...more,
  });
  const silent: Heard = { host: "host:social.example", status: null, failure: "it refused the connection", rates: [] };
  const tried = (came: Tried["came"], heard: readonly Heard[], lane: Tried["lane"] = "posts") =>
    Object.fromEntries(
      lessonsOf({ account: "account:1", heard, came, lane, backoffMs: 4_000, until: (moment) => Math.max(moment - NOW, 1_000) }),
    );
  const posted: Outcome = { kind: "posted", id: "1", url: null };

  test("a post that went well: its host and its account work", () => {
    expect(tried(posted, [answered(200)])).toEqual({ "host:social.example": WORKS, "account:1": WORKS });
  });

  test("no answer, or a server's own failure: the host's trouble, not the account's", () => {
    for (const heard of [silent, answered(500), answered(503)])
      for (const kind of ["busy", "unknown"] as const)
        expect(tried({ kind, why: "no" }, [heard])).toEqual({
          "host:social.example": { ...NOTHING, works: false, why: heard.failure },
        });
  });

  test("a refusal shows that the host is there", () => {
    for (const status of [401, 403, 404, 422, 429])
      expect(tried({ kind: "refused", why: "no" }, [silent, answered(status)])["host:social.example"]).toEqual(WORKS);
  });

  test("too many requests: the account waits as long as it was told, else it backs off", () => {
    const told = tried({ kind: "busy", why: "wait", retryAt: NOW + 90_000 }, [answered(429)]);
    expect(told["account:1"]).toEqual({ works: false, why: "wait", postsMs: 90_000, readsMs: null });
    const untold = tried({ kind: "busy", why: "wait" }, [answered(429)]);
    expect(untold["account:1"]).toMatchObject({ works: false, postsMs: 4_000 });
  });

  test("a picture that is late, or a lease that ran out, is nobody's fault there", () => {
    expect(tried({ kind: "busy", why: "the picture is late" }, [])).toEqual({});
    expect(tried({ kind: "busy", why: "the picture is late" }, [answered(200)])).toEqual({ "host:social.example": WORKS });
  });

  test("a read-back that is limited brakes looks, not posts", () => {
    const told = tried({ kind: "cannot-tell", why: "wait", retryAt: NOW + 30_000 }, [answered(429)], "reads");
    expect(told["account:1"]).toEqual({ works: null, why: "wait", postsMs: null, readsMs: 30_000 });
    expect(tried(posted, [answered(200)], "reads")["account:1"], "a look that found it says nothing of posting").toBeUndefined();
  });

  test("buckets that are empty after a good answer brake whom they belong to; others do not", () => {
    const rates = [
      { scope: "account", of: "posts", remaining: 3, resetAt: NOW + 900_000 },
      { scope: "app:x:1", of: "posts", remaining: 0, resetAt: NOW + 40_000_000 },
      { scope: "account", of: "both", remaining: 0, resetAt: NOW + 60_000 },
      { scope: "account", of: "posts", remaining: -1, resetAt: NOW + 120_000 },
      { scope: "account", of: "posts", remaining: Number.NaN, resetAt: NOW + 130_000 },
    ] as const;
    expect(tried(posted, [answered(201, { rates })])).toEqual({
      "host:social.example": WORKS,
      "account:1": { works: true, why: null, postsMs: 130_000, readsMs: 60_000 },
      "app:x:1": { ...NOTHING, postsMs: 40_000_000 },
    });
  });
});
