import { describe, expect, test } from "vitest";
import { disablePerson } from "../../src/newsroom/people.ts";
import { createSignInLink } from "../../src/newsroom/sign-in-link.ts";
import { codeOf } from "../support/codes.ts";
import { advance } from "../support/store.ts";
import { cast, PASSWORD, sessionFor } from "./cast.ts";
import { entrance } from "./entrance.ts";
import { posted } from "./seed.ts";

const { store, logged, editor, waiting, jar, signIn, person, withCode } = await entrance();

describe("a second factor", () => {
  test("is needed to decide as soon as one account is out of rehearsal; who lacks it sees why, and the way (ASVS 6.3.3)", async () => {
    const rosa = await cast(store, { role: "editor", accounts: {} });
    const { post } = await waiting();
    const waits = async () => (await editor.request(`/?post=${post}`, { headers: { cookie: rosa.cookie } })).text();
    for (const set of [
      "rehearsal = true, rehearsal_why = null",
      "rehearsal = false, rehearsal_why = 'no follower could open a link'",
      "rehearsal = false, rehearsal_why = null, network = 'rehearsal'",
    ]) {
      await store.query(`update slugline.account set ${set}`);
      expect(await waits(), set).not.toContain("deciding needs a code");
    }
    await store.query("update slugline.account set network = 'mastodon', rehearsal_at = slugline.now()");
    expect(await waits(), "that can be ended at a press").toContain("deciding needs a code");
    await store.query("update slugline.account set rehearsal_at = null");
    const page = await (await editor.request(`/?post=${post}`, { headers: { cookie: rosa.cookie } })).text();
    expect(page).toContain("deciding needs a code from your phone");
    expect(page).toContain('href="/me#me-totp"');
    expect(page).toMatch(/<button class="primary" data-key="a" disabled/);
    const refused = await editor.request(`/posts/${post}/approval`, posted({ revision: "1" }, rosa.cookie));
    expect([refused.status, (await refused.text()).includes("First set up a code")]).toEqual([403, true]);
    const edited = await editor.request(
      `/posts/${post}/revisions`,
      posted({ revision: "1", text: await textOf(post), next: "approve" }, rosa.cookie),
    );
    expect(edited.headers.get("location"), "saved, not approved").toBe(`/?post=${post}&said=saved`);
    const omar = await withCode();
    expect(
      (await editor.request(`/posts/${post}/approval`, posted({ revision: await revisionOf(post) }, omar.cookie))).status,
    ).toBe(303);
  });

  test("is asked on every way in: password, reset, also after the factor is older than the session (ASVS 6.3.4, 6.4.3)", async () => {
    const rosa = await withCode();
    expect((await signIn(rosa.email)).headers.get("location")).toMatch(/^\/sign-in\/code(?:\?|$)/);
    const token = await createSignInLink(store, rosa.id);
    const reset = await editor.request(`/sign-in/${token}`, posted({ password: "another long sentence" }, ""));
    expect(reset.headers.get("location")).toMatch(/^\/sign-in\/code(?:\?|$)/);
    expect(await person(jar(reset))).toBeUndefined();
    for (const path of ["/", "/me", "/posts", "/live", "/me/totp"])
      expect((await editor.request(path, { headers: { cookie: jar(reset) } })).headers.get("location"), path).toBe("/sign-in");
    const done = await editor.request("/sign-in/code", posted({ code: await codeOf(store, rosa.secret) }, jar(reset)));
    expect(await person(jar(done))).toMatchObject({ id: rosa.id });
  });

  test("a code and a recovery code work once (ASVS 6.5.1)", async () => {
    const rosa = await withCode();
    const code = await codeOf(store, rosa.secret);
    const give = async (given: string) =>
      (await editor.request("/sign-in/code", posted({ code: given }, jar(await signIn(rosa.email))))).status;
    expect([await give(code), await give(code)]).toEqual([303, 401]);
    expect([await give(rosa.codes[0]!), await give(rosa.codes[0]!)]).toEqual([303, 401]);
  });

  test("codes are not to be guessed: five tries a sign-in, few in all, wherever they come from (ASVS 6.3.1)", async () => {
    const rosa = await withCode();
    const seen = new Set<number>();
    let tried = 0;
    for (let n = 0; n < 12; n++) {
      const half = jar(await signIn(rosa.email, PASSWORD, `198.51.100.${n}`));
      for (let guess = 0; guess < 6; guess++) {
        const answer = await editor.request("/sign-in/code", posted({ code: String(100_000 + n * 10 + guess) }, half), {
          incoming: { socket: { remoteAddress: `198.51.100.${n}` } },
        });
        seen.add(answer.status);
        if (answer.status === 401 && (await answer.text()).includes("Your code")) tried += 1;
      }
    }
    expect([...seen].toSorted()).toEqual([401, 429]);
    expect(tried).toBeLessThanOrEqual(20);
  });

  test("is turned off, and password and address are changed, only by who proves it is them (ASVS 7.5.1)", async () => {
    const rosa = await withCode();
    const code = () => codeOf(store, rosa.secret);
    const act = async (path: string, fields: Record<string, string>) => {
      const answer = await editor.request(path, posted(fields, rosa.cookie));
      await advance(store, "30s");
      return answer.status;
    };
    for (const [path, fields] of [
      ["/me/totp/removal", {}],
      ["/me/recovery-codes", {}],
      ["/me/password", { new: "a new long sentence" }],
      ["/me/email", { email: "new@example.org" }],
      ["/me/totp", {}],
    ] as const) {
      expect(await act(path, { ...fields }), `${path} by the cookie alone`).toBe(401);
      expect(await act(path, { ...fields, password: PASSWORD }), `${path} without a code`).toBe(401);
      expect(
        await act(path, { ...fields, password: "wrong wrong wrong", code: await code() }),
        `${path} without the password`,
      ).toBe(401);
    }
    await store.query("delete from slugline.sign_in_failure");
    expect(await person(rosa.cookie)).toMatchObject({ email: rosa.email, totp: true });
    expect(await act("/me/password", { new: "a new long sentence", password: PASSWORD, code: await code() })).toBe(303);
    expect(await act("/me/email", { email: `new-${rosa.email}`, password: "a new long sentence", code: await code() })).toBe(303);
    expect(await act("/me/totp/removal", { password: "a new long sentence", code: rosa.codes[4]! })).toBe(303);
    expect(await person(rosa.cookie)).toMatchObject({ email: `new-${rosa.email}`, totp: false });
  });
});

