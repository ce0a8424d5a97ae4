import { expect, test } from "vitest";
import type { Account, Outcome } from "../../src/networks/network.ts";
import { readable } from "../support/sayable.ts";
import { SECRET, type WebhookOptions } from "../support/webhook.ts";
import { webhookAccountOn, webhookBench } from "../support/webhook-bench.ts";
import type { WireFault } from "../support/wire.ts";
import { keyOf, networkContract, ready, signal } from "./contract.ts";

networkContract("webhook", async () => {
  const { standIn, network, account, close } = await webhookBench();
  return {
    network,
    account,
    close,
    secret: SECRET,
    standing: () => standIn.accepted.map(({ id, data }) => ({ id, text: data.text })),
    next: standIn.next,
    statuses: [
      [400, "refused"],
      [401, "locked-out"],
      [403, "locked-out"],
      [404, "refused"],
      [410, "locked-out"],
      [413, "refused"],
      [422, "refused"],
      [429, "busy"],
    ],
    // A 2xx says that it was taken, whatever its body is.
    murky: [
      "reset-before-accept",
      "reset-after-accept",
      "reset-after-accept-key-lost",
      408,
      500,
      501,
      502,
      503,
      504,
      300,
      302,
      304,
    ],
  };
});

async function desk(options: WebhookOptions = {}) {
  const bench = await webhookBench(options);
  return {
    ...bench,
    publish: (post = ready(), key = keyOf(post), account: Account = bench.account): Promise<Outcome> =>
      bench.network.publish(account, post, key, signal()),
  };
}

test("the message holds the whole post, with the direction of its language", async () => {
  await using at = await desk();
  const image = { url: "https://example.org/bridge.jpg", alt: "الجسر" };
  const post = {
    ...ready(),
    text: `الجسر\n\n${ready().link}`,
    lang: "ar",
    media: [image],
    card: { url: ready().link as string, title: "الجسر", description: "", image },
    sensitive: true,
    spoiler: "Pictures of water",
  };
  const intentAt = Date.UTC(2026, 2, 1, 9, 30);
  expect(await at.publish(post, keyOf(post, "delivery-1", { intentAt }))).toEqual({
    kind: "posted",
    id: "delivery-1",
    url: null,
  });
  const { text, link, lang, card, media, sensitive, spoiler } = post;
  expect(JSON.parse(at.standIn.requests[0]!.body.toString())).toEqual({
    type: "post.published",
    timestamp: "2026-03-01T09:30:00.000Z",
    data: { id: "delivery-1", account: "hook-en", text, lang, dir: "rtl", link, card, media, sensitive, spoiler, replyTo: null },
  });
});

test("sent again minutes later it is the same bytes under the same id, signed anew, and taken once", async () => {
  await using at = await desk();
  const key = keyOf(ready());
  at.standIn.next("reset-after-accept");
  expect((await at.publish(ready(), key)).kind).toBe("unknown");
  expect(await at.publish(ready(), { ...key, now: key.now + 600_000 })).toMatchObject({ kind: "posted", id: "delivery-1" });
  const [{ bodies } = { bodies: [] }, ...others] = at.standIn.accepted;
  expect(others).toEqual([]);
  expect(bodies).toHaveLength(2);
  expect(bodies[0]).toBe(bodies[1]);
});

test.each(["truncated-json", "html-200", "empty-200", "json-without-id", { status: 204, accept: true, body: "" }] as WireFault[])(
  "a 2xx says that it was taken, whatever its body is (%j)",
  async (fault) => {
    await using at = await desk();
    at.standIn.next(fault);
    expect(await at.publish()).toEqual({ kind: "posted", id: "delivery-1", url: null });
  },
);

test("where the post stands is what the receiver says, as long as it is an https address", async () => {
  for (const [url, shown] of [
    ["https://example.org/live/7", "https://example.org/live/7"],
    ["http://example.org/live/7", null],
    ["javascript:alert(1)", null],
    [7, null],
  ]) {
    await using at = await desk({ answer: { url } });
    expect(await at.publish()).toMatchObject({ kind: "posted", url: shown });
  }
});

