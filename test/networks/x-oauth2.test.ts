import { plain } from "../../src/lib/say.ts";
import { describe, expect, test } from "vitest";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import type { Account, Connected } from "../../src/networks/network.ts";
import { x } from "../../src/networks/x.ts";
import { challengeOf } from "../../src/newsroom/connect.ts";
import { secretOf } from "../support/secret.ts";
import { xBench } from "../support/x-bench.ts";
import { X_APP, type XApp } from "../support/x-sign-in.ts";
import type { XOptions } from "../support/x.ts";
import { keyOf, ready, signal } from "./contract.ts";

const HOURS = 3_600_000;
const VERIFIER = "a-verifier-of-at-least-forty-three-characters-by-the-rule";
const CALLBACK = X_APP.callbacks[0]!;

/** A driver whose clock goes with the stand-in's, and an account signed in there. */
async function signedIn(options: XOptions & { readonly app?: XApp; readonly requestMs?: number } = {}) {
  const app = options.app ?? X_APP;
  const bench = await xBench({ apps: [app], ...options });
  let shift = 0;
  const clock = { now: () => Date.now() + shift, monotonic: () => performance.now(), sleep: () => Promise.resolve() };
  const network = x(bench.outbound, { clock, requestMs: options.requestMs ?? 20_000 });
  const at = { server: bench.standIn.url, authorize: bench.standIn.url, callback: CALLBACK, app };
  /** As a browser goes there and comes back, with this much of what it was sent with. */
  const agreed = async () => {
    const page = network.signIn!.page(at, { state: "the-state", challenge: challengeOf(VERIFIER) });
    const { headers } = await fetch(page, { redirect: "manual" });
    return new URL(headers.get("location") ?? "http://nowhere.invalid").searchParams;
  };
  const given = (await network.signIn!.finish(
    at,
    { code: (await agreed()).get("code") ?? "", verifier: VERIFIER },
    signal(),
  )) as Extract<Connected, { kind: "connected" }>;
  const secret = secretOf(given.secrets);
  const account: Account = { id: "account-1", name: "x-en", server: bench.standIn.url, handle: "example", settings: {}, secret };
  return {
    ...bench,
    network,
    account,
    secret,
    at,
    agreed,
    given,
    session: async () => JSON.parse((await secret.find("session"))!) as Record<string, unknown>,
    publish: (name: string, on = network, whose = account) => on.publish(whose, ready(), keyOf(ready(), name), signal()),
    count: (method: string, path: string) =>
      bench.standIn.requests.filter((one) => one.method === method && one.path.startsWith(path)).length,
    advance: (ms: number) => {
      shift += ms;
      bench.standIn.advance(ms);
    },
    /** Only the server's clock: ours does not know that the token has ended. */
    drift: (ms: number) => bench.standIn.advance(ms),
  };
}