describe("a session", () => {
  test("is new at sign-in: what a browser brought along is worth nothing (ASVS 7.2.4)", async () => {
    const { email, id } = await cast(store, { role: "editor", accounts: {} });
    const planted = `slugline=${"A".repeat(43)}`;
    const answer = await editor.request("/sign-in", posted({ email, password: PASSWORD }, planted));
    expect(jar(answer)).not.toContain("A".repeat(43));
    expect(await person(planted)).toBeUndefined();
    expect(await person(jar(answer))).toMatchObject({ id });
  });

  test("ends on the server at sign-out, and by a press from another browser (ASVS 7.4.1, 7.5.2)", async () => {
    const rosa = await cast(store, { role: "editor", accounts: {} });
    const phone = await sessionFor(store, rosa.id);
    const away = (await person(phone))!.session;
    const list = await (await editor.request("/me", { headers: { cookie: rosa.cookie } })).text();
    expect(list).toContain(`/me/sessions/${away}/end`);
    await editor.request(`/me/sessions/${away}/end`, posted({}, rosa.cookie));
    expect((await editor.request("/", { headers: { cookie: phone } })).headers.get("location")).toBe("/sign-in");
    const others = await Promise.all([sessionFor(store, rosa.id), sessionFor(store, rosa.id)]);
    await editor.request("/me/sessions/others/end", posted({}, rosa.cookie));
    for (const other of others) expect(await person(other)).toBeUndefined();
    await editor.request("/sign-out", posted({}, rosa.cookie));
    expect(await person(rosa.cookie)).toBeUndefined();
  });

  test("and every half of one is dead the moment somebody is disabled, also in the middle of signing in (ASVS 7.4.2)", async () => {
    const rosa = await withCode();
    const boss = await cast(store, { role: "admin", accounts: {} });
    await cast(store, { role: "admin", accounts: {} });
    const half = jar(await signIn(rosa.email));
    expect(await disablePerson(store, rosa.id, boss.id)).toBe("done");
    expect((await editor.request("/", { headers: { cookie: rosa.cookie } })).headers.get("location")).toBe("/sign-in");
    expect((await editor.request("/sign-in/code", posted({ code: await codeOf(store, rosa.secret) }, half))).status).toBe(401);
    expect((await signIn(rosa.email)).status).toBe(401);
  });
});

