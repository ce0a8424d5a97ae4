import { expect, test } from "vitest";
import type { Outcome } from "../../src/networks/network.ts";
import { readable } from "../support/sayable.ts";
import type { AnswerFault } from "../support/wire.ts";
import { xAccountOn, xBench } from "../support/x-bench.ts";
import { BODIES, DUPLICATE_403, LOCKED, NOT_ENROLLED, SUSPENDED, USAGE_CAPPED } from "../support/x-faults.ts";
import { X_KEYS, type XOptions } from "../support/x.ts";
import { keyOf, ready, signal } from "./contract.ts";

const HOUR = 3_600_000;

async function desk(options: XOptions = {}) {
  const bench = await xBench(options);
  return {
    ...bench,
    publish: (post = ready(), account = bench.account) => bench.network.publish(account, post, keyOf(post), signal()),
    find: (post = ready(), key = keyOf(post)) => bench.network.find!(bench.account, key, new Set(), signal()),
  };
}

const says = (status: number, body: object): AnswerFault => ({ status, body: JSON.stringify(body) });
const legacy = (code: number, message: string) => says(403, { errors: [{ code, message }] });
const forbidden = (detail: string) => says(403, { title: "Forbidden", detail, type: "about:blank", status: 403 });

const ROWS: readonly (readonly [string, AnswerFault, Outcome["kind"], RegExp])[] = [
  ["a text that is too long", says(400, BODIES[400]), "refused", /Your post is too long/],
  ["keys that are not known", says(401, BODIES[401]), "locked-out", /keys of x-en.*Read and write/],
  ["no credits", says(402, BODIES[402]), "locked-out", /does not have any credits.*buy credits.*console\.x\.com/],
  [
    "no credits, as it is said since",
    says(402, { title: "Payment Required", detail: "credits depleted" }),
    "locked-out",
    /buy credits/,
  ],
  ["the month's cap", says(429, USAGE_CAPPED), "locked-out", /Monthly product cap.*usage cap/],
  ["words that are there already", says(403, DUPLICATE_403), "unknown", /there already/],
  ["the same, as it was said before", legacy(187, "Status is a duplicate."), "unknown", /there already/],
  ["no permission", says(403, BODIES[403]), "locked-out", /Sign in at x\.com/],
  ["an app without a project", says(403, NOT_ENROLLED), "locked-out", /into a project/],
  ["an app that may only read", legacy(261, "Application cannot perform write actions."), "locked-out", /Read and write/],
  ["a locked account", says(403, LOCKED), "locked-out", /temporarily locked.*Sign in at x\.com/],
  ["a suspended account", says(403, SUSPENDED), "locked-out", /suspended/],
  ["what looks automated", legacy(226, "This request looks like it might be automated."), "locked-out", /Sign in at x\.com/],
  ["too long, as it was said before", legacy(186, "Tweet needs to be a bit shorter."), "refused", /shorter/],
  ["a picture that is not there", legacy(324, "Duplicated or invalid media ids."), "refused", /media ids/],
  ["too many cashtags", forbidden("You can only include one cashtag per post."), "refused", /cashtag/],
  ["the day's posts", legacy(185, "User is over daily status update limit."), "busy", /today/],
  ["too many requests", says(429, BODIES[429]), "busy", /Too Many Requests/],
  [
    "too many requests, as it was said before",
    says(429, { errors: [{ code: 88, message: "Rate limit exceeded" }] }),
    "busy",
    /Rate limit/,
  ],
  ["a 403 that is no JSON", { status: 403, body: "<html>blocked</html>" }, "locked-out", /403/],
  ["a failure", says(500, { title: "Internal Server Error" }), "unknown", /500/],
  ["overload", says(503, BODIES[503]), "unknown", /503/],
];

test.each(ROWS)("%s", async (_what, fault, kind, why) => {
  await using at = await desk();
  at.standIn.next(fault);
  const outcome = await at.publish();
  expect(readable(outcome)).toMatchObject({ kind, why: expect.stringMatching(why) });
  expect(at.standIn.requests, "asked once").toHaveLength(1);
  expect(at.standIn.accepted).toEqual([]);
});

test("a post is told with its id and where a reader finds it, whether the account's name is known or not", async () => {
  await using at = await desk({ duplicateMs: 0 });
  const { id } = (await at.publish()) as { id: string };
  expect(id).toBe(at.standIn.accepted[0]!.id);
  expect(await at.find()).toEqual({ kind: "posted", id, url: `https://x.com/example/status/${id}` });
  const nameless = { ...at.account, handle: null };
  expect(await at.network.publish(nameless, ready(), keyOf(ready()), signal())).toMatchObject({
    url: `https://x.com/i/status/${at.standIn.accepted[1]!.id}`,
  });
  expect(at.standIn.violations).toEqual([]);
});

test("what X counts is what we count: 280, a link 23, an emoji 2", async () => {
  await using at = await desk();
  const link = `https://go.example.org/${"x".repeat(80)}`;
  const fits = ready(`${"日".repeat(127)}👨‍👩‍👧‍👦 ${link}`, link);
  expect((await at.publish(fits)).kind).toBe("posted");
  expect(await at.publish(ready(`${"日".repeat(128)}👨‍👩‍👧‍👦 ${link}`, link))).toMatchObject({ kind: "refused" });
});

test("an account of X Premium may write 25,000, once newsroom.yaml says that it is one", async () => {
  await using at = await desk();
  expect((await at.network.limits(at.account, signal())).max).toBe(280);
  expect((await at.network.limits({ ...at.account, settings: { premium: "true" } }, signal())).max).toBe(25_000);
});

