import { beforeEach, describe, expect, test } from "vitest";
import { answer } from "../../src/delivery/answer.ts";
import { dueDeliveries } from "../../src/delivery/due.ts";
import type { Budget } from "../../src/newsroom/allowance.ts";
import { useLab } from "./lab.ts";

const lab = useLab();
const COST = { plain: 15_000, withLink: 200_000, currency: "USD" };

/** What masto-en may spend, from now on; what it spent before is forgotten. */
async function budget(it: Partial<Budget>, name = "masto-en") {
  await lab.store.query("delete from slugline.spend");
  await lab.store.query("update slugline.account set allowance = $2, rests_until = null, rests_why = null where name = $1", [
    name,
    JSON.stringify({ budget: { currency: "USD", breakingShare: 0, ...it }, cost: COST, timeZone: "UTC" }),
  ]);
}
const breaking = (post: string) => lab.store.query("update slugline.post set priority = 'breaking' where id = $1", [post]);
const ledger = async (post: string) =>
  (
    await lab.store.query<{ state: string; micros: string; breaking: boolean }>(
      `select s.state, s.micros, s.breaking from slugline.spend s join slugline.delivery d on d.id = s.delivery_id
        where d.post_id = $1 order by s.at, s.id`,
      [post],
    )
  ).rows.map(({ state, micros }) => `${state} ${micros}`);

beforeEach(async () => {
  await lab.store.query("update slugline.delivery set state = 'cancelled' where state in ('due', 'refused')");
  await lab.clockAt("2027-03-10T12:00:00Z");
});

describe("the money of a post", () => {
  test("is set aside with the intent, and spent when the post is there", async () => {
    await budget({ perDay: 1_000_000 });
    expect(await ledger(await lab.rung())).toEqual(["settled 200000"]);
  });

  test("is free again when the network surely did not take it, also one that is busy and takes it later", async () => {
    await budget({ perDay: 200_000 });
    lab.server.next(422);
    expect(await ledger(await lab.rung())).toEqual(["released 200000"]);
    lab.server.next({ status: 429, headers: { "retry-after": "60" } });
    const busy = await lab.rung();
    expect(await ledger(busy)).toEqual(["released 200000"]);
    await lab.advance(lab.store, "2m");
    expect(await lab.desk.deliver(busy)).toBe("posted");
    expect(await ledger(busy)).toEqual(["released 200000", "settled 200000"]);
  });

  test("stays set aside while nobody can tell, and a person's answer settles it", async () => {
    const told: Record<string, string[]> = {};
    for (const said of ["there", "drop", "again"] as const) {
      await budget({ perDay: 1_000_000 }, "blind-en");
      lab.blind.outcome = { kind: "unknown", why: "no answer" };
      const post = await lab.rung("blind-en");
      expect(await lab.desk.deliver(post)).toBe("asked");
      expect(await ledger(post)).toEqual(["reserved 200000"]);
      lab.blind.outcome = { kind: "posted", id: `id-${said}`, url: null };
      const { id } = await lab.desk.row(post);
      await answer(lab.store, { deliveryId: String(id), answer: said, person: lab.desk.person });
      await lab.desk.ring(post);
      told[said] = await ledger(post);
    }
    expect(told).toEqual({
      there: ["settled 200000"],
      drop: ["released 200000"],
      again: ["released 200000", "settled 200000"],
    });
  });

  test("is that of this very text: fifteen thousandths without a link", async () => {
    await budget({ perDay: 1_000_000 });
    await lab.store.query("update slugline.account set settings = settings || '{\"link\": \"none\"}' where name = 'masto-en'");
    const post = await lab.rung();
    await lab.store.query("update slugline.account set settings = settings - 'link' where name = 'masto-en'");
    expect(await ledger(post)).toEqual(["settled 15000"]);
  });
});