describe("when something fails", () => {
  test("nobody gets in and nothing is decided (ASVS 16.5.3)", async () => {
    const rosa = await cast(store, { role: "editor", accounts: {} });
    const { post } = await waiting();
    for (const table of ["person_account", "account", "session"]) {
      await store.query(`alter table slugline.${table} rename to away`);
      const decided = await editor.request(`/posts/${post}/approval`, posted({ revision: "1" }, rosa.cookie));
      expect(decided.status, table).toBe(500);
      expect(await decided.text()).toContain("Something went wrong on our side");
      expect((await editor.request("/people", { headers: { cookie: rosa.cookie } })).status, table).toBe(500);
      await store.query(`alter table slugline.away rename to ${table}`);
    }
    const { rows } = await store.query<{ state: string }>("select state from slugline.post where id = $1", [post]);
    expect(rows[0]!.state).toBe("waiting");
  });

  test("a secret that does not open lets nobody in (ASVS 16.5.3)", async () => {
    const rosa = await withCode();
    await store.query(
      "update slugline.person set totp_sealed = set_byte(totp_sealed, 30, get_byte(totp_sealed, 30) # 1) where id = $1",
      [rosa.id],
    );
    const half = jar(await signIn(rosa.email));
    const answer = await editor.request("/sign-in/code", posted({ code: await codeOf(store, rosa.secret) }, half));
    expect(answer.status).toBe(500);
    expect(await person(jar(answer))).toBeUndefined();
  });

  test("no password, code, key, cookie or link is in the log, whatever fails (ASVS 16.2.5, 14.2.1)", async () => {
    const rosa = await withCode();
    const link = await createSignInLink(store, rosa.id);
    const half = jar(await signIn(rosa.email));
    logged.length = 0;
    for (const table of ["sign_in_link", "half_session", "person", "sign_in_failure", "invitation"]) {
      await store.query(`alter table slugline.${table} rename to away`);
      await signIn(rosa.email);
      await editor.request("/sign-in/code", posted({ code: rosa.codes[1]! }, half));
      await editor.request(`/sign-in/${link}?token=${link}`);
      await editor.request(`/sign-in/${link}`, posted({ password: PASSWORD }, ""));
      await editor.request(`/invitations/${link}`);
      await editor.request("/me/password", posted({ password: PASSWORD, code: rosa.codes[2]!, new: PASSWORD }, rosa.cookie));
      await store.query(`alter table slugline.away rename to ${table}`);
    }
    expect(logged.length).toBeGreaterThan(10);
    const all = logged.join("\n");
    for (const [name, canary] of Object.entries({
      password: PASSWORD,
      link,
      secret: rosa.secret,
      code: rosa.codes[1]!,
      half: half.split("=")[1]!,
      session: rosa.cookie.split("=")[1]!,
    }))
      expect(all.includes(canary), name).toBe(false);
  });
});

async function revisionOf(post: string): Promise<string> {
  const { rows } = await store.query<{ revision: number }>("select revision from slugline.post where id = $1", [post]);
  return String(rows[0]!.revision);
}

async function textOf(post: string): Promise<string> {
  const { rows } = await store.query<{ text: string }>("select text from slugline.post_revision where post_id = $1", [post]);
  return rows[0]!.text;
}
