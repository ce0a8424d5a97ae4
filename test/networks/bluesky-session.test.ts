import { expect, test } from "vitest";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { bluesky } from "../../src/networks/bluesky.ts";
import { serviceOf } from "../../src/networks/bluesky/kept.ts";
import type { Account } from "../../src/networks/network.ts";
import { accountOn, blueskyBench, withNamedKeys } from "../support/bluesky-bench.ts";
import type { BlueskyOptions } from "../support/bluesky.ts";
import { secretOf } from "../support/secret.ts";
import { keyOf, ready, signal } from "./contract.ts";

const HOURS = 3_600_000;

async function desk(options: BlueskyOptions = {}) {
  const bench = await blueskyBench(options);
  return {
    ...bench,
    publish: (name: string, account: Account = bench.account) =>
      bench.network.publish(account, ready(), keyOf(ready(), name), signal()),
  };
}

test("three posts make one login", async () => {
  await using at = await desk();
  for (const name of ["a", "b", "c"]) expect((await at.publish(name)).kind).toBe("posted");
  expect([at.standIn.count("login"), at.standIn.count("refresh")]).toEqual([1, 0]);
});

test("a process that starts anew goes on with the session that was kept", async () => {
  await using at = await desk();
  await at.publish("a");
  await using outbound = createOutbound({ allow: [`127.0.0.1:${at.standIn.port}`], userAgent: "Slugline-test/0" });
  const anew = withNamedKeys(bluesky(outbound));
  expect((await anew.publish(at.account, ready(), keyOf(ready(), "b"), signal())).kind).toBe("posted");
  expect(at.standIn.count("login")).toBe(1);
});

test("a token that has ended is renewed before it is used, with no login", async () => {
  await using at = await desk();
  // The clock of the driver goes with the server's.
  let shift = 0;
  const clock = { now: () => Date.now() + shift, monotonic: () => performance.now(), sleep: () => Promise.resolve() };
  const network = withNamedKeys(bluesky(at.outbound, { clock }));
  const publish = (name: string) => network.publish(at.account, ready(), keyOf(ready(), name), signal());
  await publish("a");
  shift = 3 * HOURS;
  at.standIn.advance(shift);
  expect((await publish("b")).kind).toBe("posted");
  expect([at.standIn.count("login"), at.standIn.count("refresh"), at.standIn.count("publish")]).toEqual([1, 1, 2]);
});

test("a token that the server calls ended, though our clock does not, is renewed and the post sent then", async () => {
  await using at = await desk();
  await at.publish("a");
  at.standIn.advance(3 * HOURS);
  expect((await at.publish("b")).kind).toBe("posted");
  expect([at.standIn.count("login"), at.standIn.count("refresh"), at.standIn.count("publish")]).toEqual([1, 1, 3]);
  expect(at.standIn.records.size).toBe(2);
});

test("two processes whose token has ended at once: one refresh, no login", async () => {
  await using at = await desk();
  await at.publish("a");
  at.standIn.advance(3 * HOURS);
  await using outbound = createOutbound({ allow: [`127.0.0.1:${at.standIn.port}`], userAgent: "Slugline-test/0" });
  const other = withNamedKeys(bluesky(outbound));
  const kinds = await Promise.all([at.publish("b"), other.publish(at.account, ready(), keyOf(ready(), "c"), signal())]);
  expect(kinds.map(({ kind }) => kind)).toEqual(["posted", "posted"]);
  expect([at.standIn.count("login"), at.standIn.count("refresh")]).toEqual([1, 1]);
});

test("new tokens are stored before they are used", async () => {
  await using at = await desk();
  const secret = secretOf({ password: at.standIn.password });
  const update = () => Promise.reject(new Error("The disk is full."));
  const outcome = await at.publish("a", { ...at.account, secret: { ...secret, update } });
  expect(outcome).toMatchObject({ kind: "busy", why: expect.stringContaining("The disk is full.") });
  expect(at.standIn.count("publish")).toBe(0);
});

test("a session that is over, not its app password: one login", async () => {
  await using at = await desk();
  await at.publish("a");
  at.standIn.advance(100 * 24 * HOURS);
  expect((await at.publish("b")).kind).toBe("posted");
  expect([at.standIn.count("login"), at.standIn.count("refresh")]).toEqual([2, 1]);
});

test("a token the server does not know: renewed, and sent once more", async () => {
  await using at = await desk();
  await at.publish("a");
  const { access } = JSON.parse((await at.account.secret.find("session"))!) as { access: string };
  at.standIn.distrust(access);
  expect((await at.publish("b")).kind).toBe("posted");
  expect(at.standIn.count("publish")).toBe(3);
});

test("a server that calls every token ended is asked twice, not for ever", async () => {
  await using at = await desk();
  const body = '{"error":"ExpiredToken","message":"Token has expired"}';
  at.standIn.next({ status: 400, body }, 9);
  expect((await at.publish("a")).kind).toBe("locked-out");
  expect(at.standIn.count("publish")).toBe(2);
});

