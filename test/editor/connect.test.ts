import { beforeEach, describe, expect, test } from "vitest";
import { USUAL_SERVERS } from "../../src/config/networks.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { mastodon } from "../../src/networks/mastodon.ts";
import { x } from "../../src/networks/x.ts";
import { createConnecting } from "../../src/newsroom/connect-account.ts";
import { findCredential } from "../../src/newsroom/credential.ts";
import { accountById } from "../../src/newsroom/store.ts";
import { startMastodon } from "../support/mastodon.ts";
import { advance, testStore } from "../support/store.ts";
import { startX } from "../support/x.ts";
import { X_APP } from "../support/x-sign-in.ts";
import { cast, PASSWORD, sessionFor } from "./cast.ts";
import { ORIGIN, posted, seeded, SHORT_URL } from "./seed.ts";

const store = await testStore();
const keys = () => [Buffer.alloc(32, 7)];
const [masto, xServer] = await Promise.all([startMastodon({ rateLimit: 10_000 }), startX()]);
const outbound = createOutbound({ allow: [new URL(masto.url).host, new URL(xServer.url).host], userAgent: "Slugline/test" });
const connecting = createConnecting({
  store,
  networks: new Map([mastodon(outbound), x(outbound)].map((one) => [one.name, one])),
  servers: USUAL_SERVERS,
  secrets: (name) => (name === "SET" ? "a-token" : undefined),
  keys,
  publicUrl: ORIGIN,
  shortUrl: SHORT_URL,
});
const logged: string[] = [];
const { editor } = await seeded(store, { connecting });
const admin = await cast(store, { role: "admin", accounts: {} });
await store.query(
  "insert into slugline.account (id, name, network, rehearsal, origin) values (gen_random_uuid(), 'taken-en', 'mastodon', true, 'file')",
);

beforeEach(async () => {
  masto.visitor = "desk";
  masto.denies = false;
  xServer.denies = false;
  masto.clearFaults();
  await store.query("delete from slugline.account where origin = 'editor'");
  await store.query("delete from slugline.connect_attempt");
  await store.query("delete from slugline.sign_in_failure");
  await store.query("update slugline.clock set shift = '0'");
});

const ON_MASTODON = { network: "mastodon", name: "new-en", server: masto.url, mode: "review", takes: "all", password: PASSWORD };
const ON_X = {
  network: "x",
  name: "new-x",
  server: xServer.url,
  authorize: xServer.url,
  clientId: X_APP.id,
  clientSecret: X_APP.secret!,
  password: PASSWORD,
};

const post = async (path: string, fields: Record<string, string>, cookie = admin.cookie) => {
  const answer = await editor.request(path, posted(fields, cookie));
  return { status: answer.status, to: answer.headers.get("location") ?? "", text: await answer.text() };
};
const get = async (path: string, cookie = admin.cookie, method = "GET") => {
  const answer = await editor.request(path, { method, headers: { cookie } });
  return { status: answer.status, to: answer.headers.get("location") ?? "", text: await answer.text() };
};
/** Begins, and goes to the network as the page's link says; comes back with an address of ours. */
async function away(begun: { text: string; status: number }): Promise<string> {
  expect(begun.status, begun.text).toBe(200);
  const page = /<a class="button primary" href="([^"]+)"/.exec(begun.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const back = (await fetch(page, { redirect: "manual" })).headers.get("location") ?? "";
  expect(back).toContain(`${ORIGIN}/connect/`);
  return back.slice(ORIGIN.length);
}
const account = async (name: string) =>
  (await store.query<Record<string, unknown>>("select * from slugline.account where name = $1", [name])).rows[0];

