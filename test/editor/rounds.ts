import { newId } from "../../src/lib/id.ts";
import { testStore } from "../support/store.ts";
import { cast } from "./cast.ts";
import { posted, seeded, SHORT_URL } from "./seed.ts";

/** An editor's door with an admin and an editor in it, and what it takes to walk around everywhere. */
export async function rounds() {
  const store = await testStore();
  const { editor, waiting } = await seeded(store);
  const admin = await cast(store, { role: "admin", accounts: {} });
  const rosa = await cast(store, { role: "editor", accounts: {} });

  const get = async (path: string, cookie = admin.cookie) => {
    const answer = await editor.request(path, { headers: { cookie } });
    return { status: answer.status, text: await answer.text() };
  };
  const stateOf = async (post: string) =>
    (await store.query<{ state: string }>("select state from slugline.post where id = $1", [post])).rows[0]!.state;

  /** Every page there is to look at, about these things. */
  function pages(of: { post: string; article: string; person: string }): string[] {
    const about: Readonly<Record<string, string>> = { posts: of.post, articles: of.article, people: of.person };
    return editor.routes
      .filter(({ method, path }) => method === "GET" && path !== "/live" && !path.startsWith("/assets/"))
      .map(({ path }) => path.replace(":id", about[path.split("/")[1]!] ?? newId()).replace(":token", "x"))
      .flatMap((path) =>
        path === "/posts" ? ["waiting", "approved", "rejected", "held"].map((state) => `/posts?state=${state}`) : [path],
      )
      .concat([`/?post=${of.post}`, `/posts/${of.post}/newer?revision=9`]);
  }

  /** A post that is out as far as anybody can tell: in the queue's troubles, the history, the timeline. */
  async function everywhere(account: string, text: string) {
    const made = await waiting({ account, title: text, summary: text });
    const id = newId();
    await editor.request(`/posts/${made.post}/approval`, posted({ revision: "1", why: text }, admin.cookie));
    await store.query(
      `insert into slugline.delivery (id, post_id, revision, account_id, state, idempotency, attempts, why)
       select $1, id, revision, account_id, 'asked', 'k', 1, $3 from slugline.post where id = $2`,
      [id, made.post, text],
    );
    await store.query(
      "insert into slugline.timeline (id, account_id, key, text, link) select $1, account_id, id::text, $3, $4 from slugline.post where id = $2",
      [newId(), made.post, text, `${SHORT_URL}/${made.code}`],
    );
    await store.query("update slugline.link set state = 'live' where code = $1", [made.code]);
    return { ...made, delivery: id };
  }

  return { store, editor, waiting, admin, rosa, get, stateOf, pages, everywhere };
}
