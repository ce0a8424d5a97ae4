import { beforeEach, describe, expect, test } from "vitest";
import { dueDeliveries } from "../../src/delivery/due.ts";
import type { Allowance } from "../../src/newsroom/allowance.ts";
import { apply } from "../../src/newsroom/apply.ts";
import { parsed } from "../config/support.ts";
import { useLab } from "./lab.ts";

const lab = useLab();

const allow = (allowance: Allowance, name = "masto-en") =>
  lab.store.query("update slugline.account set allowance = $2, rests_until = null, rests_why = null where name = $1", [
    name,
    JSON.stringify(allowance),
  ]);
const breaking = (post: string) => lab.store.query("update slugline.post set priority = 'breaking' where id = $1", [post]);

let day = 0;
beforeEach(async () => {
  // A day of its own for each test, none of which is near a change of clocks.
  day += 1;
  await lab.store.query("update slugline.delivery set state = 'cancelled' where state = 'due'");
  await lab.clockAt(`2027-01-${String(day).padStart(2, "0")}T12:00:00Z`);
});

describe("an account's own caps", () => {
  test("three an hour: the fourth waits, says why and until when, is not looked at meanwhile, and goes when the first is an hour old", async () => {
    await allow({ perHour: 3 });
    const first = [await lab.rung(), await lab.rung()];
    await lab.advance(lab.store, "10m");
    first.push(await lab.rung());
    const fourth = await lab.rung();
    expect(await Promise.all(first.map(lab.desk.stateOf))).toEqual(["posted", "posted", "posted"]);
    expect(await lab.desk.stateOf(fourth)).toBe("due");
    const rest = await lab.rests();
    expect(rest?.why).toBe("cap-hour");
    expect(Math.abs(rest!.until!.getTime() - Date.parse(`2027-01-0${day}T13:00:00Z`))).toBeLessThan(30_000);
    expect(await dueDeliveries(lab.store, 1_000)).not.toContain(fourth);
    await lab.advance(lab.store, "49m");
    expect(await dueDeliveries(lab.store, 1_000)).not.toContain(fourth);
    await lab.advance(lab.store, "2m");
    expect(await dueDeliveries(lab.store, 1_000)).toContain(fourth);
    expect(await lab.desk.deliver(fourth)).toBe("posted");
  });

  test("what waited for its network and now waits for a cap is not put to a person for having waited long", async () => {
    await allow({ perDay: 1 });
    lab.server.next({ status: 429, headers: { "retry-after": "60" } });
    const busy = await lab.rung();
    const behind = await lab.rung();
    expect((await lab.desk.row(behind))["held_at"]).not.toBeNull();
    await lab.advance(lab.store, "2m");
    await lab.desk.ring(busy);
    expect(await lab.desk.stateOf(busy)).toBe("posted");
    await lab.desk.ring(behind);
    expect((await lab.rests())?.why).toBe("cap-day");
    await lab.advance(lab.store, "7h");
    expect(await dueDeliveries(lab.store, 1_000)).not.toContain(behind);
    await lab.desk.ring(behind);
    expect(await lab.desk.stateOf(behind)).toBe("due");
  });

  test("two a day: a day is the account's own, on its zone's clocks", async () => {
    await allow({ perDay: 2, timeZone: "America/New_York" });
    await lab.rung();
    await lab.rung();
    const third = await lab.rung();
    expect(await lab.rests()).toEqual({ why: "cap-day", until: new Date(`2027-01-0${day + 1}T05:00:00Z`) });
    await lab.clockAt(`2027-01-0${day + 1}T04:59:00Z`);
    await lab.desk.ring(third);
    expect(await lab.desk.stateOf(third)).toBe("due");
    await lab.clockAt(`2027-01-0${day + 1}T05:00:01Z`);
    expect(await lab.desk.deliver(third)).toBe("posted");
    day += 1;
  });

  test("a post that is surely not there counts in no cap, and what waited for it goes at once", async () => {
    await allow({ perDay: 1 });
    lab.server.next(422);
    const refused = await lab.rung();
    expect(await lab.desk.stateOf(refused)).toBe("refused");
    expect(await lab.desk.stateOf(await lab.rung())).toBe("posted");
    expect(await lab.desk.stateOf(await lab.rung())).toBe("due");
  });

  test("an answer that was lost counts: it may be there", async () => {
    await allow({ perDay: 1 });
    lab.server.next("reset-after-accept");
    expect(await lab.desk.stateOf(await lab.rung())).toBe("unknown");
    expect(await lab.desk.stateOf(await lab.rung())).toBe("due");
    expect((await lab.rests())?.why).toBe("cap-day");
  });

  test("thirty bells at once never begin more than the cap", async () => {
    await allow({ perDay: 4 });
    const posts: string[] = [];
    for (let n = 0; n < 10; n += 1) posts.push((await lab.approved()).post);
    await Promise.all([...posts, ...posts, ...posts].map(lab.desk.ring));
    for (let round = 0; round < 12; round += 1) for (const post of await dueDeliveries(lab.store, 100)) await lab.desk.ring(post);
    const states = await Promise.all(posts.map(lab.desk.stateOf));
    expect(states.filter((state) => state === "posted")).toHaveLength(4);
    expect(states.filter((state) => state === "due")).toHaveLength(6);
  });
});

