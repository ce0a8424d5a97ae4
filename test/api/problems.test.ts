import { serve } from "@hono/node-server";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { silentLog } from "../../src/lib/log.ts";
import { testStore } from "../support/store.ts";
import { opened } from "./seed.ts";

const store = await testStore();
const { ask, token, person, waiting, doors, article } = await opened(store);
const hers = await token(undefined, { person: await person("Rosa") });
const { post } = await waiting();
const path = `/posts/${post}/approval`;
const server = serve({ fetch: doors.fetch, port: 0, hostname: "127.0.0.1" });
await once(server, "listening");
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
afterAll(() => server.close());

describe("a request that cannot be read", () => {
  test.each([
    ["is not JSON", "{", {}, 400, "malformed-json"],
    ["is empty", "", {}, 400, "malformed-json"],
    ["is a form", "revision=1", { "content-type": "application/x-www-form-urlencoded" }, 415, "not-json"],
    ["is plain text, as a cross-site form would send it", '{"revision":1}', { "content-type": "text/plain" }, 415, "not-json"],
    ["is a list", "[1]", {}, 422, "invalid"],
    ["is null", "null", {}, 422, "invalid"],
    ["is too large", JSON.stringify({ revision: 1, why: "x".repeat(70_000) }), {}, 413, "too-large"],
  ])("because it %s is a problem with a sentence", async (_what, body, headers, status, word) => {
    const answer = await ask("POST", path, { token: hers, body, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({
      status,
      type: `urn:slugline:problem:${word}`,
      title: expect.any(String),
      detail: expect.any(String),
    });
  });

  test("because it never ends is cut off, also without a length", async () => {
    const endless = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(16_384).fill(32)) });
    const answer = await fetch(`${address}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${hers}`, "content-type": "application/json" },
      body: endless,
      duplex: "half",
    } as RequestInit).catch(() => undefined);
    expect([413, undefined], "undefined: the connection was ended").toContain(answer?.status);
  });

  test.each([
    ["a field we do not know", { revision: 1, state: "approved" }, "state"],
    ["whose decision it is", { revision: 1, by: { person: "someone else" } }, "by"],
    ["a revision that is none", { revision: "1" }, "revision"],
    ["no revision", {}, "revision"],
    ["a prototype", '{"revision":1,"__proto__":{"admin":true}}', "__proto__"],
    ["a reason too long", { revision: 1, why: "x".repeat(301) }, "why"],
  ])("because it names %s is refused with the path", async (_what, body, at) => {
    const answer = await ask("POST", path, { token: hers, body });
    expect(answer.body).toMatchObject({ status: 422, errors: [{ path: at, problem: expect.any(String) }] });
    expect((await store.query("select from slugline.decision")).rows).toEqual([]);
  });
});

describe("who asks", () => {
  test.each([
    ["nothing", undefined],
    ["another scheme", `Basic ${Buffer.from(`x:${hers}`).toString("base64")}`],
    ["a token nobody made", `Bearer slug_${"a".repeat(43)}`],
    ["half a token", `Bearer ${hers.slice(0, -1)}`],
    ["two tokens", `Bearer ${hers} ${hers}`],
    ["a token without its scheme", hers],
    ["something endless", `Bearer ${"x".repeat(8_000)}`],
  ])("is nobody with %s", async (_what, authorization) => {
    const answer = await ask("GET", "/posts", authorization === undefined ? {} : { headers: { authorization } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer /);
  });

  test("is never asked of a cookie or of the address", async () => {
    expect(
      (await ask("GET", "/posts", { headers: { cookie: `slugline=${hers}; __Host-slugline=${hers}; token=${hers}` } })).status,
    ).toBe(401);
    expect((await ask("GET", `/posts?access_token=${hers}`)).status).toBe(401);
  });

  test("may ask so often and no more, each token for itself", async () => {
    let now = 0;
    const slow = await opened(store, {
      clock: { now: () => now, monotonic: () => now, sleep: async () => undefined },
      pace: { burst: 3, perSecond: 0.5 },
    });
    const [one, other] = [await token(["read"]), await token(["read"])];
    const statuses = [];
    for (let asked = 0; asked < 4; asked += 1) statuses.push((await slow.ask("GET", "/token", { token: one })).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const late = await slow.ask("GET", "/token", { token: one });
    expect([late.status, late.headers.get("retry-after")]).toEqual([429, "2"]);
    expect((await slow.ask("GET", "/token", { token: other })).status).toBe(200);
    now += 2_000;
    expect((await slow.ask("GET", "/token", { token: one })).status).toBe(200);
  });
});

test("a fault inside is told without its inside, and changes nothing", async () => {
  const told: unknown[] = [];
  const log = { ...silentLog, error: (it: unknown) => void told.push(it), info: () => undefined } as unknown as typeof silentLog;
  const broken = await opened(store, { log });
  await store.query("alter table slugline.decision rename to decision_away");
  const answer = await broken.ask("POST", path, { token: hers, body: { revision: 1 }, headers: { "idempotency-key": "faulty" } });
  await store.query("alter table slugline.decision_away rename to decision");
  expect(answer.status).toBe(500);
  expect(JSON.stringify(answer.body)).not.toMatch(/decision|relation|\.ts|at /);
  expect(told).toHaveLength(1);
  expect(JSON.stringify(told)).not.toContain(hers);
  const again = await broken.ask("POST", path, { token: hers, body: { revision: 1 }, headers: { "idempotency-key": "faulty" } });
  expect([again.status, again.headers.get("idempotent-replayed")], "nothing was kept of the fault").toEqual([200, null]);
});

test("an answer has only the fields its schema lists: no hash, no settings, no secret", async () => {
  await store.query('update slugline.account set settings = \'{"tokenEnv": "CANARY_ENV"}\', state_why = null');
  await article();
  const { rows } = await store.query<{ token_hash: Buffer }>("select token_hash from slugline.api_token");
  for (const list of ["/posts", "/articles", "/accounts", "/links", "/deliveries", "/sources", "/tokens", "/token"]) {
    const text = JSON.stringify((await ask("GET", list, { token: hers })).body);
    expect(text).not.toMatch(/CANARY|hash|settings|changed|slug_/);
    for (const { token_hash: hash } of rows) expect(text).not.toContain(hash.toString("hex"));
  }
});

test("this test's own check is one: an answer that openapi.json does not promise fails it", async () => {
  const strange = await opened(store);
  strange.doors.request = async () => Response.json({ items: [{ secret: 1 }], next: null });
  await expect(strange.ask("GET", "/posts", { token: hers })).rejects.toThrow(/must/);
});
