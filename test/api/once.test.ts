import { describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { advance, testStore } from "../support/store.ts";
import { opened } from "./seed.ts";

const store = await testStore();
const { ask, token, person, waiting, article } = await opened(store);
const rosa = await person("Rosa");
const hers = await token(undefined, { person: rosa });

const approval = (post: string, key: string, it: { token?: string; body?: unknown } = {}) =>
  ask("POST", `/posts/${post}/approval`, {
    token: it.token ?? hers,
    body: it.body ?? { revision: 1 },
    headers: { "idempotency-key": key },
  });

describe("a request with an Idempotency-Key", () => {
  test("asked again is done once and answered the same", async () => {
    const { post } = await waiting();
    const first = await approval(post, "key-1");
    const again = await approval(post, "key-1");
    expect([first.status, first.headers.get("idempotent-replayed")]).toEqual([200, null]);
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
    expect(again.body).toEqual(first.body);
    expect((await store.query("select from slugline.decision where post_id = $1", [post])).rows).toHaveLength(1);
  });

  test("keeps a refusal too, with its headers, and a made link's place", async () => {
    const { post } = await waiting();
    await approval(post, newId());
    const key = newId();
    const refused = await approval(post, key);
    await ask("DELETE", `/posts/${post}/approval`, { token: hers });
    const again = await approval(post, key);
    expect([refused.status, again.status, again.headers.get("content-type")]).toEqual([409, 409, "application/problem+json"]);
    const { url } = await article();
    const make = () => ask("POST", "/links", { token: hers, body: { url }, headers: { "idempotency-key": `${key}-link` } });
    const [made, replayed] = [await make(), await make()];
    expect([replayed.status, replayed.headers.get("location")]).toEqual([201, made.headers.get("location")]);
  });

  test("with other words under the same key is refused; another token's key is another", async () => {
    const [one, other] = [await waiting(), await waiting()];
    await approval(one.post, "shared");
    expect((await approval(other.post, "shared")).body).toMatchObject({ status: 422, type: "urn:slugline:problem:key-reused" });
    expect((await approval(one.post, "shared", { body: { revision: 1, why: "x" } })).status).toBe(422);
    expect((await approval(other.post, "shared", { token: await token(undefined, { person: rosa }) })).status).toBe(200);
  });

  test("sent twenty times at once is done once; the others are told to come back, or answered the same", async () => {
    const { post } = await waiting();
    const came = await Promise.all(Array.from({ length: 20 }, () => approval(post, "crowd")));
    expect((await store.query("select from slugline.decision where post_id = $1", [post])).rows).toHaveLength(1);
    expect(came.filter(({ status, headers }) => status === 200 && headers.get("idempotent-replayed") === null)).toHaveLength(1);
    for (const { status, body, headers } of came)
      if (status !== 200) expect([body["type"], headers.get("retry-after")]).toEqual(["urn:slugline:problem:under-way", "1"]);
    expect((await approval(post, "crowd")).headers.get("idempotent-replayed")).toBe("true");
  });

  test("is remembered for a day", async () => {
    const { post } = await waiting();
    await approval(post, "yesterday");
    await advance(store, "23h");
    expect((await approval(post, "yesterday")).status).toBe(200);
    await advance(store, "2h");
    expect((await approval(post, "yesterday")).body).toMatchObject({ status: 409, type: "urn:slugline:problem:decided" });
    await approval((await waiting()).post, newId());
    const { rows } = await store.query<{ old: number }>(
      "select count(*)::int as old from slugline.api_answer where at < slugline.now() - interval '24 hours'",
    );
    expect(rows[0]?.old, "what is over goes").toBe(0);
  });

  test.each(["", "a b", "é", "x".repeat(256)])("a key such as %j is refused", async (key) => {
    const { post } = await waiting();
    const answer = await approval(post, key).catch(() => undefined);
    expect([400, undefined], "undefined: no such header can be sent").toContain(answer?.status);
  });
});
