import { describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { SCOPES, type Scope } from "../../src/newsroom/token.ts";
import { testStore } from "../support/store.ts";
import { opened } from "./seed.ts";

const store = await testStore();
const { api, ask, token, person, waiting, delivery, description, source, doors } = await opened(store);
const rosa = await person("Rosa", "admin");
const all = await token(SCOPES, { person: rosa, name: "desk of Rosa" });

/** What each route is asked with so that it does what it is for; a route that is missing here fails the test. */
const GOOD: Record<string, () => Promise<{ path: string; body?: unknown; expects?: number }>> = {
  "GET /articles": async () => ({ path: "/articles?state=ready&limit=5" }),
  "GET /articles/{id}": async () => ({ path: `/articles/${(await waiting()).article}` }),
  "GET /posts": async () => ({ path: "/posts?state=waiting&account=masto-en" }),
  "GET /posts/{id}": async () => ({ path: `/posts/${(await waiting()).post}` }),
  "PATCH /posts/{id}": async () => {
    const { post, code } = await waiting();
    return { path: `/posts/${post}`, body: { revision: 1, text: `Mine https://go.example.org/${code}` } };
  },
  "POST /posts/{id}/parts": async () => ({
    path: `/posts/${(await waiting()).post}/parts`,
    body: { revision: 1, text: "And there is more." },
    expects: 201,
  }),
  "DELETE /posts/{id}": async () => {
    const { post } = await waiting();
    const body = { revision: 1, text: "And there is more." };
    const added = await ask("POST", `/posts/${post}/parts`, { token: all, body });
    return { path: `/posts/${(added.body as { id: string }).id}?revision=1` };
  },
  "POST /posts/{id}/reshares": async () => ({ path: `/posts/${await posted()}/reshares`, expects: 201 }),
  "POST /posts/{id}/corrections": async () => ({ path: `/posts/${await posted()}/corrections`, expects: 201 }),
  "POST /posts/{id}/approval": () => decided("approval"),
  "POST /posts/{id}/rejection": () => decided("rejection"),
  "POST /posts/{id}/hold": () => decided("hold", { until: "2040-01-01T00:00:00Z" }),
  "POST /posts/{id}/schedule": () => decided("schedule", { at: "2040-01-01T00:00:00Z" }),
  "DELETE /posts/{id}/approval": () => takenBack("approval"),
  "DELETE /posts/{id}/rejection": () => takenBack("rejection"),
  "DELETE /posts/{id}/hold": () => takenBack("hold"),
  "DELETE /posts/{id}/schedule": () => takenBack("schedule", { at: "2040-01-01T00:00:00Z" }),
  "DELETE /posts/{id}/expiry": async () => {
    const { post } = await waiting();
    await store.query("update slugline.post set state = 'expired' where id = $1", [post]);
    return { path: `/posts/${post}/expiry` };
  },
  "GET /deliveries": async () => ({ path: "/deliveries?state=asked" }),
  "GET /deliveries/{id}": async () => ({ path: `/deliveries/${(await delivery("asked")).delivery}` }),
  "POST /deliveries/{id}/answer": async () => ({
    path: `/deliveries/${(await delivery("asked")).delivery}/answer`,
    body: { answer: "there", url: "https://mastodon.example/@desk/1" },
  }),
  "GET /links": async () => ({ path: "/links" }),
  "POST /links": async () => ({ path: "/links", body: { url: (await waiting()).url, placement: "print" }, expects: 201 }),
  "GET /links/{code}": async () => ({ path: `/links/${(await waiting()).code}` }),
  "GET /links/{code}/hours": async () => ({ path: `/links/${(await waiting()).code}/hours` }),
  "GET /accounts": async () => ({ path: "/accounts" }),
  "GET /sources": async () => ({ path: "/sources" }),
  "POST /sources/{id}/held": async () => ({ path: `/sources/${source}/held`, body: { answer: "news" } }),
  "GET /troubles": async () => ({ path: "/troubles" }),
  "GET /pause": async () => ({ path: "/pause" }),
  "PUT /pause": async () => ({ path: "/pause", body: { why: "a test" } }),
  "DELETE /pause": async () => ({ path: "/pause" }),
  "GET /hold": async () => ({ path: "/hold" }),
  "DELETE /hold": async () => ({ path: "/hold" }),
  "POST /accounts/{id}/rehearsal": async () => ({ path: `/accounts/${await account()}/rehearsal` }),
  "DELETE /accounts/{id}/rehearsal": async () => ({ path: `/accounts/${await account()}/rehearsal` }),
  "GET /events": async () => ({ path: "/events" }),
  "GET /token": async () => ({ path: "/token" }),
  "GET /tokens": async () => ({ path: "/tokens" }),
  "DELETE /tokens/{id}": async () => {
    const name = `gone ${newId()}`;
    await token([], { name });
    const { rows } = await store.query<{ id: string }>("select id from slugline.api_token where name = $1", [name]);
    return { path: `/tokens/${rows[0]?.id}`, expects: 204 };
  },
  "GET /openapi.json": async () => ({ path: "/openapi.json" }),
};

async function account(): Promise<string> {
  await waiting();
  return (await store.query<{ id: string }>("select id from slugline.account limit 1")).rows[0]!.id;
}

/** A post that is out. */
async function posted(): Promise<string> {
  const { delivery: id } = await delivery("asked");
  const { rows } = await store.query<{ post_id: string }>("select post_id from slugline.delivery where id = $1", [id]);
  return rows[0]!.post_id;
}

async function decided(noun: string, more = {}) {
  return { path: `/posts/${(await waiting()).post}/${noun}`, body: { revision: 1, why: "as agreed", ...more } };
}

async function takenBack(noun: string, more = {}) {
  const { path, body } = await decided(noun, more);
  expect((await ask("POST", path, { token: all, body })).status).toBe(200);
  return { path };
}

const operations = Object.entries(description.paths).flatMap(([path, of]) =>
  Object.entries(of).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    // What openapi.json itself says, so that a wrong description fails too.
    needs: /scope `(\w+)`/.exec((operation as unknown as { description: string }).description)?.[1] as Scope | undefined,
    open: (operation as { security?: unknown[] }).security?.length === 0,
  })),
);