describe("signing in at X", () => {
  test("gives access to the account that agreed, with the rights asked for and for how long", async () => {
    await using at = await signedIn();
    expect(at.given).toMatchObject({ kind: "connected", id: "1001", handle: "example", renewal: { endsAt: null } });
    expect(Object.keys(at.given.secrets).toSorted()).toEqual(["clientId", "clientSecret", "session"]);
    expect(at.given.endsAt! - Date.now()).toBeGreaterThan(1.9 * HOURS);
    const asked = new URL(at.standIn.requests[0]!.path, at.standIn.url).searchParams;
    expect(asked.get("scope")).toBe("tweet.read tweet.write users.read media.write offline.access");
    expect(asked.get("code_challenge")).toBe(challengeOf(VERIFIER));
    const token = at.standIn.requests.find(({ path }) => path === "/2/oauth2/token")!;
    expect(token.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(token.headers.authorization).toMatch(/^Basic /);
    expect(token.body.toString()).not.toContain("client_id");
  });

  test("a public app names itself in the form and has no secret to show", async () => {
    await using at = await signedIn({ app: { ...X_APP, secret: null } });
    const token = at.standIn.requests.find(({ path }) => path === "/2/oauth2/token")!;
    expect(token.headers.authorization).toBeUndefined();
    expect(token.body.toString()).toContain("client_id=standin-client-id");
    expect(Object.keys(at.given.secrets).toSorted()).toEqual(["clientId", "session"]);
  });

  test.each([
    ["a code that is used a second time", {}],
    ["a code that is older than 30 seconds", { lateMs: 31_000 }],
    ["the verifier of another sign-in", { verifier: "another-verifier-of-forty-three-characters-or-more" }],
    ["another way back than the one that was asked for", { callback: "http://localhost:3000/elsewhere" }],
    ["the wrong secret of the app", { app: { id: X_APP.id, secret: "wrong" } }],
  ])("%s is refused with X's own sentence, and no secret in it", async (_, it: Record<string, unknown>) => {
    await using at = await signedIn();
    const code = (await at.agreed()).get("code")!;
    if (Object.keys(it).length === 0) await at.network.signIn!.finish(at.at, { code, verifier: VERIFIER }, signal());
    at.advance(Number(it["lateMs"] ?? 0));
    const refused = await at.network.signIn!.finish(
      { ...at.at, ...it },
      { code, verifier: String(it["verifier"] ?? VERIFIER) },
      signal(),
    );
    expect(refused.kind).toBe("refused");
    expect(plain("why" in refused ? refused.why : "")).toMatch(/^X did not take the sign-in \(40[01]\): \w/);
    for (const secret of [code, VERIFIER, X_APP.secret!]) expect(JSON.stringify(refused)).not.toContain(secret);
  });
});

describe("a token that ends", () => {
  test("posts while it is good, without asking for another", async () => {
    await using at = await signedIn();
    expect((await at.publish("a")).kind).toBe("posted");
    expect(at.count("POST", "/2/oauth2/token")).toBe(1);
  });

  test("is renewed before it is used, and the new tokens are kept before they are used", async () => {
    await using at = await signedIn();
    at.advance(2.5 * HOURS);
    const before = await at.session();
    expect((await at.publish("a")).kind).toBe("posted");
    const after = await at.session();
    expect([before["refresh"] === after["refresh"], before["access"] === after["access"]]).toEqual([false, false]);
    expect(at.standIn.requests.at(-1)!.headers.authorization).toBe(`Bearer ${String(after["access"])}`);
  });

  test("where the new one cannot be kept, nothing is sent with it, and the next try says what to do", async () => {
    await using at = await signedIn();
    at.advance(2.5 * HOURS);
    let writes = 0;
    const full: Account = {
      ...at.account,
      secret: {
        ...at.secret,
        update: (name, value) =>
          (writes += 1) === 2 ? Promise.reject(new Error("The disk is full.")) : at.secret.update(name, value),
      },
    };
    expect(await at.publish("a", at.network, full)).toMatchObject({
      kind: "busy",
      why: expect.stringContaining("The disk is full"),
    });
    expect(at.standIn.accepted).toHaveLength(0);
    expect(await at.publish("b")).toMatchObject({
      kind: "locked-out",
      why: expect.stringMatching(/answer to a renewal was lost.*Sign in again: connect the account anew/),
    });
    const asked = at.count("POST", "/2/oauth2/token");
    for (const name of ["c", "d", "e"]) expect((await at.publish(name)).kind).toBe("locked-out");
    expect(at.count("POST", "/2/oauth2/token"), "X is left in peace").toBe(asked);
  });

  test("twenty posts at once, and two processes: one renewal", async () => {
    await using at = await signedIn({ duplicateMs: 0 });
    at.advance(2.5 * HOURS);
    await using outbound = createOutbound({ allow: [`127.0.0.1:${at.standIn.port}`], userAgent: "Slugline-test/0" });
    const clock = { now: () => Date.now() + 2.5 * HOURS, monotonic: () => performance.now(), sleep: () => Promise.resolve() };
    const other = x(outbound, { clock });
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => at.publish(`${n}`, n % 2 ? other : at.network)));
    expect(all.map(({ kind }) => kind)).toEqual(Array.from({ length: 20 }, () => "posted"));
    expect(at.count("POST", "/2/oauth2/token")).toBe(2);
    expect(at.standIn.signIn.spent.size).toBe(1);
  });

  test("that X ends early: the post was not sent, the token is renewed once, the next try posts", async () => {
    await using at = await signedIn();
    at.advance(HOURS);
    at.standIn.signIn.endAccess();
    expect(await at.publish("a")).toMatchObject({ kind: "busy", why: expect.stringContaining("It is renewed") });
    expect(at.standIn.accepted).toHaveLength(0);
    expect((await at.publish("a")).kind).toBe("posted");
    expect(at.count("POST", "/2/oauth2/token")).toBe(2);
  });

  test("reading goes on with the new one by itself: whose it is, and what stands there", async () => {
    await using at = await signedIn();
    at.advance(HOURS);
    at.standIn.signIn.endAccess();
    expect(await at.network.verify(at.account, signal())).toMatchObject({ ok: true, id: "1001", renewal: { endsAt: null } });
    at.advance(HOURS);
    at.standIn.signIn.endAccess();
    expect((await at.network.find!(at.account, keyOf(ready(), "a"), new Set(), signal())).kind).toBe("absent");
  });

  test("a server that takes no token, however new, is not asked for more of them", async () => {
    await using at = await signedIn();
    at.advance(HOURS);
    at.standIn.next(401, 9);
    expect((await at.publish("a")).kind).toBe("busy");
    expect(await at.publish("a")).toMatchObject({ kind: "locked-out", why: expect.stringContaining("Connect the account anew") });
    expect(at.count("POST", "/2/oauth2/token")).toBe(2);
  });

  test("that the person took away: locked out, with what to do; X is asked once", async () => {
    await using at = await signedIn();
    at.advance(HOURS);
    at.standIn.signIn.revoke();
    for (let n = 0; n < 3; n++)
      expect(await at.publish("a")).toMatchObject({
        kind: "locked-out",
        why: expect.stringMatching(/takes the access of x-en no more \(400\).*connect the account anew/),
      });
    expect(await at.network.verify(at.account, signal())).toMatchObject({ ok: false, why: expect.stringContaining("anew") });
    expect(at.count("POST", "/2/oauth2/token")).toBe(2);
  });

  test.each([500, 503, 429, "hang-before-accept", "reset-before-accept", "html-200"] as const)(
    "a renewal that fails with %s is tried again, and no post is taken for sent",
    async (fault) => {
      await using at = await signedIn({ requestMs: 3_000 });
      at.advance(2.5 * HOURS);
      at.standIn.next(fault, 1, "token");
      expect(await at.publish("a")).toMatchObject({ kind: "busy", why: expect.stringContaining("could not be renewed") });
      // An answer that cannot be read may have been a change of tokens on the other side.
      expect((await at.publish("a")).kind).toBe(fault === "html-200" ? "locked-out" : "posted");
      expect(at.standIn.accepted.length).toBeLessThan(2);
    },
  );

  test("an answer that is lost after X changed the token: the person signs in again, no loop", async () => {
    await using at = await signedIn();
    at.advance(2.5 * HOURS);
    at.standIn.next("reset-after-accept", 1, "token");
    expect((await at.publish("a")).kind).toBe("busy");
    for (let n = 0; n < 4; n++) expect((await at.publish("a")).kind).toBe("locked-out");
    expect(at.count("POST", "/2/oauth2/token")).toBe(3);
  });

  test("a wrong secret of the app is put right without signing in again", async () => {
    await using at = await signedIn();
    at.advance(2.5 * HOURS);
    at.secret.kept.set("clientSecret", "wrong");
    expect(await at.publish("a")).toMatchObject({ kind: "locked-out", why: expect.stringContaining("does not know our app") });
    at.secret.kept.set("clientSecret", X_APP.secret!);
    expect((await at.publish("a")).kind).toBe("posted");
  });

  test("a renewal under way is not called off with the post that wanted it", async () => {
    await using at = await signedIn();
    at.advance(2.5 * HOURS);
    at.standIn.next({ status: 200, accept: true, answerAfterMs: 300 }, 1, "token");
    const stop = new AbortController();
    const publishing = at.network.publish(at.account, ready(), keyOf(ready(), "a"), stop.signal);
    setTimeout(() => stop.abort(), 100);
    expect((await publishing).kind).not.toBe("posted");
    expect((await at.publish("b")).kind).toBe("posted");
    expect(at.standIn.signIn.spent.size).toBe(1);
  });

  test("is renewed in good time, a quarter of an hour before its end, and not sooner", async () => {
    await using at = await signedIn();
    at.advance(HOURS);
    expect((await at.network.renew!(at.account, signal())).kind).toBe("renewed");
    expect(at.count("POST", "/2/oauth2/token")).toBe(1);
    at.advance(0.8 * HOURS);
    expect(await at.network.renew!(at.account, signal())).toMatchObject({ kind: "renewed", refreshEndsAt: null });
    expect(at.count("POST", "/2/oauth2/token")).toBe(2);
  });
});
