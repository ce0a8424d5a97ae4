import { describe, expect, test } from "vitest";
import {
  afterMiss,
  backoff,
  clampRetry,
  DELIVERY_HAPPENINGS,
  DELIVERY_STATES,
  nextDelivery,
  TIMING,
  type DeliveryHappening,
  type DeliveryState,
} from "../../src/delivery/delivery.ts";

/** Every state that can be reached, each with one way there. */
function explore(from: DeliveryState): Map<DeliveryState, DeliveryHappening[]> {
  const ways = new Map<DeliveryState, DeliveryHappening[]>([[from, []]]);
  for (const [state, way] of ways) {
    for (const happening of DELIVERY_HAPPENINGS) {
      const next = nextDelivery(state, happening);
      if (next && !ways.has(next)) ways.set(next, [...way, happening]);
    }
  }
  return ways;
}

/**
 * The model: two workers, one delivery, a network that may or may not have taken the post, and answers that may be lost.
 * A worker may send only from `due`; every path of up to `depth` steps is walked.
 */
interface World {
  readonly state: DeliveryState;
  /** Posts the network holds. */
  readonly posts: number;
  /** Whether the sender's request was accepted but its answer is lost. */
  readonly faults: number;
}

function steps(world: World, lookFinds: boolean): World[] {
  const to = (happening: DeliveryHappening, change: Partial<World> = {}): World[] => {
    const state = nextDelivery(world.state, happening);
    return state ? [{ ...world, ...change, state }] : [];
  };
  switch (world.state) {
    case "due":
      return [...to("begin"), ...to("cancel"), ...to("late")];
    case "sending":
      return [
        // accepted and told; accepted and the answer lost; not accepted and told so; not accepted and nobody knows
        ...to("posted", { posts: world.posts + 1 }),
        ...(world.faults > 0 ? to("unknown", { posts: world.posts + 1, faults: world.faults - 1 }) : []),
        ...to("busy"),
        ...to("refused"),
        ...to("locked-out"),
        ...(world.faults > 0 ? to("unknown", { faults: world.faults - 1 }) : []),
      ];
    case "unknown":
      // A look that finds it says so; one that does not, twice and settled, allows the next try.
      return world.posts > 0 && lookFinds ? to("posted") : [...to("again"), ...to("ask")];
    case "refused":
    case "locked-out":
      return [...to("again"), ...to("cancel")];
    case "stale":
      return to("ask");
    case "asked":
      // A person looks: it is there, or it is not.
      return world.posts > 0 ? to("assume") : [...to("again"), ...to("cancel")];
    case "posted":
    case "cancelled":
      return [];
  }
}

describe("a delivery", () => {
  test("reaches every state, and ends only as posted or cancelled", () => {
    expect([...explore("due").keys()].toSorted()).toEqual([...DELIVERY_STATES].toSorted());
    const ends = DELIVERY_STATES.filter((state) =>
      DELIVERY_HAPPENINGS.every((happening) => nextDelivery(state, happening) === null),
    );
    expect(ends.toSorted()).toEqual(["cancelled", "posted"]);
  });

  test("is never sent again from sending or unknown without a look, a key of the network's, or a person", () => {
    for (const state of DELIVERY_STATES) expect(nextDelivery(state, "begin")).toBe(state === "due" ? "sending" : null);
    for (const happening of DELIVERY_HAPPENINGS) {
      if (nextDelivery("unknown", happening) === "due") expect(happening).toBe("again");
      if (nextDelivery("sending", happening) === "due") expect(happening).toBe("busy");
    }
  });

  test("stands at most once on a network that shows what it took, on every path with up to three lost answers", () => {
    const seen = new Set<string>();
    const todo: World[] = [{ state: "due", posts: 0, faults: 3 }];
    let most = 0;
    for (let world = todo.pop(); world; world = todo.pop()) {
      const key = JSON.stringify(world);
      if (seen.has(key)) continue;
      seen.add(key);
      most = Math.max(most, world.posts);
      todo.push(...steps(world, true));
    }
    expect(seen.size).toBeGreaterThan(30);
    expect(most).toBe(1);
  });

  test("would stand twice if a look could miss what is there: the model can fail", () => {
    const seen = new Set<string>();
    const todo: World[] = [{ state: "due", posts: 0, faults: 3 }];
    let most = 0;
    for (let world = todo.pop(); world; world = todo.pop()) {
      if (seen.has(JSON.stringify(world)) || world.posts > 3) continue;
      seen.add(JSON.stringify(world));
      most = Math.max(most, world.posts);
      todo.push(...steps(world, false));
    }
    expect(most).toBeGreaterThan(1);
  });
});

describe("waiting", () => {
  test("backs off further with each try, anywhere below the ceiling, and never beyond it", () => {
    expect(backoff(1, 0.999, TIMING)).toBeLessThan(TIMING.backoffMs);
    expect(backoff(5, 0.5, TIMING)).toBe(TIMING.backoffMs * 8);
    expect(backoff(500, 1, TIMING)).toBe(TIMING.backoffMaxMs);
    expect(backoff(3, 0, TIMING)).toBe(0);
  });

  test("believes a network's own moment between a second and a day", () => {
    const now = 1_000_000_000_000;
    expect(clampRetry(now - 5_000, now)).toBe(now + 1_000);
    expect(clampRetry(now + 60_000, now)).toBe(now + 60_000);
    expect(clampRetry(now + 10 * 365 * 86_400_000, now)).toBe(now + 86_400_000);
  });

  test("sends again only after two told misses, and asks a person when nobody could tell for long enough", () => {
    expect(afterMiss(0, 1, true, TIMING)).toBe("look");
    expect(afterMiss(0, 2, true, TIMING)).toBe("again");
    expect(afterMiss(60_000, 9, false, TIMING)).toBe("look");
    expect(afterMiss(TIMING.lookForMs, 0, false, TIMING)).toBe("ask");
  });
});
