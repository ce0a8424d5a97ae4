import { Hono } from "hono";
import { expect, test } from "vitest";
import { createHooks } from "../../src/api/hooks.ts";
import { seeded } from "../editor/seed.ts";
import { testStore } from "../support/store.ts";
import { opened } from "./seed.ts";

const store = await testStore();
const { editor, person } = await seeded(store);
const { api, token } = await opened(store);
const doors = new Hono()
  .route("/hooks", createHooks({ receive: async () => ({ status: 404, body: {} }) }))
  .route("/api/v1", api)
  .route("/", editor);

test("a session opens the editor and nothing of the API; a token opens the API and nothing of the editor", async () => {
  const { cookie } = await person("Rosa", "admin");
  const authorization = `Bearer ${await token()}`;
  expect((await doors.request("/posts", { headers: { cookie } })).status).toBe(200);
  expect((await doors.request("/api/v1/posts", { headers: { cookie } })).status).toBe(401);
  expect((await doors.request("/api/v1/posts", { headers: { authorization } })).status).toBe(200);
  for (const path of ["/", "/posts", "/live", "/accounts", "/nothing"])
    expect((await doors.request(path, { headers: { authorization } })).headers.get("location"), path).toBe("/sign-in");
});

test("the editor's checks of browsers do not stand before programs, nor the other way round", async () => {
  const headers = { authorization: `Bearer ${await token()}`, "content-type": "application/json" };
  const body = JSON.stringify({ url: "https://example.org/x" });
  expect((await doors.request("/api/v1/links", { method: "POST", headers, body })).status, "no Origin").toBe(201);
  expect((await doors.request("/api/v1/nothing", { method: "POST", headers, body })).headers.get("content-type")).toBe(
    "application/problem+json",
  );
  expect((await doors.request("/api/v1")).status).toBe(404);
  const foreign = await doors.request("/sign-in", {
    method: "POST",
    body: "email=a",
    headers: { authorization: headers.authorization },
  });
  expect(foreign.status).toBe(403);
});