describe("connecting an account by signing in at Mastodon", () => {
  test("an admin adds it: away, back, a look at whose it is, a press, and it posts", async () => {
    const back = await away(await post("/accounts/connect", ON_MASTODON));
    const came = await get(back);
    expect(came).toMatchObject({ status: 303, to: expect.stringMatching(/^\/accounts\/connections\/[0-9a-f-]+$/) });
    expect(came.to).not.toMatch(/code|state/);
    expect(await account("new-en"), "nothing is changed by a GET").toBeUndefined();
    const shown = await get(came.to);
    expect(shown.text).toContain("You are @desk");
    expect(await post(`${came.to}/confirmation`, {})).toMatchObject({ status: 303, to: "/accounts?said=connected" });
    const made = await account("new-en");
    expect(made).toMatchObject({
      network: "mastodon",
      server: masto.url,
      remote_handle: "desk",
      state: "active",
      mode: "review",
    });
    const row = (await accountById(store, String(made!["id"])))!;
    const token = await findCredential(store, keys, row, "token");
    expect(
      await outbound.request(`${masto.url}/api/v1/accounts/verify_credentials`, {
        headers: { authorization: `Bearer ${token}` },
      }),
    ).toMatchObject({ status: 200 });
    const { rows } = await store.query("select from slugline.rule where spec -> 'accounts' = '[\"new-en\"]'");
    expect(rows).toHaveLength(1);
    // From here on a code is asked of who manages: the first real account is there.
    expect((await get(came.to)).text).toContain("First set up a code");
    await store.query("update slugline.account set rehearsal = true");
    expect((await get(came.to)).status, "it is used up").toBe(410);
    expect((await get("/history")).text).toContain("connected new-en");
  });

  test("a server is told of us once; one that has forgotten us is told again", async () => {
    const apps = () => masto.requests.filter(({ path }) => path === "/api/v1/apps").length;
    await post("/accounts/connect", ON_MASTODON);
    const before = apps();
    await post("/accounts/connect", { ...ON_MASTODON, name: "other-en" });
    expect(apps()).toBe(before);
    masto.signIn.apps.clear();
    await away(await post("/accounts/connect", { ...ON_MASTODON, name: "third-en" }));
    expect(apps()).toBe(before + 1);
  });

  test("nothing of it stands in a row, a page or an address as it is (ASVS 14.2.1, 16.2.5)", async () => {
    const back = await away(await post("/accounts/connect", ON_MASTODON));
    const code = new URL(back, ORIGIN).searchParams.get("code")!;
    const state = new URL(back, ORIGIN).searchParams.get("state")!;
    const came = await get(back);
    const { rows } = await store.query<{ row: string }>(
      "select a::text as row from slugline.connect_attempt a union all select p::text from slugline.connect_app p",
    );
    const secrets = [...masto.signIn.apps.values()].map(({ secret }) => secret);
    for (const secret of [code, state, ...secrets]) expect(rows.map(({ row }) => row).join(), secret).not.toContain(secret);
    const page = (await get(came.to)).text + (await get("/accounts")).text + (await get("/history")).text + logged.join();
    for (const secret of [code, state, ...secrets, "token-"]) expect(page).not.toContain(secret);
  });
});

describe("an account on X", () => {
  test("is connected through an app whose secret is typed once", async () => {
    const came = await get(await away(await post("/accounts/connect", ON_X)));
    await post(`${came.to}/confirmation`, {});
    expect(await account("new-x")).toMatchObject({ remote_id: "1001", handle: "example", token_renews: true, state: "active" });
    const { clientId: _, clientSecret: __, ...again } = ON_X;
    await store.query("delete from slugline.account where name = 'new-x'");
    await away(await post("/accounts/connect", again));
  });

  test("without an app it is asked for one", async () => {
    await store.query("delete from slugline.connect_app");
    const asked = await post("/accounts/connect", { ...ON_X, clientId: "", clientSecret: "" });
    expect(asked).toMatchObject({ status: 422, text: expect.stringContaining("give its client id") });
    expect(asked.text, "where the app has to send people").toContain(`${ORIGIN}/connect/x/callback`);
  });
});

