import { beforeAll, describe, expect, test } from "vitest";
import { testStore } from "../support/store.ts";
import { posted, seeded, SHORT_URL } from "./seed.ts";

const store = await testStore();
const { editor, person, waiting } = await seeded(store);
let rosa = { id: "", cookie: "" };
let sami = { id: "", cookie: "" };

beforeAll(async () => {
  rosa = await person("Rosa", "editor");
  sami = await person("Sami", "editor");
});

const get = async (path: string, cookie = rosa.cookie) => {
  const answer = await editor.request(path, { headers: { cookie } });
  return { status: answer.status, text: await answer.text() };
};
const stateOf = async (id: string) =>
  (await store.query<{ state: string; revision: number }>("select state, revision from slugline.post where id = $1", [id]))
    .rows[0]!;

describe("the queue", () => {
  test("shows a post as the network will: text, language and direction, short link, count and limit, story beside it", async () => {
    const { post, code } = await waiting({
      account: "masto-ar",
      lang: "ar",
      dir: "rtl",
      title: "افتتاح الجسر القديم",
      summary: "قال المجلس إن المشاة يعبرون.",
    });
    const { text } = await get(`/?post=${post}`);
    expect(text).toContain('dir="rtl" lang="ar"');
    expect(text).toContain(`title="${SHORT_URL}/${code}">go.example.org/${code}`);
    expect(text).toMatch(/<span class="">\d+ \/ 500<\/span>/);
    expect(text).toContain("The article on its site");
  });

  test("what an article says is text, never HTML", async () => {
    const { post } = await waiting({ title: '<img src=x onerror="alert(1)">' });
    const { text } = await get(`/?post=${post}`);
    expect(text).not.toContain("<img src=x");
    expect(text).toContain("&lt;img src=x");
  });

  test("breaking news stands first, then the oldest", async () => {
    const { post } = await waiting({ priority: "breaking" });
    const { text } = await get("/");
    expect(/data-row="([^"]+)"/.exec(text)?.[1]).toBe(post);
    await editor.request(`/posts/${post}/rejection`, posted({ revision: "1" }, rosa.cookie));
  });

  test("approving decides about the revision shown and goes on to the next post", async () => {
    const first = await waiting();
    const second = await waiting();
    const answer = await editor.request(`/posts/${first.post}/approval`, posted({ revision: "1" }, rosa.cookie));
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe(`/?post=${second.post}&said=approved&of=${first.post}`);
    expect(await stateOf(first.post)).toEqual({ state: "approved", revision: 1 });
    expect((await get(answer.headers.get("location")!)).text).toContain("Approved. It goes out");
  });

  test("the second of two editors is told who was first", async () => {
    const { post } = await waiting();
    await editor.request(`/posts/${post}/rejection`, posted({ revision: "1", why: "not ours" }, sami.cookie));
    const answer = await editor.request(`/posts/${post}/approval`, posted({ revision: "1" }, rosa.cookie));
    expect(answer.status).toBe(409);
    expect(await answer.text()).toMatch(/Sami was first, at .*GMT\+3: the post is already “Rejected”/);
    expect((await stateOf(post)).state).toBe("rejected");
  });

  test("an approval of a text that changed meanwhile does nothing but say so", async () => {
    const { post, code } = await waiting();
    await editor.request(
      `/posts/${post}/revisions`,
      posted({ revision: "1", text: `Shorter. ${SHORT_URL}/${code}`, next: "wait" }, sami.cookie),
    );
    const answer = await editor.request(`/posts/${post}/approval`, posted({ revision: "1" }, rosa.cookie));
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("Sami changed this text at");
    expect(await stateOf(post)).toEqual({ state: "waiting", revision: 2 });
  });

  test("a viewer sees why the buttons do nothing, and cannot decide by posting either", async () => {
    const vera = await person("Vera", "viewer");
    const { post } = await waiting();
    expect((await get(`/?post=${post}`, vera.cookie)).text).toContain("Your role may look, not decide.");
    expect((await editor.request(`/posts/${post}/approval`, posted({ revision: "1" }, vera.cookie))).status).toBe(403);
    expect((await stateOf(post)).state).toBe("waiting");
  });

  test("a post is scheduled by the newsroom's clocks, not the browser's", async () => {
    const { post } = await waiting();
    await editor.request(`/posts/${post}/schedule`, posted({ revision: "1", at: "2099-06-01T09:00" }, rosa.cookie));
    const { rows } = await store.query<{ not_before: Date }>("select not_before from slugline.post where id = $1", [post]);
    expect(rows[0]!.not_before.toISOString()).toBe("2099-06-01T06:00:00.000Z");
  });
});

