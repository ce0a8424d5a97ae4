import type { Accepted, Begun, Ended, Fault, History } from "../history.ts";
import type { Told } from "./actors.ts";
import type { World } from "./world.ts";

/** Everything the judge needs, read from the rows and from the networks themselves. */
export async function historyOf(world: World, told: Told): Promise<History> {
  const { store, posts } = world;
  const [
    { rows: deliveries },
    { rows: states },
    { rows: parts },
    { rows: begun },
    { rows: embargoed },
    { rows: spaced },
    placed,
  ] = await Promise.all([
    store.query<Ended>(
      `select d.id, d.post_id as post, a.name as account, d.state, d.remote_id as "remoteId", d.assumed, d.why, r.text,
              exists (select from slugline.decision c where c.post_id = d.post_id and c.revision = d.revision
                and c.kind in ('approve', 'schedule')) as "wasApproved"
         from slugline.delivery d join slugline.account a on a.id = d.account_id
         join slugline.post_revision r on r.post_id = d.post_id and r.revision = d.revision order by d.created_at, d.id`,
    ),
    store.query<{ id: string; state: string }>("select id, state from slugline.post"),
    store.query<{ id: string; before: string }>(
      "select id, reply_to_id as before from slugline.post where part > 1 and removed_at is null",
    ),
    store.query<Begun>(
      `select a.name as account, d.post_id as post, (extract(epoch from t.began_at) * 1000)::float8 as at
         from slugline.attempt t join slugline.delivery d on d.id = t.delivery_id join slugline.account a on a.id = d.account_id
        where t.kind = 'send'`,
    ),
    store.query<{ id: string; at: number }>(
      `select p.id, (extract(epoch from r.embargo_until) * 1000)::float8 as at
         from slugline.post p join slugline.article r on r.id = p.article_id where r.embargo_until is not null`,
    ),
    store.query<{ name: string; ms: number }>("select name, spacing_s * 1000 as ms from slugline.account where spacing_s > 0"),
    acceptedOf(world),
  ]);
  return {
    acts: told.acts,
    accepted: placed,
    deliveries,
    posts: new Map(states.filter(({ id }) => posts.some((post) => post.id === id)).map(({ id, state }) => [id, state])),
    before: new Map(parts.map(({ id, before }) => [id, before])),
    begun,
    paused: told.paused,
    spacing: new Map(spaced.map(({ name, ms }) => [name, ms])),
    notBefore: new Map(embargoed.map(({ id, at }) => [id, at])),
  };
}

async function acceptedOf(world: World): Promise<Accepted[]> {
  const { rows } = await world.store.query<{ id: string; code: string }>(
    "select p.id, l.code from slugline.post p join slugline.link l on l.id = p.link_id",
  );
  const byCode = new Map(rows.map(({ id, code }) => [code, id]));
  const { rows: worded } = await world.store.query<{ id: string; text: string }>(
    "select p.id, r.text from slugline.post p join slugline.post_revision r on r.post_id = p.id where p.link_id is null",
  );
  const byText = new Map(worded.map(({ id, text }) => [text, id]));
  const postOf = (link: string | null, text: string) =>
    (link === null ? byText.get(text) : byCode.get(link.split("/").at(-1) ?? "")) ?? `nobody's: ${text}`;
  const accounts = new Map(world.posts.map(({ accountId, account }) => [accountId, account]));
  const remote = [...world.servers.values()].flatMap(({ standing }) =>
    standing.map(({ id, accountId, text, link, parent, writtenAt }) => ({
      post: postOf(link, text),
      account: accounts.get(accountId) ?? accountId,
      id,
      text,
      parent,
      writtenAt,
    })),
  );
  const { rows: local } = await world.store.query<{ id: string; text: string; link: string | null; parent: string | null }>(
    "select id, text, link, reply_to as parent from slugline.timeline",
  );
  const placed = local.map(({ id, text, link, parent }) => ({
    post: postOf(link, text),
    account: "local",
    id,
    text,
    parent,
    writtenAt: world.placedAt.get(text) ?? 0,
  }));
  return [...remote, ...placed];
}

/** All that is known of one post, for whoever has to find out what went wrong. */
export async function storyOf(world: World, history: History, fault: Fault): Promise<string> {
  const rows = async (sql: string) =>
    (await world.store.query<{ line: string }>(sql, [fault.post])).rows.map(({ line }) => `  ${line}`).join("\n");
  const of = <Of extends { readonly post: string }>(all: readonly Of[]) =>
    all
      .filter(({ post }) => post === fault.post)
      .map((it) => `  ${JSON.stringify(it)}`)
      .join("\n");
  const account = world.posts.find(({ id }) => id === fault.post)?.account ?? "?";
  return [
    `${fault.invariant}: post ${fault.post} (${account}) ${fault.sentence}`,
    `acts:\n${of(history.acts)}`,
    `on the network:\n${of(history.accepted)}`,
    `deliveries:\n${of(history.deliveries)}`,
    `attempts:\n${await rows(
      `select concat_ws(' ', to_char(t.began_at, 'HH24:MI:SS.MS'), to_char(t.ended_at, 'HH24:MI:SS.MS'), t.kind, t.epoch, t.outcome, t.why) as line
         from slugline.attempt t join slugline.delivery d on d.id = t.delivery_id where d.post_id = $1 order by t.began_at, t.id`,
    )}`,
    `history:\n${await rows(
      "select concat_ws(' ', to_char(at, 'HH24:MI:SS.MS'), kind, data) as line from slugline.event where post_id = $1 order by at, id",
    )}`,
    `the run's last steps:\n  ${world.gate.trace.slice(-400).join("\n  ")}`,
  ].join("\n");
}