describe("quiet hours", () => {
  test("ordinary news waits for their end, breaking news does not", async () => {
    await allow({ quiet: { from: "23:00", to: "06:30", breaking: true }, timeZone: "Europe/Berlin" });
    await lab.clockAt(`2027-01-0${day}T23:10:00Z`);
    const post = await lab.rung();
    expect(await lab.desk.stateOf(post)).toBe("due");
    expect(await lab.rests()).toEqual({ why: "quiet", until: new Date(`2027-01-0${day + 1}T05:30:00Z`) });
    expect(await lab.desk.stateOf(await lab.rung("masto-en", breaking))).toBe("posted");
    await lab.clockAt(`2027-01-0${day + 1}T05:30:00Z`);
    expect(await lab.desk.deliver(post)).toBe("posted");
    day += 1;
  });

  test("where they are for breaking news too, it waits as well, and says so", async () => {
    await allow({ quiet: { from: "11:00", to: "13:00", breaking: false }, timeZone: "UTC" });
    const post = await lab.rung("masto-en", breaking);
    expect(await lab.desk.row(post)).toMatchObject({ state: "due", why: "quiet" });
    expect(await dueDeliveries(lab.store, 1_000)).not.toContain(post);
    await lab.advance(lab.store, "61m");
    expect(await lab.desk.deliver(post)).toBe("posted");
  });
});

describe("breaking news", () => {
  test("passes what waits for the account's spacing and caps, and counts in both", async () => {
    await lab.store.query("update slugline.account set spacing_s = 600 where name = 'masto-en'");
    await allow({ perHour: 2 });
    await lab.rung();
    const waits = await lab.rung();
    expect((await lab.rests())?.why).toBe("spacing");
    expect(await lab.desk.stateOf(await lab.rung("masto-en", breaking))).toBe("posted");
    expect(await lab.desk.stateOf(await lab.rung("masto-en", breaking))).toBe("posted");
    await lab.advance(lab.store, "11m");
    await lab.desk.ring(waits);
    expect(await lab.desk.stateOf(waits)).toBe("due");
    expect((await lab.rests())?.why).toBe("cap-hour");
  });

  test("does not pass what the network itself asked: after a 429 it waits like all of them", async () => {
    lab.server.next({ status: 429, headers: { "retry-after": "300" } });
    await lab.rung();
    const post = await lab.rung("masto-en", breaking);
    expect(await lab.desk.stateOf(post)).toBe("due");
  });
});

test("another allowance in newsroom.yaml holds at once: what waited by the old one is asked again", async () => {
  const site = "site: { name: Daily, url: https://example.org, languages: [en], timeZone: Asia/Tokyo }\n";
  const file = (keys: string) =>
    parsed(`${site}accounts: [{ name: tokyo, network: mastodon, server: "${lab.server.url}", tokenEnv: MASTO_TOKEN, ${keys} }]`, {
      MASTO_TOKEN: "t",
    });
  await apply(lab.store, file("perDay: 1"), { shortUrl: "https://go.example.org" });
  await lab.store.query(
    `update slugline.account set rests_until = slugline.now() + interval '1 hour', rests_why = 'cap-day' where name = 'tokyo'`,
  );
  await apply(lab.store, file("perDay: 1"), { shortUrl: "https://go.example.org" });
  expect((await lab.rests("tokyo"))?.why).toBe("cap-day");
  await apply(lab.store, file("perDay: 2"), { shortUrl: "https://go.example.org" });
  expect(await lab.rests("tokyo")).toEqual({ why: null, until: null });
});
