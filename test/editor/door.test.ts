import { describe, expect, test } from "vitest";
import { ACCESS } from "../../src/editor/access.ts";
import { createSignInLink } from "../../src/newsroom/sign-in-link.ts";
import { testStore } from "../support/store.ts";
import { ORIGIN, posted, seeded } from "./seed.ts";

const store = await testStore();
const { editor, person, ring, rings, close } = await seeded(store);

describe("the door", () => {
  test("the first-run link shows a form, its POST makes the first admin, and it works once", async () => {
    const token = await createSignInLink(store, null);
    const shown = await editor.request(`/sign-in/${token}`);
    expect(shown.status).toBe(200);
    expect(await shown.text()).toContain("Welcome to Daily Example");
    const fields = { name: "Ada", email: "ada@example.org", password: "a long enough one" };
    const first = await editor.request(`/sign-in/${token}`, posted(fields, ""));
    expect(first.status).toBe(303);
    expect(first.headers.get("set-cookie")).toMatch(/^slugline=.*HttpOnly.*SameSite=Lax/);
    expect((await editor.request(`/sign-in/${token}`, posted(fields, ""))).status).toBe(410);
  });

  test("a wrong password is told apart from nothing, and the right one opens", async () => {
    await person("Rosa", "editor");
    const wrong = await editor.request("/sign-in", posted({ email: "rosa@example.org", password: "no" }, ""));
    expect(wrong.status).toBe(401);
    expect(await wrong.text()).toContain("do not belong together");
    const right = await editor.request("/sign-in", posted({ email: "rosa@example.org", password: "correct horse battery" }, ""));
    expect(right.headers.get("location")).toBe("/");
  });

  test("signing out ends the session on the server", async () => {
    const { cookie } = await person("Omar", "editor");
    await editor.request("/sign-out", posted({}, cookie));
    expect((await editor.request("/", { headers: { cookie } })).headers.get("location")).toBe("/sign-in");
  });

  test("every route but the door itself and the assets needs a session", async () => {
    const closed = editor.routes.filter((route) => route.method !== "ALL" && ACCESS[`${route.method} ${route.path}`] !== "open");
    expect(closed.length).toBeGreaterThan(20);
    for (const { method, path } of closed) {
      const answer = await editor.request(path.replace(/:\w+/g, "x"), { method, headers: { "sec-fetch-site": "same-origin" } });
      expect([answer.status, answer.headers.get("location")], `${method} ${path}`).toEqual([303, "/sign-in"]);
    }
    expect((await editor.request("/not-made-yet")).headers.get("location")).toBe("/sign-in");
  });

  test.each([
    ["another site", { "sec-fetch-site": "cross-site" }],
    ["a sibling host", { "sec-fetch-site": "same-site", origin: ORIGIN }],
    ["an old browser elsewhere", { "sec-fetch-site": "", origin: "https://evil.example" }],
    ["nobody knows where", {}],
  ])("a form posted by %s is refused", async (_where, headers) => {
    const answer = await editor.request("/sign-in", {
      method: "POST",
      body: "email=a",
      headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== "")),
    });
    expect(answer.status).toBe(403);
  });

  test("an old browser's own form passes by its Origin", async () => {
    const answer = await editor.request("/sign-in", {
      method: "POST",
      body: new URLSearchParams({ email: "a@b.example" }),
      headers: { origin: ORIGIN },
    });
    expect(answer.status).toBe(401);
  });

  test("pages allow nothing inline, nothing framed, and are not kept", async () => {
    const { headers } = await editor.request("/sign-in");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("a page that fails is friendly and tells nothing of its inside", async () => {
    const { cookie } = await person("Lina", "admin");
    expect((await editor.request("/posts/none", { headers: { cookie } })).status).toBe(404);
    const answer = await editor.request("/nowhere", { headers: { cookie } });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain("There is nothing here");
  });

  test("assets keep for ever under the hash of their content", async () => {
    const page = await (await editor.request("/sign-in")).text();
    const path = /href="(\/assets\/[^"]+editor\.css)"/.exec(page)![1]!;
    const css = await editor.request(path);
    expect(css.headers.get("cache-control")).toContain("immutable");
    const count = await editor.request(path.replace("editor.css", "lib/text/count.js"));
    expect(await count.text()).toContain('from "./links.js"');
    expect((await editor.request("/assets/000000000000/editor.css")).status).toBe(404);
  });

  test("the live stream rings at once, again when something happens, and ends when the server does", async () => {
    const { cookie } = await person("Noor", "editor");
    const answer = await editor.request("/live", { headers: { cookie } });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain("event: bell");
    ring();
    expect((await reader.read()).value).toContain("event: bell");
    close();
    expect((await reader.read()).done).toBe(true);
    expect(rings.size).toBe(0);
  });
});