describe("editing", () => {
  test("a text that is too long says by how much, and keeps what was typed", async () => {
    const { post, code } = await waiting();
    const text = `${"a".repeat(500)} ${SHORT_URL}/${code}`;
    const answer = await editor.request(`/posts/${post}/revisions`, posted({ revision: "1", text, next: "wait" }, rosa.cookie));
    expect(answer.status).toBe(422);
    const page = await answer.text();
    expect(page).toContain("Too long by 24 characters; 500 fit.");
    expect(page).toContain(text);
  });

  test("two texts that collide are both shown, and neither is lost", async () => {
    const { post, code } = await waiting();
    const theirs = `Theirs ${SHORT_URL}/${code}`;
    const mine = `Mine ${SHORT_URL}/${code}`;
    await editor.request(`/posts/${post}/revisions`, posted({ revision: "1", text: theirs, next: "wait" }, sami.cookie));
    expect((await get(`/posts/${post}/newer?revision=1`)).text).toContain(theirs);
    const answer = await editor.request(
      `/posts/${post}/revisions`,
      posted({ revision: "1", text: mine, next: "approve" }, rosa.cookie),
    );
    const page = await answer.text();
    expect(answer.status).toBe(409);
    expect(page).toContain(theirs);
    expect(page).toContain(mine);
    expect(page).toContain('name="revision" value="2"');
  });

  test("save and approve approves exactly the new text", async () => {
    const { post, code } = await waiting();
    await editor.request(
      `/posts/${post}/revisions`,
      posted({ revision: "1", text: `Mine ${SHORT_URL}/${code}`, next: "approve" }, rosa.cookie),
    );
    expect(await stateOf(post)).toEqual({ state: "approved", revision: 2 });
    const { text } = await get(`/posts/${post}`);
    expect(text).toContain("Rosa approved revision 2");
  });

  test("a decision can be taken back while nothing of it is on its way", async () => {
    const { post } = await waiting();
    await editor.request(`/posts/${post}/hold`, posted({ revision: "1", why: "ask the lawyer" }, rosa.cookie));
    expect((await get("/posts?state=held")).text).toContain("ask the lawyer");
    await editor.request(`/posts/${post}/release`, posted({}, rosa.cookie));
    expect((await stateOf(post)).state).toBe("waiting");
  });
});

test("articles that came in a flood wait on the front page until a person says what they are", async () => {
  const { article } = await waiting();
  await store.query("update slugline.article set state = 'held' where id = $1", [article]);
  const action = /action="(\/sources\/[^"]+\/held)"/.exec((await get("/")).text)![1]!;
  await editor.request(action, posted({ answer: "known" }, rosa.cookie));
  const { rows } = await store.query<{ state: string }>("select state from slugline.article where id = $1", [article]);
  expect(rows[0]!.state).toBe("baseline");
});

test("an unclear delivery is asked about on the front page, with its three answers, and the first one counts", async () => {
  const { post } = await waiting();
  await editor.request(`/posts/${post}/approval`, posted({ revision: "1" }, rosa.cookie));
  const id = "01a00000-0000-7000-8000-000000000001";
  await store.query(
    `insert into slugline.delivery (id, post_id, revision, account_id, state, idempotency, attempts, why)
     select $1, id, revision, account_id, 'asked', 'k', 1, 'The network did not answer.' from slugline.post where id = $2`,
    [id, post],
  );
  const { text } = await get("/");
  for (const said of ["It is there", "It is not there: send again", "Drop it", "The network did not answer."])
    expect(text).toContain(said);
  const there = await editor.request(
    `/deliveries/${id}/answer`,
    posted({ answer: "there", url: "https://mastodon.example/@x/1" }, rosa.cookie),
  );
  expect(there.headers.get("location")).toBe("/?said=answered");
  const late = await editor.request(`/deliveries/${id}/answer`, posted({ answer: "again" }, sami.cookie));
  expect(late.status).toBe(409);
});

test("the stop switch is on every page, and one press shows it big", async () => {
  for (const path of ["/", "/posts", "/timeline", "/articles", "/links", "/accounts", "/sources", "/history"]) {
    const { status, text } = await get(path);
    expect(status, path).toBe(200);
    expect(text, path).toContain("Stop all sending");
  }
  const answer = await editor.request("/pause", posted({ back: "/links" }, rosa.cookie));
  expect(answer.headers.get("location")).toBe("/links?said=stopped");
  expect((await get("/links")).text).toContain("All sending is stopped.");
  await editor.request("/resume", posted({ back: "//evil.example" }, rosa.cookie));
  expect((await get("/")).text).toContain("Stop all sending");
});