test("a revoked app password: its last token still posts, then the account is locked out and says what to do", async () => {
  await using at = await desk();
  await at.publish("a");
  at.standIn.revoke();
  expect((await at.publish("b")).kind, "until its token ends").toBe("posted");
  expect(await at.network.verify(at.account, signal())).toMatchObject({ ok: false, why: expect.stringContaining("was revoked") });
  at.standIn.advance(3 * HOURS);
  expect(await at.publish("c")).toMatchObject({ kind: "locked-out", why: expect.stringContaining("App passwords") });
  expect(at.standIn.records.size).toBe(2);
});

test.each(["AccountTakedown", "AccountDeactivated"] as const)("%s: locked out, with a session and without", async (status) => {
  await using at = await desk();
  await at.publish("a");
  at.standIn.become(status);
  expect((await at.publish("b")).kind).toBe("locked-out");
  const fresh = accountOn(at.standIn.url);
  expect((await at.publish("c", fresh)).kind).toBe("locked-out");
  expect((await at.network.verify(fresh, signal())).ok).toBe(false);
});

test("too many logins: busy, and it says until when", async () => {
  await using at = await desk({ logins: 1 });
  await at.publish("a");
  const outcome = await at.publish("b", accountOn(at.standIn.url));
  expect(outcome).toMatchObject({ kind: "busy", retryAt: expect.any(Number) });
  const found = await at.network.find!(accountOn(at.standIn.url), keyOf(ready(), "a"), new Set(), signal());
  expect(found).toMatchObject({ kind: "cannot-tell", retryAt: expect.any(Number) });
});

test("too many writes in an hour: busy, and it says until when", async () => {
  await using at = await desk({ points: 3 });
  await at.publish("a");
  expect(await at.publish("b")).toMatchObject({ kind: "busy", retryAt: expect.any(Number) });
});

test.each(["reset-after-accept", 500, 503, "html-200"] as const)(
  "a refresh that fails (%s): busy, for the post was not sent",
  async (fault) => {
    await using at = await desk();
    await at.publish("a");
    at.standIn.advance(3 * HOURS);
    at.standIn.next(fault, 1, "refresh");
    expect((await at.publish("b")).kind).toBe("busy");
    expect((await at.publish("b")).kind, "the old refresh token still gives the session that was lost").toBe("posted");
    expect(at.standIn.count("login")).toBe(1);
  },
);

test("what is kept for another handle or server, or cannot be read, is not used", async () => {
  await using at = await desk();
  await at.publish("a");
  const session = (await at.account.secret.find("session"))!;
  for (const kept of ["{", "[]", '{"did":1}', session.replace(at.standIn.url, "https://other.example")]) {
    const secret = secretOf({ password: at.standIn.password, session: kept });
    const before = at.standIn.count("login");
    expect((await at.publish("a", { ...at.account, secret })).kind).toBe("posted");
    expect(at.standIn.count("login") - before, kept.slice(0, 40)).toBe(1);
  }
});

test("an account without a handle or without a password: locked out", async () => {
  await using at = await desk();
  expect(await at.publish("a", { ...at.account, handle: null })).toMatchObject({
    kind: "locked-out",
    why: expect.stringMatching(/handle/),
  });
  expect((await at.publish("a", { ...at.account, secret: secretOf({}) })).kind).toBe("locked-out");
});

test("a server that repeats our tokens: they are in no sentence", async () => {
  await using at = await desk();
  await at.publish("a");
  const { access, refresh } = JSON.parse((await at.account.secret.find("session"))!) as { access: string; refresh: string };
  for (const call of ["publish", "refresh", "remove"] as const) {
    at.standIn.next({ status: 400, echo: true }, 1, call);
    const told = JSON.stringify(
      call === "publish"
        ? await at.publish("b")
        : call === "remove"
          ? await at.network.remove!(at.account, "at://did:plc:a/app.bsky.feed.post/b", signal())
          : await at.network.verify(at.account, signal()).catch(String),
    );
    for (const secret of [access, refresh, at.standIn.password]) expect(told).not.toContain(secret);
    expect(told).toContain("[a secret]");
  }
});

test("the account's records are asked for where its DID document says, if that is a public https address", () => {
  const named = (serviceEndpoint: unknown) => ({
    service: [{ id: "#atproto_pds", type: "AtprotoPersonalDataServer", serviceEndpoint }],
  });
  const server = "https://bsky.social";
  expect(serviceOf(server, named("https://morel.us-east.host.bsky.network"))).toBe("https://morel.us-east.host.bsky.network");
  for (const odd of [
    "http://169.254.169.254",
    "http://pds.example",
    "https://pds.example:8443",
    "https://a:b@pds.example",
    "ftp://x",
    7,
    null,
  ])
    expect(serviceOf(server, named(odd)), String(odd)).toBe(server);
  for (const none of [undefined, null, {}, { service: "x" }, { service: [null] }]) expect(serviceOf(server, none)).toBe(server);
});