describe("a budget", () => {
  test("that is used up stops its account, which says so and goes on the next day", async () => {
    await budget({ perDay: 500_000 });
    const posts = [await lab.rung(), await lab.rung(), await lab.rung()];
    expect(await Promise.all(posts.map(lab.desk.stateOf))).toEqual(["posted", "posted", "due"]);
    expect(await lab.rests()).toEqual({ why: "budget", until: new Date("2027-03-11T00:00:00Z") });
    expect(await dueDeliveries(lab.store, 1_000)).not.toContain(posts[2]);
    await lab.clockAt("2027-03-11T00:00:01Z");
    expect(await lab.desk.deliver(posts[2]!)).toBe("posted");
  });

  test("for a month lasts to its end, however much is left of the day's", async () => {
    await budget({ perDay: 10_000_000, perMonth: 200_000 });
    await lab.rung();
    const post = await lab.rung();
    expect(await lab.desk.stateOf(post)).toBe("due");
    expect(await lab.rests()).toEqual({ why: "budget", until: new Date("2027-04-01T00:00:00Z") });
  });

  test("keeps its share for breaking news, which waits too when all is spent, and asks again each minute", async () => {
    await budget({ perDay: 1_000_000, breakingShare: 40 });
    const normal = [await lab.rung(), await lab.rung(), await lab.rung(), await lab.rung()];
    expect(await Promise.all(normal.map(lab.desk.stateOf))).toEqual(["posted", "posted", "posted", "due"]);
    const urgent = [
      await lab.rung("masto-en", breaking),
      await lab.rung("masto-en", breaking),
      await lab.rung("masto-en", breaking),
    ];
    expect(await Promise.all(urgent.map(lab.desk.stateOf))).toEqual(["posted", "posted", "due"]);
    expect(await lab.desk.row(urgent[2]!)).toMatchObject({ state: "due", why: "budget" });
    expect(await dueDeliveries(lab.store, 1_000)).not.toContain(urgent[2]);
    await budget({ perDay: 2_000_000 });
    await lab.advance(lab.store, "61s");
    expect(await dueDeliveries(lab.store, 1_000)).toContain(urgent[2]);
    expect(await lab.desk.deliver(urgent[2]!)).toBe("posted");
  });

  test("is never overspent, however many bells ring at once", async () => {
    await budget({ perDay: 1_000_000 });
    const posts: string[] = [];
    for (let n = 0; n < 9; n += 1) posts.push((await lab.approved()).post);
    await Promise.all([...posts, ...posts, ...posts].map(lab.desk.ring));
    for (let round = 0; round < 12; round += 1) for (const post of await dueDeliveries(lab.store, 100)) await lab.desk.ring(post);
    const states = await Promise.all(posts.map(lab.desk.stateOf));
    expect(states.filter((state) => state === "posted")).toHaveLength(5);
    const { rows } = await lab.store.query("select sum(micros)::int as spent from slugline.spend where state <> 'released'");
    expect(rows).toEqual([{ spent: 1_000_000 }]);
  });

  test("in another currency than the price is never spent: nothing goes out that nobody reckoned", async () => {
    await budget({ currency: "EUR", perDay: 100_000_000 });
    expect(await lab.desk.stateOf(await lab.rung())).toBe("due");
  });

  test("what money was set aside for is free when that post turns out not to be there: what waited goes at once", async () => {
    await budget({ perDay: 200_000 }, "blind-en");
    lab.blind.outcome = { kind: "unknown", why: "no answer" };
    const lost = await lab.rung("blind-en");
    await lab.desk.deliver(lost);
    const waits = await lab.rung("blind-en");
    expect((await lab.rests("blind-en"))?.why).toBe("budget");
    const { id } = await lab.desk.row(lost);
    await answer(lab.store, { deliveryId: String(id), answer: "drop", person: lab.desk.person });
    expect(await lab.rests("blind-en")).toEqual({ why: null, until: null });
    lab.blind.outcome = { kind: "posted", id: "after", url: null };
    expect(await lab.desk.deliver(waits)).toBe("posted");
  });
});

test("what a rehearsal would have cost is reckoned apart from what was paid", async () => {
  await budget({ perDay: 200_000 });
  await lab.store.query("update slugline.account set rehearsal = true where name = 'masto-en'");
  const rehearsed = [await lab.rung(), await lab.rung()];
  expect(await Promise.all(rehearsed.map(lab.desk.stateOf))).toEqual(["posted", "due"]);
  await lab.store.query("update slugline.account set rehearsal = false, rests_until = null where name = 'masto-en'");
  await lab.store.query("update slugline.delivery set state = 'cancelled' where state = 'due'");
  expect(await lab.desk.stateOf(await lab.rung())).toBe("posted");
});
