import { describe, expect, test } from "vitest";
import { ACCESS, type Access } from "../../src/editor/access.ts";
import { newId } from "../../src/lib/id.ts";
import type { Act, Rights } from "../../src/newsroom/person.ts";
import { testStore } from "../support/store.ts";
import { cast, sessionFor } from "./cast.ts";
import { posted, seeded } from "./seed.ts";

const store = await testStore();
const { editor, waiting } = await seeded(store);
// Somebody adds a route and forgets to say who may use it.
editor.get("/forgotten", (c) => c.text("in"));
editor.post("/posts/:id/forgotten", (c) => c.text("in"));

const { post } = await waiting({ account: "masto-en" });
await waiting({ account: "masto-ar", lang: "ar", dir: "rtl" });
const accountOf = async (name: string) =>
  (await store.query<{ id: string }>("select id from slugline.account where name = $1", [name])).rows[0]!.id;
const [english, arabic] = [await accountOf("masto-en"), await accountOf("masto-ar")];
const delivery = newId();
await store.query(
  `insert into slugline.delivery (id, post_id, revision, account_id, state, idempotency, attempts)
   select $1, id, revision, account_id, 'asked', 'k', 1 from slugline.post where id = $2`,
  [delivery, post],
);

/** Written a second time, by hand: what each of them may do about the English account, and about the newsroom. */
const PEOPLE: Readonly<Record<string, { rights: Rights; english: string; newsroom: string; anywhere: string }>> = {
  "who sees nothing": { rights: { role: "none", accounts: {} }, english: "", newsroom: "", anywhere: "" },
  "a viewer": { rights: { role: "viewer", accounts: {} }, english: "see", newsroom: "see", anywhere: "see" },
  "a writer": { rights: { role: "writer", accounts: {} }, english: "see write", newsroom: "see write", anywhere: "see write" },
  "an editor": {
    rights: { role: "editor", accounts: {} },
    english: "see write decide stop",
    newsroom: "see write decide stop",
    anywhere: "see write decide stop",
  },
  "an admin": {
    rights: { role: "admin", accounts: {} },
    english: "see write decide stop manage",
    newsroom: "see write decide stop manage",
    anywhere: "see write decide stop manage",
  },
  "an editor of this account alone": {
    rights: { role: "none", accounts: { [english]: "editor" } },
    english: "see write decide stop",
    newsroom: "",
    anywhere: "see write decide stop",
  },
  "an editor of all but this account": {
    rights: { role: "editor", accounts: { [english]: "none" } },
    english: "",
    newsroom: "see write decide stop",
    anywhere: "see write decide stop",
  },
  "an editor who only looks at this account": {
    rights: { role: "editor", accounts: { [english]: "viewer" } },
    english: "see",
    newsroom: "see write decide stop",
    anywhere: "see write decide stop",
  },
  "an admin of another account alone": {
    rights: { role: "none", accounts: { [arabic]: "admin" } },
    english: "",
    newsroom: "",
    anywhere: "see write decide stop manage",
  },
};

const routes = editor.routes.filter(({ method, path }) => method !== "ALL" && !path.endsWith("/forgotten"));
const keyOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;

/** What a route says to somebody: in (whatever becomes of it there), no, nothing here, or sign in first. */
async function ask(route: { method: string; path: string }, cookie: string): Promise<string> {
  const named = { "/posts/": post, "/deliveries/": delivery, "/accounts/": english };
  const about = Object.entries(named).find(([begin]) => route.path.startsWith(begin))?.[1] ?? newId();
  const path = route.path
    .replace("newer", "newer?revision=1")
    .replace(":id", about)
    .replace(":version/*", "x/y")
    .replace(":token", "x");
  const given = route.method === "GET" ? { headers: { cookie } } : { ...posted({}, cookie), method: route.method };
  const answer = await editor.request(path, given);
  await answer.body?.cancel();
  const toTheDoor = answer.status === 303 && answer.headers.get("location") === "/sign-in";
  // These two lead there themselves.
  const leads = route.path === "/sign-in/code" || (route.path === "/sign-out" && cookie !== "");
  if (toTheDoor && !leads) return "sign in";
  if (answer.status === 403) return "no";
  return answer.status === 404 && Object.values(named).includes(about) ? "nothing here" : "in";
}

function expected(access: Access, it: (typeof PEOPLE)[string] | undefined): string {
  if (access === "open") return "in";
  if (!it) return "sign in";
  if (access === "signed in") return "in";
  const can = (said: string, act: Act) => said.split(" ").includes(act);
  if (access.on === "any account") return can(it.anywhere, access.act) ? "in" : "no";
  if (access.on === "newsroom") return can(it.newsroom, access.act) ? "in" : "no";
  if (!can(it.english, "see")) return "nothing here";
  return can(it.english, access.act) ? "in" : "no";
}

describe("who may use which route", () => {
  test("every route says what it asks, and nothing is said of a route that is not there (ASVS 8.2.1)", () => {
    expect(routes.length).toBeGreaterThan(50);
    expect(Object.keys(ACCESS).toSorted()).toEqual([...new Set(routes.map(keyOf))].toSorted());
  });

  test.each(["/forgotten", `/posts/${post}/forgotten`])(
    "a route of which nothing is said lets nobody in, not even an admin: %s (ASVS 8.2.1)",
    async (path) => {
      const { cookie } = await cast(store, { role: "admin", accounts: {} });
      const answer = await editor.request(path, path === "/forgotten" ? { headers: { cookie } } : posted({}, cookie));
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain("Your role may not do that");
      expect((await editor.request(path, path === "/forgotten" ? {} : posted({}, ""))).headers.get("location")).toBe("/sign-in");
    },
  );

  test.each([["who is not signed in", undefined] as const, ...Object.entries(PEOPLE)])(
    "every route answers %s as the table says (ASVS 8.2.1)",
    async (_, it) => {
      const found: Record<string, string> = {};
      const said: Record<string, string> = {};
      const person = it && (await cast(store, it.rights));
      for (const route of routes) {
        // Some routes end sessions: each is asked with a fresh one.
        found[keyOf(route)] = await ask(route, person ? await sessionFor(store, person.id) : "");
        said[keyOf(route)] = expected(ACCESS[keyOf(route)]!, it);
      }
      expect(found).toEqual(said);
    },
  );

  test("once an account is out of rehearsal, whoever decides or manages without a code is told to set one up; stopping never waits (ASVS 6.3.3)", async () => {
    const { cookie } = await cast(store, { role: "admin", accounts: {} });
    await store.query("update slugline.account set rehearsal = false where id = $1", [arabic]);
    const needs = routes.filter((route) => {
      const access = ACCESS[keyOf(route)]!;
      return typeof access === "object" && (access.act === "decide" || access.act === "manage");
    });
    expect(needs.length).toBeGreaterThan(15);
    for (const route of needs) expect(await ask(route, cookie), keyOf(route)).toBe("no");
    for (const path of ["/pause", "/resume"]) expect(await ask({ method: "POST", path }, cookie), path).toBe("in");
    const answer = await editor.request(`/posts/${post}/approval`, posted({ revision: "1" }, cookie));
    expect(await answer.text()).toMatch(/First set up a code.*href="\/me#me-totp"/s);
    await store.query("update slugline.account set rehearsal = true");
    expect(await ask({ method: "GET", path: "/people" }, cookie)).toBe("in");
  });
});
