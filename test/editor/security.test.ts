import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { sessionOf } from "../../src/newsroom/session.ts";
import { cast } from "./cast.ts";
import { rounds } from "./rounds.ts";
import { ORIGIN, posted, SHORT_URL } from "./seed.ts";

const { store, editor, waiting, admin, rosa, get, stateOf, pages, everywhere } = await rounds();

const accountOf = async (name: string) =>
  (await store.query<{ id: string }>("select id from slugline.account where name = $1", [name])).rows[0]!.id;

describe("a decision", () => {
  test("skips no step: what was rejected, held or is being asked about is not sent by asking for it (ASVS 2.3.1)", async () => {
    for (const first of ["rejection", "hold"]) {
      const { post } = await waiting();
      await editor.request(`/posts/${post}/${first}`, posted({ revision: "1" }, rosa.cookie));
      for (const act of ["approval", "schedule"]) {
        const answer = await editor.request(
          `/posts/${post}/${act}`,
          posted({ revision: "1", at: "2099-06-01T09:00" }, rosa.cookie),
        );
        expect(answer.status, `${first}, then ${act}`).toBe(409);
      }
      expect(await stateOf(post)).toBe(first === "hold" ? "held" : "rejected");
    }
    const { post, code } = await waiting();
    await editor.request(
      `/posts/${post}/revisions`,
      posted({ revision: "1", text: `New ${SHORT_URL}/${code}`, next: "wait" }, rosa.cookie),
    );
    for (const revision of ["1", "3", "0", "-1", "2.0", "", "1e0"])
      expect(
        (await editor.request(`/posts/${post}/approval`, posted({ revision }, rosa.cookie))).status,
        revision,
      ).toBeGreaterThanOrEqual(400);
    expect(await stateOf(post)).toBe("waiting");
  });

  test("fifty at once are one (ASVS 2.3.4)", async () => {
    const { post } = await waiting();
    const came = await Promise.all(
      Array.from({ length: 50 }, () => editor.request(`/posts/${post}/approval`, posted({ revision: "1" }, rosa.cookie))),
    );
    expect(came.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(came.filter(({ status }) => status === 409)).toHaveLength(49);
    const { rows } = await store.query("select from slugline.decision where post_id = $1", [post]);
    expect(rows).toHaveLength(1);
  });
});

describe("a request that changes something", () => {
  const posts = editor.routes.filter(({ method }) => method === "POST");

  test.each([
    ["another site's form", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
    ["another site that claims our origin", { "sec-fetch-site": "cross-site", origin: ORIGIN }],
    ["a sibling host", { "sec-fetch-site": "same-site", origin: "http://other.localhost:3000" }],
    ["an address that was typed", { "sec-fetch-site": "none" }],
    ["an old browser elsewhere", { origin: "https://evil.example" }],
    ["a sandboxed frame", { origin: "null" }],
    ["the short links' own host", { origin: SHORT_URL }],
    ["nobody says where", {}],
  ])("is refused on every route when it comes from %s, as a form or as plain text (ASVS 3.5.1)", async (_, from) => {
    for (const { path } of posts) {
      for (const type of ["application/x-www-form-urlencoded", "text/plain", "application/json"]) {
        const answer = await editor.request(path.replace(":id", newId()).replace(":token", "x"), {
          method: "POST",
          body: "a=b",
          headers: { "content-type": type, cookie: admin.cookie, ...(from as Record<string, string>) },
        });
        expect(answer.status, `${path} ${type}`).toBe(403);
      }
    }
    expect(await sessionOf(store, admin.cookie.split("=")[1]!), "not even signed out").toBeDefined();
  });

  test("is a POST: looking at every page as an admin changes no row (ASVS 3.5.3)", async () => {
    const it = await everywhere("masto-en", "A story that is looked at");
    const before = await fingerprint();
    for (const path of pages({ ...it, person: rosa.id })) expect((await get(path)).status, path).toBeLessThan(500);
    for (const { path } of posts) {
      const address = path.replace(":id", it.post).replace(":token", "x");
      expect([200, 303, 404, 410, 403], `GET ${address}`).toContain((await get(address)).status);
    }
    expect(await fingerprint()).toEqual(before);
  });

  test("leads on only within the editor, wherever it is told to (ASVS 3.7.2)", async () => {
    for (const back of [
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "\\\\evil.example",
      "/.//evil.example",
      "/x/..//evil.example",
      "/%2F/evil.example",
      "http:evil.example",
      "javascript:alert(1)",
      "/\t/evil.example",
      "///evil.example",
    ]) {
      const answer = await editor.request("/resume", posted({ back }, admin.cookie));
      const to = new URL(answer.headers.get("location")!, ORIGIN);
      expect(to.origin, back).toBe(ORIGIN);
      expect(answer.headers.get("location"), back).toMatch(/^\/(?![/\\])/);
    }
  });
});

describe("what a person may not see", () => {
  test("does not exist for them: not in a list, not by its id (ASVS 8.2.2)", async () => {
    const it = await everywhere("masto-secret", "The text of the secret account");
    const other = await everywhere("masto-en", "The text of the open account");
    const secret = await accountOf("masto-secret");
    const lina = await cast(store, { role: "editor", accounts: { [secret]: "none" } });
    const omar = await cast(store, { role: "none", accounts: { [await accountOf("masto-en")]: "editor" } });
    await store.query("update slugline.post set article_id = $2, occasion = 'reshare' where id = $1", [it.post, other.article]);
    await store.query("update slugline.link set article_id = $2 where code = $1", [it.code, other.article]);
    for (const { cookie } of [lina, omar]) {
      for (const path of pages({ post: other.post, article: other.article, person: lina.id })) {
        const { text } = await get(path, cookie);
        for (const trace of ["masto-secret", it.post, it.delivery, `org/${it.code}`])
          expect(text.includes(trace), `${path}: ${trace}`).toBe(false);
      }
      for (const { method, path } of editor.routes.filter((route) => /^\/(?:posts|deliveries)\/:id/.test(route.path))) {
        const address = path.replace(":id", path.startsWith("/posts") ? it.post : it.delivery);
        const asked = method === "GET" ? { headers: { cookie } } : posted({ revision: "1", answer: "drop" }, cookie);
        expect((await editor.request(address, asked)).status, `${method} ${address}`).toBe(404);
      }
    }
    expect((await get("/posts?state=approved")).text.includes(it.post), "it is there for an admin").toBe(true);
    expect((await get(`/?post=${it.post}`, lina.cookie)).text.includes(`card-${it.post}`)).toBe(false);
  });

  test("nor another's session: ending it by its id finds nothing (ASVS 8.2.2)", async () => {
    const { session } = (await sessionOf(store, rosa.cookie.split("=")[1]!))!;
    expect((await editor.request(`/me/sessions/${session}/end`, posted({}, admin.cookie))).status).toBe(404);
    expect(await sessionOf(store, rosa.cookie.split("=")[1]!)).toBeDefined();
  });

  test("secrets are on no page: no hash, no sealed byte, no token (ASVS 8.2.3)", async () => {
    const { post, article } = await waiting();
    await store.query(
      "update slugline.person set totp_sealed = '\\x0123456789abcdef'::bytea, totp_at = slugline.now() where id = $1",
      [rosa.id],
    );
    const { rows } = await store.query<{ secret: string }>(
      `select password_hash as secret from slugline.person where password_hash is not null
       union all select encode(token_hash, 'hex') from slugline.session union all select encode(token_hash, 'base64') from slugline.session
       union all select encode(totp_sealed, 'hex') from slugline.person where totp_sealed is not null
       union all select split_part($1, '=', 2)`,
      [admin.cookie],
    );
    for (const path of pages({ post, article, person: rosa.id })) {
      const { text } = await get(path);
      for (const { secret } of rows) expect(text.includes(secret), path).toBe(false);
    }
    await store.query("update slugline.person set totp_sealed = null, totp_at = null where id = $1", [rosa.id]);
  });
});

/** Every row of every table, but for when a session was last seen. */
async function fingerprint(): Promise<Record<string, string>> {
  const { rows: tables } = await store.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'slugline' and table_type = 'BASE TABLE' order by 1",
  );
  const found: Record<string, string> = {};
  for (const { name } of tables) {
    const row = name === "session" ? "to_jsonb(t) - 'seen_at'" : "to_jsonb(t)";
    const { rows } = await store.query<{ all: string }>(
      `select coalesce(string_agg((${row})::text, '|' order by (${row})::text), '') as all from slugline.${name} t`,
    );
    found[name] = createHash("sha256").update(rows[0]!.all).digest("hex");
  }
  return found;
}