test("sent again after a lost answer, X calls it a duplicate: that is evidence, and looking finds it", async () => {
  await using at = await desk();
  at.standIn.next("reset-after-accept");
  const key = keyOf(ready());
  expect((await at.publish()).kind).toBe("unknown");
  expect(await at.publish()).toMatchObject({ kind: "unknown", why: expect.stringContaining("there already") });
  expect(await at.find(ready(), key)).toMatchObject({ kind: "posted", id: at.standIn.accepted[0]!.id });
  expect(at.standIn.accepted).toHaveLength(1);
});

test("a duplicate of a post from before is not that post, and a person is to look before it is sent again", async () => {
  await using at = await desk();
  const post = ready("Good morning", null);
  at.standIn.seed(post.text, { createdAt: Date.now() - 2 * HOUR });
  expect((await at.publish(post)).kind).toBe("unknown");
  expect(await at.find(post)).toMatchObject({ kind: "cannot-tell", why: expect.stringContaining("shows none") });
});

test.each([
  ["the app's day", { appDay: 1 }, "x-app-limit-24hour"],
  ["the account's day", { userDay: 1 }, "x-user-limit-24hour"],
])("%s is used up though its 15 minutes are not: busy until the day's end", async (_what, limits, name) => {
  await using at = await desk({ limits, duplicateMs: 0 });
  expect((await at.publish()).kind).toBe("posted");
  const outcome = (await at.publish()) as { kind: string; retryAt: number };
  const end = Math.ceil(Date.now() / (24 * HOUR)) * 24 * HOUR;
  expect(outcome.kind).toBe("busy");
  expect(Math.abs(outcome.retryAt - end), name).toBeLessThan(5_000);
});

test("15 minutes are used up: busy until their end, by X's clock and not by ours", async () => {
  await using at = await desk({ limits: { quarter: 1 }, duplicateMs: 0 });
  at.standIn.advance(3 * HOUR + 1_234);
  expect((await at.publish()).kind).toBe("posted");
  const { retryAt } = (await at.publish()) as { retryAt: number };
  const theirs = Date.now() + 3 * HOUR + 1_234;
  const wait = Math.ceil(theirs / (HOUR / 4)) * (HOUR / 4) - theirs;
  expect(Math.abs(retryAt - Date.now() - wait)).toBeLessThan(5_000);
});

test("credits that are used up lock the account out, and bought ones mend it", async () => {
  await using at = await desk({ duplicateMs: 0 });
  at.standIn.credits = 0.1;
  expect((await at.publish()).kind).toBe("locked-out");
  expect((await at.publish(ready("No link", null))).kind, "a plain one is cheaper").toBe("posted");
  at.standIn.credits = 0;
  expect(await at.network.verify(at.account, signal())).toMatchObject({ ok: false, why: expect.stringContaining("buy credits") });
  at.standIn.credits = 5;
  expect(await at.network.verify(at.account, signal())).toMatchObject({ ok: true, id: "1001", handle: "example" });
  expect((await at.publish()).kind).toBe("posted");
});

test("a cap that is reached: the account is not mended while it lasts", async () => {
  await using at = await desk();
  at.standIn.usageCapped = true;
  expect((await at.publish()).kind).toBe("locked-out");
  expect((await at.network.verify(at.account, signal())).ok).toBe(false);
});

test("X away while it is asked whose the keys are: a fault, not keys that are wrong", async () => {
  await using at = await desk();
  at.standIn.next(503, 1, "verify");
  await expect(at.network.verify(at.account, signal())).rejects.toMatchObject({ code: "X_ANSWER" });
});

test("a warning that X has no field for is not left away in silence", async () => {
  await using at = await desk();
  expect(await at.publish({ ...ready(), spoiler: "Violence" })).toMatchObject({ kind: "refused" });
  const hidden = { ...ready(), sensitive: true, media: [{ url: "https://example.org/a.png", alt: "" }] };
  expect(await at.publish(hidden)).toMatchObject({ kind: "refused" });
  expect((await at.publish({ ...ready(), sensitive: true })).kind).toBe("posted");
  expect(at.standIn.requests).toHaveLength(1);
});

test("the signature holds only with the right secrets; none of the four is told in any sentence", async () => {
  await using at = await desk();
  for (const name of Object.keys(X_KEYS)) {
    const keys: Record<string, string> = { ...X_KEYS, [name]: `wrong ${name} + 1/2=%` };
    const outcome = await at.publish(ready(), xAccountOn(at.standIn.url, keys));
    expect(outcome.kind, name).toBe("locked-out");
  }
  const all = Object.values(X_KEYS);
  for (const status of [400, 401, 402, 403, 404, 429, 500]) {
    at.standIn.next(says(status, { title: "No", detail: `You sent ${all.join(" and ")}`, type: "about:blank" }));
    const told = JSON.stringify(await at.publish());
    expect(
      all.filter((key) => told.includes(key)),
      `a ${status}`,
    ).toEqual([]);
  }
  const { accessSecret: _, ...without } = { ...X_KEYS };
  expect(await at.publish(ready(), xAccountOn(at.standIn.url, without))).toMatchObject({ kind: "locked-out" });
});

test("a removal that X does not confirm is not taken for one", async () => {
  await using at = await desk();
  const { id } = (await at.publish()) as { id: string };
  at.standIn.next(says(200, { data: { deleted: false } }), 1, "remove");
  expect((await at.network.remove!(at.account, id, signal())).kind).toBe("unknown");
});
