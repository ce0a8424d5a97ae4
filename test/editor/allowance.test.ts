import { beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { testStore } from "../support/store.ts";
import { seeded } from "./seed.ts";

const store = await testStore();
const desk = await seeded(store);
let rosa = { id: "", cookie: "" };
beforeAll(async () => {
  await store.query("update slugline.clock set shift = '2027-03-10T12:00:00Z'::timestamptz - statement_timestamp()");
  rosa = await desk.person("Rosa", "editor");
});

const page = async (path: string) =>
  (await (await desk.editor.request(path, { headers: { cookie: rosa.cookie } })).text())
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");
const allow = (allowance: object, rest: { until: string; why: string } | null = null) =>
  store.query("update slugline.account set allowance = $1, rests_until = $2, rests_why = $3 where name = 'masto-en'", [
    JSON.stringify(allowance),
    rest?.until ?? null,
    rest?.why ?? null,
  ]);

describe("what an account may still do is told where it matters", () => {
  test("at the account: posts and money left, quiet hours, and when the next may go", async () => {
    const { post } = await desk.waiting();
    await allow({
      perHour: 3,
      perDay: 20,
      quiet: { from: "23:00", to: "06:30", breaking: true },
      timeZone: "UTC",
      budget: { currency: "USD", perDay: 10_000_000, breakingShare: 30 },
      cost: { plain: 15_000, withLink: 200_000, currency: "USD" },
    });
    const { rows } = await store.query<{ account_id: string }>("select account_id from slugline.post where id = $1", [post]);
    const delivery = newId();
    await store.query(
      `insert into slugline.delivery (id, post_id, revision, account_id, state, idempotency, begun_at, posted_at, remote_id)
       values ($1::uuid, $2, 1, $3, 'posted', 'k', slugline.now(), slugline.now(), 'r')`,
      [delivery, post, rows[0]!.account_id],
    );
    await store.query(
      `insert into slugline.spend (id, account_id, delivery_id, kind, state, micros, currency, breaking, rehearsal)
       values ($1, $2, $3, 'post', 'settled', 200000, 'USD', false, true)`,
      [newId(), rows[0]!.account_id, delivery],
    );
    const text = await page("/accounts");
    expect(text).toContain("Posts this hour 2 of 3 left");
    expect(text).toContain("Posts today 19 of 20 left");
    expect(text).toContain("Money today 6.80 of 10 USD left and 3 USD for breaking news only");
    expect(text).toContain("23:00–06:30 UTC");
    expect(text).toContain("Next post may go now");
  });

  test("on the card in the queue: approved now, until when and why it would wait", async () => {
    const { post } = await desk.waiting();
    await allow({ perDay: 1 }, { until: "2027-03-11T00:00:00Z", why: "cap-day" });
    expect(await page(`/?post=${post}`)).toMatch(
      /Approved now, it would wait until Mar 11, 2027, 03:00 GMT\+3 : its account has posted enough for today/,
    );
    const breaking = await desk.waiting({ priority: "breaking" });
    expect(await page(`/?post=${breaking.post}`)).not.toContain("would wait");
  });

  test("quiet hours are told before any post has met them", async () => {
    const { post } = await desk.waiting();
    await allow({ quiet: { from: "11:00", to: "13:30", breaking: true }, timeZone: "UTC" });
    expect(await page(`/?post=${post}`)).toContain("its account keeps quiet hours");
    expect(await page("/accounts")).toContain("Its posts wait until");
  });

  test("at the post that waits: that it is its account's budget, and until when", async () => {
    const { post } = await desk.waiting();
    await allow({}, { until: "2027-03-11T00:00:00Z", why: "budget" });
    await store.query("update slugline.post set state = 'approved' where id = $1", [post]);
    await store.query(
      "insert into slugline.delivery (id, post_id, revision, account_id) select $2, id, 1, account_id from slugline.post where id = $1",
      [post, newId()],
    );
    const text = await page(`/posts/${post}`);
    expect(text).toMatch(/as soon as its account may post.*its account has used up its budget Mar 11, 2027/);
  });

  test("on the first page: which budget is used up, what to do, and that the others go on", async () => {
    await allow({
      budget: { currency: "USD", perDay: 100_000, breakingShare: 0 },
      cost: { plain: 15_000, withLink: 200_000, currency: "USD" },
    });
    expect(await page("/")).toMatch(
      /masto-en has used up its budget: 0\.20 of 0\.10 USD.*all other accounts go on.*Raise its budget in newsroom\.yaml/,
    );
  });
});
