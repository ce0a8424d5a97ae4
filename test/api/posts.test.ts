import { describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { approve } from "../../src/review/decide.ts";
import { testStore, until } from "../support/store.ts";
import { opened } from "./seed.ts";

const store = await testStore();
const { ask, token, person, account, waiting, delivery } = await opened(store);
const [rosa, omar] = [await person("Rosa"), await person("Omar")];
const [hers, robot] = [await token(undefined, { person: rosa }), await token(undefined, { name: "cms" })];

const about = (text: string, revision = 1) => ({ revision, text });

describe("a decision", () => {
  test("of a person's token is the person's, of a program's own the program's", async () => {
    const [one, other] = [await waiting(), await waiting()];
    const approved = await ask("POST", `/posts/${one.post}/approval`, { token: hers, body: { revision: 1 } });
    expect(approved.body).toMatchObject({ state: "approved", decision: { kind: "approve", by: "Rosa", revision: 1 } });
    const byProgram = await ask("POST", `/posts/${other.post}/approval`, { token: robot, body: { revision: 1 } });
    expect(byProgram.body).toMatchObject({ decision: { by: "token cms" } });
    const { rows } = await store.query("select by_person, by_rule from slugline.decision where post_id = any($1) order by at", [
      [one.post, other.post],
    ]);
    expect(rows).toEqual([
      { by_person: rosa, by_rule: null },
      { by_person: null, by_rule: "token cms" },
    ]);
  });

  test("that somebody else took first is a conflict that names who, when and how it stands", async () => {
    const { post } = await waiting();
    await approve(store, { postId: post, revision: 1, by: { person: omar } });
    const late = await ask("POST", `/posts/${post}/rejection`, { token: hers, body: { revision: 1 } });
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({
      type: "urn:slugline:problem:decided",
      detail: expect.stringMatching(/^Omar decided otherwise at 20.*approved\.$/),
      decided: { by: "Omar", at: expect.stringMatching(/Z$/), state: "approved", revision: 1 },
    });
  });

  test("about a text that is another one by now is a conflict", async () => {
    const { post, code } = await waiting();
    const text = `Omar's words https://go.example.org/${code}`;
    expect(
      (await ask("PATCH", `/posts/${post}`, { token: await token(["write"], { person: omar }), body: about(text) })).status,
    ).toBe(200);
    const late = await ask("POST", `/posts/${post}/approval`, { token: hers, body: { revision: 1 } });
    expect(late.body).toMatchObject({ status: 409, type: "urn:slugline:problem:changed", decided: { by: "Omar", revision: 2 } });
  });

  test("for a time that is over is refused, and one for later holds the post back", async () => {
    const { post } = await waiting();
    const past = await ask("POST", `/posts/${post}/schedule`, { token: hers, body: { revision: 1, at: "2020-01-01T00:00:00Z" } });
    expect(past.body).toMatchObject({ status: 422, errors: [{ path: "at" }] });
    const later = await ask("POST", `/posts/${post}/schedule`, {
      token: hers,
      body: { revision: 1, at: "2040-01-01T02:00:00+02:00" },
    });
    expect(later.body).toMatchObject({ state: "approved", notBefore: "2040-01-01T00:00:00.000Z" });
  });

  test("is taken back by who may, once, and then waits for a person", async () => {
    const { post } = await waiting();
    await store.query("update slugline.post set mode = 'auto' where id = $1", [post]);
    await ask("POST", `/posts/${post}/approval`, { token: robot, body: { revision: 1 } });
    expect((await ask("DELETE", `/posts/${post}/approval`, { token: robot })).body).toMatchObject({
      status: 403,
      type: "urn:slugline:problem:person-missing",
    });
    expect((await ask("DELETE", `/posts/${post}/approval`, { token: hers })).body).toMatchObject({
      state: "waiting",
      mode: "review",
    });
    expect((await ask("DELETE", `/posts/${post}/approval`, { token: hers })).body).toMatchObject({
      status: 409,
      decided: { by: "Rosa", state: "waiting" },
    });
  });

  test("fifty times at once is one decision", async () => {
    const { post } = await waiting();
    const came = await Promise.all(
      Array.from({ length: 50 }, () => ask("POST", `/posts/${post}/approval`, { token: hers, body: { revision: 1 } })),
    );
    expect(came.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(came.filter(({ status }) => status === 409)).toHaveLength(49);
    expect((await store.query("select from slugline.decision where post_id = $1", [post])).rows).toHaveLength(1);
  });
});

describe("a post's text", () => {
  test("is changed about the revision that was seen, named in the body or by If-Match", async () => {
    const { post, code } = await waiting();
    const link = `https://go.example.org/${code}`;
    const seen = await ask("GET", `/posts/${post}`, { token: hers });
    const etag = seen.headers.get("etag") ?? "";
    const matched = await ask("PATCH", `/posts/${post}`, {
      token: hers,
      body: { text: `One ${link}` },
      headers: { "if-match": etag },
    });
    expect([matched.status, matched.headers.get("etag"), matched.body["text"]]).toEqual([200, '"2"', `One ${link}`]);
    expect(matched.body["revisions"]).toMatchObject([
      { revision: 2, by: "Rosa" },
      { revision: 1, by: null },
    ]);
    const late = await ask("PATCH", `/posts/${post}`, {
      token: hers,
      body: { text: `Two ${link}` },
      headers: { "if-match": etag },
    });
    expect(late.status).toBe(412);
    expect((await ask("PATCH", `/posts/${post}`, { token: hers, body: about(`Two ${link}`) })).status).toBe(409);
    expect((await ask("PATCH", `/posts/${post}`, { token: hers, body: { text: `Two ${link}` } })).status).toBe(428);
    expect(
      (await ask("PATCH", `/posts/${post}`, { token: hers, body: { text: `Two ${link}` }, headers: { "if-match": "*" } })).status,
    ).toBe(428);
  });

  test("that cannot go out is refused with where and why", async () => {
    const { post, code } = await waiting();
    const link = `https://go.example.org/${code}`;
    for (const [text, word] of [
      ["", "empty"],
      ["no link", "link-missing"],
      [`${"long ".repeat(200)}${link}`, "too-long"],
    ])
      expect((await ask("PATCH", `/posts/${post}`, { token: hers, body: about(text ?? "") })).body).toMatchObject({
        status: 422,
        type: `urn:slugline:problem:${word}`,
        errors: [{ path: "text", problem: expect.any(String) }],
      });
  });

  test("stays once the post is on its way", async () => {
    const { post, code } = await delivery("sending");
    expect(
      (await ask("PATCH", `/posts/${post}`, { token: hers, body: about(`Late https://go.example.org/${code}`) })).status,
    ).toBe(409);
    expect((await ask("DELETE", `/posts/${post}/approval`, { token: hers })).body).toMatchObject({
      status: 409,
      type: "urn:slugline:problem:on-its-way",
    });
  });
});

describe("an answer about a delivery", () => {
  test("is a person's, needs the address for `there`, and is given once", async () => {
    const it = await delivery("asked");
    const path = `/deliveries/${it.delivery}/answer`;
    expect((await ask("POST", path, { token: robot, body: { answer: "drop" } })).status).toBe(403);
    expect((await ask("POST", path, { token: hers, body: { answer: "there" } })).body).toMatchObject({
      errors: [{ path: "url" }],
    });
    expect((await ask("POST", path, { token: hers, body: { answer: "there", url: "javascript:alert(1)" } })).status).toBe(422);
    const there = await ask("POST", path, { token: hers, body: { answer: "there", url: "https://mastodon.example/1" } });
    expect(there.body).toMatchObject({
      state: "posted",
      assumed: "person",
      url: "https://mastodon.example/1",
      tries: [{ kind: "send" }],
    });
    const again = await ask("POST", path, { token: await token(undefined, { person: omar }), body: { answer: "again" } });
    expect(again.body).toMatchObject({ status: 409, decided: { by: "Rosa", at: expect.any(String), state: "posted" } });
  });
});

describe("a token with a role on one account", () => {
  test("sees and decides there, and elsewhere there is nothing for it", async () => {
    const [mine, theirs] = [await waiting("desk-a"), await waiting("desk-b")];
    const [sent] = [await delivery("asked", "desk-b")];
    const narrow = await token(undefined, { role: "none", accounts: { [await account("desk-a")]: "editor" }, person: rosa });
    const ids = async (path: string) =>
      ((await ask("GET", path, { token: narrow })).body["items"] as { id: string; account?: unknown }[]).map(({ id }) => id);
    expect(await ids("/posts")).toEqual([mine.post]);
    // A transaction that ends at this very moment may hold the list back for a moment longer.
    const changed = await until(async () => {
      const found = await ids("/posts?order=changes");
      return found.length > 0 && found;
    });
    expect(changed).toEqual([mine.post]);
    expect(await ids("/deliveries")).toEqual([]);
    expect(await ids("/accounts")).toEqual([mine.account]);
    const codes = (await ask("GET", "/links", { token: narrow })).body["items"] as { code: string }[];
    expect(codes.map(({ code }) => code)).toEqual([mine.code]);
    const troubled = (await ask("GET", "/troubles", { token: narrow })).body["items"] as { code: string }[];
    expect(troubled.filter(({ code }) => code === "delivery-asked")).toEqual([]);
    for (const path of [
      `/posts/${theirs.post}`,
      `/links/${theirs.code}`,
      `/links/${theirs.code}/hours`,
      `/deliveries/${sent.delivery}`,
    ])
      expect((await ask("GET", path, { token: narrow })).status, path).toBe(404);
    for (const noun of ["approval", "rejection", "hold"])
      expect((await ask("POST", `/posts/${theirs.post}/${noun}`, { token: narrow, body: { revision: 1 } })).status).toBe(404);
    expect((await ask("PATCH", `/posts/${theirs.post}`, { token: narrow, body: about("x") })).status).toBe(404);
    expect((await ask("POST", `/deliveries/${sent.delivery}/answer`, { token: narrow, body: { answer: "drop" } })).status).toBe(
      404,
    );
    const seen = await ask("GET", `/articles/${theirs.article}`, { token: narrow });
    expect([seen.body["posts"], seen.body["links"]]).toEqual([[], []]);
    expect((await ask("POST", `/posts/${mine.post}/approval`, { token: narrow, body: { revision: 1 } })).status).toBe(200);
  });

  test("sees, but may not decide, where it is a viewer", async () => {
    const { post, account: id } = await waiting("desk-c");
    const it = await token(undefined, { role: "editor", accounts: { [id]: "viewer" } });
    expect((await ask("GET", `/posts/${post}`, { token: it })).status).toBe(200);
    expect((await ask("POST", `/posts/${post}/approval`, { token: it, body: { revision: 1 } })).body).toMatchObject({
      status: 403,
    });
  });

  test("may do no more than the person it belongs to", async () => {
    const { post } = await waiting();
    const viewer = await person("Vera", "viewer");
    const it = await token(undefined, { role: "admin", person: viewer });
    expect((await ask("POST", `/posts/${post}/approval`, { token: it, body: { revision: 1 } })).status).toBe(403);
    expect((await ask("GET", `/posts/${post}`, { token: it })).status).toBe(200);
    expect((await ask("GET", `/posts/${newId()}`, { token: it })).status).toBe(404);
  });
});

test("stopping says who stopped, and needs no person", async () => {
  expect((await ask("PUT", "/pause", { token: robot, body: { why: "wrong story" } })).body).toMatchObject({
    paused: { by: "token cms", why: "wrong story" },
  });
  expect((await ask("PUT", "/pause", { token: hers, body: {} })).body, "the first stays").toMatchObject({
    paused: { by: "token cms" },
  });
  expect((await ask("DELETE", "/pause", { token: hers })).body).toEqual({ paused: null });
});

describe("once an account is out of rehearsal", async () => {
  const newsroom = await testStore();
  const door = await opened(newsroom);
  test("a person's token decides only where the person has a second factor, as in the editor (ASVS 6.3.4)", async () => {
    const lina = await door.person("Lina");
    const [of, own] = [await door.token(undefined, { person: lina }), await door.token()];
    const posts = [await door.waiting(), await door.waiting(), await door.waiting()].map(({ post }) => post);
    const approve = (post: string, by: string) =>
      door.ask("POST", `/posts/${post}/approval`, { token: by, body: { revision: 1 } });
    expect((await approve(posts[0]!, of)).status).toBe(200);
    await newsroom.query("update slugline.account set rehearsal = false");
    expect((await approve(posts[1]!, of)).body).toMatchObject({ type: "urn:slugline:problem:second-factor-missing" });
    expect((await door.ask("GET", "/posts", { token: of })).status).toBe(200);
    expect((await approve(posts[2]!, own)).status, "a program's own token has no person behind it").toBe(200);
    await newsroom.query("update slugline.person set totp_at = slugline.now(), totp_sealed = '\\x00' where id = $1", [lina]);
    expect((await approve(posts[1]!, of)).status).toBe(200);
  });
});