test("while secrets are changed it is signed with each, and either side may be first", async () => {
  const older = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
  for (const secret of [SECRET, older]) {
    await using at = await desk({ secret });
    const account = webhookAccountOn(at.standIn.url, `${SECRET} ${older.replace("whsec_", "")}`);
    expect((await at.publish(ready(), keyOf(ready()), account)).kind).toBe("posted");
    expect(at.standIn.requests[0]!.headers["webhook-signature"]).toMatch(/^v1,\S{44} v1,\S{44}$/);
  }
});

test("another secret than the receiver's: locked out, and says what to compare", async () => {
  await using at = await desk({ secret: `whsec_${Buffer.alloc(32, 8).toString("base64")}` });
  expect(await at.publish()).toMatchObject({ kind: "locked-out", why: expect.stringMatching(/signature.*Compare the secret/) });
  expect(at.standIn.accepted).toEqual([]);
});

test("a receiver that disabled it (410): locked out; its own sentence is told", async () => {
  await using at = await desk();
  at.standIn.next({ status: 410, body: '{"message":"Ask the night desk"}' });
  expect(readable(await at.publish())).toMatchObject({
    kind: "locked-out",
    why: expect.stringMatching(/disabled this webhook \(410\): Ask the night desk\./),
  });
});

test("a 503 may have been taken: unknown, and not again before it says", async () => {
  await using at = await desk();
  at.standIn.next({ status: 503, headers: { "retry-after": "120" } });
  const outcome = (await at.publish()) as { kind: string; retryAt: number };
  expect(outcome.kind).toBe("unknown");
  expect(Math.abs(outcome.retryAt - Date.now() - 120_000)).toBeLessThan(4_000);
});

test("a redirect is never followed: the post goes where it was approved to go, or nowhere", async () => {
  await using elsewhere = await desk();
  await using at = await desk();
  at.standIn.next({ status: 307, headers: { location: elsewhere.standIn.url } });
  expect(await at.publish()).toMatchObject({ kind: "unknown", why: expect.stringContaining("does not follow") });
  expect(elsewhere.standIn.requests).toEqual([]);
});

test.each([
  ["no url", webhookAccountOn(undefined), /Set url/],
  ["a path alone", webhookAccountOn("/posts"), /Set url/],
  ["plain http to another machine", webhookAccountOn("http://example.org/posts"), /https/],
  ["a password in the url", webhookAccountOn("https://desk:pw@example.org/posts"), /without a user or password/],
  ["no secret", webhookAccountOn("https://example.org/posts", " "), /openssl rand/],
  ["a secret that is no base64", webhookAccountOn("https://example.org/posts", "our secret"), /openssl rand/],
  ["a secret that is short", webhookAccountOn("https://example.org/posts", "whsec_c2hvcnQ="), /openssl rand/],
  ["one of two that is short", webhookAccountOn("https://example.org/posts", `${SECRET} c2hvcnQ=`), /openssl rand/],
] as const)("%s: locked out and not verified, with what to set", async (_what, account, why) => {
  await using at = await desk();
  expect(await at.publish(ready(), keyOf(ready()), account)).toMatchObject({
    kind: "locked-out",
    why: expect.stringMatching(why),
  });
  const verified = await at.network.verify(account, signal());
  expect(verified).toMatchObject({ ok: false, why: expect.stringMatching(why) });
  expect(JSON.stringify(verified)).not.toMatch(/c2hvcnQ|our secret|:pw/);
});

test("verifying asks nothing of the receiver, which could not tell it from a post", async () => {
  await using at = await desk();
  expect(await at.network.verify(at.account, signal())).toMatchObject({ ok: true, handle: `127.0.0.1:${at.standIn.port}` });
  expect(at.standIn.requests).toEqual([]);
});