describe("every route", () => {
  test("is in openapi.json, and nothing else is", () => {
    expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(Object.keys(GOOD).toSorted());
    expect(description.openapi).toBe("3.1.0");
    const names = Object.values(description.paths).flatMap((of) =>
      Object.values(of).map((one) => (one as unknown as { operationId: string }).operationId),
    );
    expect(new Set(names).size).toBe(names.length);
    // Nor does the door answer anything else: what Hono serves is what is described.
    const served = api.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    expect(served.toSorted()).toEqual(Object.keys(GOOD).toSorted());
  });

  test.each(operations)(
    "$method $path answers as it is described, and opens only with a token and its scope",
    async ({ method, path, needs, open }) => {
      const good = GOOD[`${method} ${path}`];
      if (!good) throw new Error("tell this test how to ask it");
      const asked = await good();
      if (!open) {
        const none = await ask(method, asked.path, { body: asked.body });
        expect([none.status, none.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="slugline"']);
      }
      for (const scope of SCOPES) {
        if (scope === needs || needs === undefined) continue;
        const other = await ask(method, asked.path, { token: await token([scope], { person: rosa }), body: asked.body });
        expect(other.status, `with ${scope}`).toBe(403);
        expect(other.headers.get("www-authenticate")).toContain(`scope="${needs}"`);
      }
      if (needs !== undefined) {
        // The scope alone is not enough: nobody gave its role.
        const empty = await ask(method, asked.path, { token: await token([needs], { role: "none" }), body: asked.body });
        expect(empty.status).toBe(403);
      }
      const done = await ask(method, asked.path, { token: all, body: asked.body });
      expect(done.status, JSON.stringify(done.body)).toBe(asked.expects ?? 200);
      await done.answer.body?.cancel().catch(() => undefined);
    },
  );

  test.each(operations.filter(({ path }) => path.includes("{id}")))(
    "$method $path: an id that is none, or nobody's, is not found",
    async ({ method, path }) => {
      const asked = await GOOD[`${method} ${path}`]!();
      for (const id of ["x", newId(), "%00", "..%2f"]) {
        const answer = await ask(method, path.replace("{id}", id), { token: all, body: asked.body });
        expect(answer.status, id).toBe(404);
      }
    },
  );
});

describe("what is not a route", () => {
  test("is a problem, too: not found, or not with this method", async () => {
    expect((await ask("GET", "/nothing", { token: all })).body).toMatchObject({
      status: 404,
      type: "urn:slugline:problem:not-found",
    });
    const wrong = await ask("PUT", "/posts", { token: all });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET"]);
    expect((await ask("OPTIONS", "/links", { headers: { origin: "https://evil.example" } })).status).toBe(405);
    expect((await doors.request("/elsewhere")).status).toBe(303);
  });

  test("no answer may be kept, framed or sniffed, and none sets a cookie or lets another site read it", async () => {
    const { headers } = await ask("GET", "/posts", { token: all, headers: { origin: "https://evil.example" } });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("set-cookie")).toBeNull();
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});
