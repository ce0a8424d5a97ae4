import { newId } from "../../src/lib/id.ts";
import { invite } from "../../src/newsroom/invitation.ts";
import { tell } from "../../src/store/history.ts";
import type { TestStore } from "../support/store.ts";
import { NETWORKS, PICTURE, waitingOn } from "./networks.ts";
import { fileOf } from "./pseudo.ts";
import type { Desk } from "./seed.ts";
import { accountsOfAllKinds, connecting, forReal } from "./stage-accounts.ts";
import { saidAfter } from "./stage-after.ts";

const DELIVERIES = ["due", "sending", "posted", "refused", "locked-out", "unknown", "asked", "stale", "cancelled"] as const;

/** A newsroom in which everything has happened, so that every page has all it can show. */
export interface Stage {
  /** Every page of the editor that an admin may open, in all its states. */
  readonly paths: readonly string[];
  /** The page of a thread that waits. */
  readonly thread: string;
  /** An invitation's page, for somebody who is not signed in. */
  readonly invitation: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** From here on some accounts are out of rehearsal, and the person has a second factor. Answers with the pages that show it. */
  forReal(): Promise<string[]>;
  /** As after a restore, until `start`; while a post is looked for, and then. */
  restored(sought: boolean): Promise<void>;
}

export async function staged(store: TestStore, desk: Desk, person: string): Promise<Stage> {
  const { waiting, stories } = desk;
  const first = [];
  for (const story of stories) first.push(await waiting(story));
  const [plain] = first;
  if (!plain) throw new Error("no story");
  const breaking = await waiting({ priority: "breaking", title: "Bridge closed again" });
  await store.query(
    "update slugline.post set mode = 'auto', mode_why = 'rule 2', not_after = slugline.now() - interval '1 hour' where id = $1",
    [breaking.post],
  );
  const embargoed = await waiting({ title: "Under embargo" });
  await store.query("update slugline.article set embargo_until = slugline.now() + interval '3 hours' where id = $1", [
    embargoed.article,
  ]);

  const cards = [];
  for (const network of NETWORKS) for (const like of LIKE) cards.push((await waitingOn(store, desk, network, like)).post);

  const posts = [];
  for (const state of DELIVERIES) posts.push(await delivered(state));
  for (const why of ["network-limit", "network-failing", "gathering-pace", "account-locked-out"])
    posts.push(await delivered("due", why));
  posts.push(await delivered("asked", "held-too-long"), await delivered("unknown", "look-waits"));
  for (const [state, kind] of [
    ["rejected", "reject"],
    ["held", "hold"],
    ["expired", "expire"],
    ["approved", "schedule"],
  ] as const) {
    const { post } = await waiting();
    await decided(post, state, kind, kind === "expire" ? null : person);
    posts.push(post);
  }

  const articles = [];
  for (const state of ["seen", "ready", "baseline", "held", "duplicate", "failed", "removed"]) {
    const { article, post } = await waiting();
    await store.query("delete from slugline.post_revision where post_id = $1", [post]);
    await store.query("delete from slugline.post where id = $1", [post]);
    await store.query(
      `update slugline.article set state = $2, unclaimed = $2 = 'ready', error = case when $2 = 'failed' then 'The page answered 404.' end,
              first_seen_at = slugline.now() - interval '20 minutes' where id = $1`,
      [article, state],
    );
    articles.push(article);
  }
  for (const kind of ["edited", "removed", "restored"])
    await store.query("insert into slugline.article_change (id, article_id, kind, version) values ($1, $2, $3, 2)", [
      newId(),
      plain.article,
      kind,
    ]);

  await sources();
  await accountsOfAllKinds(store);
  await links();
  await timeline();
  await history();

  const invited = await invite(store, { email: "new@example.org", by: person, role: "writer", accounts: {} });

  const after = await saidAfter(store, desk, person, delivered);
  const paths = [
    "/",
    ...[plain, breaking, embargoed].map(({ post }) => `/?post=${post}`),
    `/posts/${plain.post}/edit`,
    ...cards.flatMap((post) => [`/?post=${post}`, `/posts/${post}/edit`]),
    ...["waiting", "approved", "rejected", "held", "expired"].map((state) => `/posts?state=${state}`),
    ...posts.map((post) => `/posts/${post}`),
    "/timeline",
    "/articles",
    `/articles/${plain.article}`,
    ...articles.map((article) => `/articles/${article}`),
    ...after,
    "/links",
    "/accounts",
    "/accounts/connect",
    "/connect/mastodon/callback?state=made-up",
    ...(await connecting(store, person)),
    "/sources",
    "/history",
    "/me",
    "/people",
    `/people/${person}`,
    "/nothing/here",
  ];
  return {
    paths,
    thread: after[0]!,
    invitation: `/invitations/${invited.ok ? invited.token : ""}`,
    forReal: () => forReal(store, person),
    async stop() {
      await store.query("update slugline.newsroom set paused_at = slugline.now(), paused_by = 'Rosa', paused_why = 'rumours'");
    },
    async start() {
      await store.query(
        "update slugline.newsroom set paused_at = null, paused_by = null, paused_why = null, restored_at = null, backup_at = null",
      );
      await store.query("update slugline.delivery set sought = null");
    },
    async restored(sought) {
      await store.query(
        `update slugline.newsroom set backup_at = slugline.now() - interval '1 day', restored_at = slugline.now(), paused_at = slugline.now(),
                paused_by = 'slugline restore', paused_why = 'restored'`,
      );
      await store.query("update slugline.delivery set sought = case when $1 or state <> 'unknown' then 'any' end", [sought]);
    },
  };

  async function decided(post: string, state: string, kind: string, by: string | null): Promise<void> {
    await store.query("update slugline.post set state = $2 where id = $1", [post, state]);
    await store.query(
      `insert into slugline.decision (id, post_id, revision, kind, by_person, by_rule, until, why)
       values ($1, $2, 1, $3, $4, case when $4::uuid is null then 'stale' end, case when $3::text in ('hold', 'schedule') then slugline.now() + interval '2 days' end, $5)`,
      [newId(), post, kind, by, kind === "reject" ? "رأيته من قبل" : null],
    );
  }

  async function delivered(state: (typeof DELIVERIES)[number], said: string | null = null): Promise<string> {
    const { post } = await waiting();
    await decided(post, "approved", "approve", person);
    const id = newId();
    const { rows } = await store.query<{ account_id: string }>("select account_id from slugline.post where id = $1", [post]);
    await store.query(
      `insert into slugline.delivery (id, post_id, revision, account_id, state, idempotency, why, unknown_at, remote_id, remote_url, posted_at)
       values ($1, $2, 1, $3, $4, $5, $6, slugline.now(), $7, 'https://mastodon.example/@a/1', case when $7::text is null then null else slugline.now() end)`,
      [
        id,
        post,
        rows[0]?.account_id,
        state,
        `key-${id}`,
        said ?? (state === "due" ? "spacing" : state === "refused" ? "Validation failed: text is too long" : null),
        state === "posted" ? id : null,
      ],
    );
    for (const [kind, outcome, why] of ATTEMPTS)
      await store.query(
        "insert into slugline.attempt (id, delivery_id, epoch, kind, outcome, why) values ($1, $2, 1, $3, $4, $5)",
        [newId(), id, kind, outcome, why],
      );
    return post;
  }

  async function sources(): Promise<void> {
    const { rows } = await store.query<{ id: string }>("select id from slugline.source limit 1");
    for (const outcome of ["new", "nothing-new", "not-modified", "failed"])
      await store.query(
        "insert into slugline.source_check (id, source_id, outcome, status, items, fresh, took_ms, error) values ($1, $2, $3, 200, 12, 2, 30, $4)",
        [newId(), rows[0]?.id, outcome, outcome === "failed" ? "connect ECONNREFUSED" : null],
      );
    await store.query(
      `insert into slugline.source (id, name, kind, url, origin, state, state_why, failures, failing_since, error, moved_to, last_ok_at)
       values ($1, 'gone-feed', 'feed', 'https://example.org/old', 'file', 'gone', 'It answered 410.', 0, null, null, 'https://example.org/new', slugline.now() - interval '3 days'),
              ($2, 'failing-feed', 'feed', 'https://example.org/slow', 'file', 'active', null, 4, slugline.now() - interval '2 hours', 'connect ECONNREFUSED', null, null),
              ($3, 'cms', 'hook', null, 'file', 'active', null, 0, null, null, null, null)`,
      [newId(), newId(), newId()],
    );
  }

  async function links(): Promise<void> {
    await store.query("update slugline.link set state = 'live', live_at = slugline.now() where number % 2 = 0");
    await store.query("update slugline.link set state = 'retired' where number % 5 = 0");
    await store.query(
      `insert into slugline.click_hour (link_number, hour, class, count)
       select number, date_trunc('hour', slugline.now()), class, number * 123 from slugline.link, unnest('{click,bot}'::text[]) class where state = 'live'`,
    );
  }

  async function timeline(): Promise<void> {
    for (const [name, lang, text] of [
      ["masto-en", "en", "Old bridge opens again https://go.example.org/abcdefgh #news"],
      ["masto-ar", "ar", "افتتاح الجسر القديم https://go.example.org/abcdefgi #أخبار"],
    ])
      await store.query(
        `insert into slugline.timeline (id, account_id, key, text, lang, link, edited_at)
         select $1::uuid, id, $1::uuid::text, $3, $4, 'https://go.example.org/abcdefgh', slugline.now() from slugline.account where name = $2`,
        [newId(), name, text, lang],
      );
  }

  async function history(): Promise<void> {
    const kinds = Object.keys(fileOf("en")).filter((key) => /^history\.\w+-|^history\.(?:paused|resumed)$/.test(key));
    const { rows } = await store.query<{ account: string; source: string }>(
      "select (select id from slugline.account limit 1) as account, (select id from slugline.source limit 1) as source",
    );
    for (const [at, kind] of kinds.entries())
      await tell(store, {
        kind: kind.slice("history.".length),
        article: plain?.article ?? null,
        account: rows[0]?.account ?? null,
        source: rows[0]?.source ?? null,
        person: at % 2 === 0 ? person : null,
        data: {
          rule: "account masto-en",
          whom: "Rosa",
          role: "editor",
          host: "mastodon.example.org",
          why: at % 3 === 0 ? "connect ECONNREFUSED" : undefined,
        },
      });
  }
}

/** Kinds of posts that networks show each in its own way. */
const LIKE = [
  {},
  { media: [{ url: PICTURE, alt: "" }], sensitive: true, why: ["social", "fewer tags", "a shorter headline", "3 of 500"] },
  { linked: false, spoiler: "Pictures of violence", why: ["person"] },
];

const ATTEMPTS = [
  ["send", "busy", "429 Too many requests"],
  ["send", "unknown", "read ECONNRESET"],
  ["look", "absent", null],
  ["look", "cannot-tell", "The network did not answer."],
  ["send", null, null],
] as const;