describe("a way back that is not the one begun here", () => {
  const begun = async () => away(await post("/accounts/connect", ON_MASTODON));

  test("made up, or without a state", async () => {
    const back = new URL(await begun(), ORIGIN);
    back.searchParams.set("state", "made-up");
    for (const path of [back.pathname + back.search, "/connect/mastodon/callback?code=x", "/connect/mastodon/callback"])
      expect(await get(path)).toMatchObject({ status: 422, text: expect.stringContaining("belongs to no sign-in") });
  });

  test("another person's, and the same person's in another browser; the owner's still works (ASVS 10.2.1)", async () => {
    const back = await begun();
    const eve = await cast(store, { role: "admin", accounts: {} });
    const elsewhere = await sessionFor(store, admin.id);
    for (const cookie of [eve.cookie, elsewhere])
      expect(await get(back, cookie)).toMatchObject({ status: 403, text: expect.stringContaining("somebody else") });
    const came = await get(back);
    expect(came.status).toBe(303);
    for (const cookie of [eve.cookie, elsewhere]) {
      expect((await get(came.to, cookie)).status).toBe(410);
      expect((await post(`${came.to}/confirmation`, {}, cookie)).status).toBe(410);
    }
    expect((await post(`${came.to}/confirmation`, {})).status).toBe(303);
  });

  test("two at once: each brings back its own, and a state with the other's code is refused", async () => {
    const [one, other] = [
      await away(await post("/accounts/connect", ON_MASTODON)),
      await away(await post("/accounts/connect", { ...ON_MASTODON, name: "two-en" })),
    ].map((back) => new URL(back, ORIGIN).searchParams);
    const swapped = `/connect/mastodon/callback?code=${other!.get("code")}&state=${one!.get("state")}`;
    expect(await get(swapped)).toMatchObject({ status: 502, text: expect.stringContaining("did not take the sign-in") });
    const { rows } = await store.query("select from slugline.account where name in ('new-en', 'two-en')");
    expect(rows).toHaveLength(0);
  });

  test("a second time, also twenty times at once: one is let in", async () => {
    const back = await begun();
    const all = await Promise.all(Array.from({ length: 20 }, () => get(back)));
    expect(all.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(all.filter(({ status }) => status === 410)).toHaveLength(19);
    expect((await get(back)).text).toContain("was used already");
  });

  test("after ten minutes", async () => {
    const back = await begun();
    await advance(store, "601s");
    expect(await get(back)).toMatchObject({ status: 410, text: expect.stringContaining("longer than ten minutes") });
  });

  test("at another network, or asked for by HEAD: it is not used up", async () => {
    const back = await begun();
    expect((await get(back.replace("/mastodon/", "/x/"))).status).toBe(422);
    expect((await get(back, admin.cookie, "HEAD")).status).toBe(405);
    expect((await get(back)).status).toBe(303);
  });

  test("the person did not agree", async () => {
    masto.denies = true;
    const back = await begun();
    expect((await get(back)).text).toContain("Access was not allowed at the network");
    expect((await get(back)).status).toBe(410);
  });

  test("the session has ended meanwhile: there is nothing to come back to", async () => {
    const cookie = await sessionFor(store, admin.id);
    const back = await away(await post("/accounts/connect", ON_MASTODON, cookie));
    await editor.request("/sign-out", posted({}, cookie));
    expect((await get(back, cookie)).to).toBe("/sign-in");
    expect((await get(back)).status).toBe(422);
  });

  test("the network is away when the code is to be changed, and says so", async () => {
    const back = await begun();
    masto.next("reset-before-accept", 1, "token");
    expect(await get(back)).toMatchObject({ status: 502, text: expect.stringContaining("could not be asked") });
  });

  test("whoever says no after all has connected nothing", async () => {
    const came = await get(await begun());
    expect((await post(`${came.to}/refusal`, {})).to).toBe("/accounts?said=not-connected");
    expect((await post(`${came.to}/confirmation`, {})).status).toBe(410);
    expect(await account("new-en")).toBeUndefined();
  });
});

describe("connecting anew", () => {
  async function connected(): Promise<string> {
    const came = await get(await away(await post("/accounts/connect", ON_MASTODON)));
    await post(`${came.to}/confirmation`, {});
    // No code is asked of the admin then.
    await store.query("update slugline.account set rehearsal = true");
    return String((await account("new-en"))!["id"]);
  }

  test("a locked-out account works again, with what it waits for", async () => {
    const id = await connected();
    await store.query("update slugline.account set state = 'locked-out', state_why = 'revoked' where id = $1", [id]);
    expect((await get(`/accounts/${id}/connect`)).text).toContain("Connect new-en anew");
    const came = await get(await away(await post(`/accounts/${id}/connect`, { password: PASSWORD })));
    expect((await get(came.to)).text).toContain("Give new-en this access?");
    await post(`${came.to}/confirmation`, {});
    expect(await account("new-en")).toMatchObject({ id, state: "active", state_why: null });
  });

  test("signed in as another account there: refused, and nothing changes", async () => {
    const id = await connected();
    masto.visitor = "somebody-else";
    const came = await get(await away(await post(`/accounts/${id}/connect`, { password: PASSWORD })));
    expect(came).toMatchObject({ status: 409, text: expect.stringContaining("You signed in as somebody-else") });
  });

  test("an account that is here already is not added a second time", async () => {
    await connected();
    const came = await get(await away(await post("/accounts/connect", { ...ON_MASTODON, name: "twin-en" })));
    expect(came).toMatchObject({ status: 409, text: expect.stringContaining("new-en is this very account already") });
  });

  test("an account whose token stands in the environment says what to do instead", async () => {
    const { rows } = await store.query<{ id: string }>(
      `insert into slugline.account (id, name, network, server, settings, rehearsal, origin)
       values (gen_random_uuid(), 'filed-en', 'mastodon', $1, '{"tokenEnv": "SET"}', true, 'editor') returning id`,
      [masto.url],
    );
    expect((await post(`/accounts/${rows[0]!.id}/connect`, { password: PASSWORD })).text).toContain(
      "Its access stands in the environment (SET)",
    );
    expect((await get("/accounts")).text, "in rehearsal it needs no access").not.toMatch(
      /Its access|account prove|\/connect"[^>]*aria-desc/,
    );
    // Posted for really, and so by somebody with a second factor.
    await store.query("update slugline.account set rehearsal = false where name = 'filed-en'");
    await store.query("update slugline.person set totp_sealed = '\\x01', totp_at = slugline.now()");
    expect((await get("/accounts")).text).toContain("Its access stands in the environment (SET)");
    await store.query("update slugline.person set totp_sealed = null, totp_at = null");
  });
});

describe("what is asked of who connects", () => {
  test("the password, again; wrong ones are counted (ASVS 7.5.1)", async () => {
    expect((await post("/accounts/connect", { ...ON_MASTODON, password: "wrong" })).status).toBe(401);
    for (let n = 0; n < 10; n++) await post("/accounts/connect", { ...ON_MASTODON, password: "wrong" });
    expect((await post("/accounts/connect", ON_MASTODON)).status).toBe(429);
  });

  test("nothing that was typed is lost but the secrets", async () => {
    const again = (await post("/accounts/connect", { ...ON_X, name: "a b" })).text;
    expect(again).toContain("The name must be short");
    expect(again).toContain(`value="a b"`);
    expect(again).not.toContain(X_APP.secret);
    expect(again).not.toContain(PASSWORD);
  });

  test.each([
    [{ name: "Taken-EN" }, 409, "this name already"],
    [{ server: "javascript:alert(1)" }, 422, "begins with https"],
    [{ server: "http://mastodon.example.org" }, 422, "begins with https"],
    [{ server: "https://user:pw@mastodon.example.org" }, 422, "begins with https"],
    [{ server: "https://10.0.0.1" }, 502, "may not be reached"],
    [{ network: "telegram" }, 422, "Nobody signs in to this network"],
    [{ lang: "no such" }, 422, "no language"],
  ])("%o is told with what would be right", async (wrong, status, sentence) => {
    expect(await post("/accounts/connect", { ...ON_MASTODON, ...wrong })).toMatchObject({
      status,
      text: expect.stringContaining(sentence),
    });
  });
});
