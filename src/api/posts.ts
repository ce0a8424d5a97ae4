import { z } from "zod";
import { shortUrlOf } from "../link/link.ts";
import { may, type Act } from "../newsroom/person.ts";
import type { ApiToken } from "../newsroom/token.ts";
import { POST_STATES } from "../post/post.ts";
import type { Db } from "../store/db.ts";
import type { ApiDeps } from "./deps.ts";
import { allOf, listed, listQuery, named, seen, where } from "./list.ts";
import { notFound, problem, type Told } from "./problem.ts";
import { ok, route, type Route } from "./route.ts";
import { dir, id, listOf, moment } from "./schemas.ts";

const decision = {
  kind: z.enum(["approve", "reject", "hold", "release", "schedule", "expire"]),
  revision: z.int(),
  by: z.string().nullable().describe("A person's name, or the rule or token that decided."),
  at: moment,
  until: moment.nullable(),
  why: z.string().nullable(),
};
const Decision = z.object(decision).meta({ id: "Decision" });

const line = {
  id,
  state: z.enum(POST_STATES),
  account: z.object({ id, name: z.string(), network: z.string() }),
  article: z.object({ id, title: z.string(), url: z.string() }),
  occasion: z.enum(["first", "reshare", "correction"]),
  round: z.int().describe("Of its occasion: the second reshare is round 2."),
  part: z.int().describe("Of its thread, from 1. Parts of one account, article, occasion and round are decided as one."),
  replyTo: id.nullable().describe("The post it answers: the part before it, or the one it corrects."),
  outdated: z.boolean().describe("The article changed after the post went out: a correction may be needed."),
  mode: z.enum(["review", "auto"]),
  modeWhy: z.string(),
  priority: z.enum(["normal", "breaking"]),
  revision: z.int().describe("Decide about this one; give it back with every decision."),
  text: z.string(),
  lang: z.string().nullable(),
  dir,
  media: z.array(z.object({ url: z.string(), alt: z.string() })),
  sensitive: z.boolean(),
  spoiler: z.string().nullable(),
  link: z.string().nullable().describe("Its own short link, which stands in the text once."),
  notBefore: moment.nullable(),
  notAfter: moment.nullable(),
  created: moment,
  updated: moment,
  decision: Decision.nullable().describe("The last one."),
};

const PostLine = z.object(line).meta({ id: "PostLine" });

export const Post = z
  .object({
    ...line,
    revisions: z.array(
      z.object({
        revision: z.int(),
        text: z.string(),
        lang: z.string().nullable(),
        dir,
        at: moment,
        by: z.string().nullable().describe("Who wrote it; null: the account's voice."),
      }),
    ),
    decisions: z.array(Decision),
    deliveries: z.array(
      z.object({ id, state: z.string(), revision: z.int(), url: z.string().nullable(), posted: moment.nullable() }),
    ),
  })
  .meta({ id: "Post" });

const LINE = `p.id, p.state, p.occasion, p.round, p.part, p.reply_to_id as "replyTo", p.mode, p.mode_why as "modeWhy", p.priority, p.revision, r.text, r.lang, r.dir, r.media,
  r.sensitive, r.spoiler, l.code, greatest(p.not_before, s.embargo_until) as "notBefore", p.not_after as "notAfter", p.created_at as created, p.updated_at as updated,
  s.version > p.article_version and exists (select from slugline.delivery o
    where o.post_id = p.id and o.state in ('sending', 'unknown', 'asked', 'posted')) as outdated,
  jsonb_build_object('id', a.id, 'name', a.name, 'network', a.network) as account,
  jsonb_build_object('id', s.id, 'title', s.title, 'url', s.url) as article,
  c.kind as c_kind, c.revision as c_revision, coalesce(w.name, c.by_rule) as c_by, c.at as c_at, c.until as c_until, c.why as c_why`;
const FROM = `slugline.post p
  join slugline.post_revision r on r.post_id = p.id and r.revision = p.revision
  join slugline.account a on a.id = p.account_id
  join slugline.article s on s.id = p.article_id
  left join slugline.link l on l.id = p.link_id
  left join lateral (select * from slugline.decision where post_id = p.id order by at desc, id desc limit 1) c on true
  left join slugline.person w on w.id = c.by_person`;

interface Row {
  readonly id: string;
  readonly changed: number;
  readonly revision: number;
  readonly code: string | null;
  readonly c_kind: string | null;
  readonly c_revision: number;
  readonly c_by: string | null;
  readonly c_at: Date;
  readonly c_until: Date | null;
  readonly c_why: string | null;
}

export function postRoutes(deps: ApiDeps): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/posts",
      needs: "read",
      summary: "Posts of the accounts the token may see.",
      query: z.strictObject({
        ...listQuery,
        state: z.enum(POST_STATES).optional(),
        account: z.string().max(200).optional().describe("An account's name."),
      }),
      answers: { 200: listOf(PostLine) },
      async handle({ db, token, query }) {
        const conditions = [
          seen(token, "p.account_id"),
          ...(query.state ? [where("p.state = ?", query.state)] : []),
          ...(query.account ? [await named(db, "account", "p.account_id", query.account)] : []),
        ];
        const page = await listed<Row>(db, { columns: LINE, from: FROM, row: "p", where: conditions }, query);
        return ok({ items: page.items.map((row) => toldOf(row, deps.shortUrl)), next: page.next });
      },
    }),
    route({
      method: "GET",
      path: "/posts/{id}",
      needs: "read",
      summary: "One post with its revisions, decisions and deliveries. Its ETag is its revision.",
      answers: { 200: Post },
      async handle({ db, token, param }) {
        const post = await wholePost(db, token, param("id"), deps.shortUrl);
        return post ? ok(post, { ETag: etagOf(post.revision) }) : notFound();
      },
    }),
  ];
}

/** A revision as If-Match and ETag write it. */
export const etagOf = (revision: number): string => `"${revision}"`;

function toldOf(row: Row, shortUrl: string) {
  const decision =
    row.c_kind === null
      ? null
      : { kind: row.c_kind, revision: row.c_revision, by: row.c_by, at: row.c_at, until: row.c_until, why: row.c_why };
  return { ...row, link: row.code === null ? null : shortUrlOf(shortUrl, row.code), decision };
}

/** A post whole, as the store has it now; undefined when there is none, or none that the token may see. */
export async function wholePost(db: Db, token: ApiToken, postId: string, shortUrl: string) {
  const { sql, values } = allOf(seen(token, "p.account_id"), where("p.id = ?", postId));
  const { rows } = await db.query<Row>(`select ${LINE} from ${FROM} where ${sql}`, values);
  const [row] = rows;
  if (!row) return undefined;
  const revisions = await db.query(
    `select r.revision, r.text, r.lang, r.dir, r.at, w.name as by from slugline.post_revision r
       left join slugline.person w on w.id = r.written_by where r.post_id = $1 order by r.revision desc limit 200`,
    [postId],
  );
  const decisions = await db.query(
    `select c.kind, c.revision, coalesce(w.name, c.by_rule) as by, c.at, c.until, c.why from slugline.decision c
       left join slugline.person w on w.id = c.by_person where c.post_id = $1 order by c.at desc, c.id desc limit 200`,
    [postId],
  );
  const deliveries = await db.query(
    `select id, state, revision, remote_url as url, posted_at as posted from slugline.delivery
      where post_id = $1 order by id desc limit 200`,
    [postId],
  );
  return { ...toldOf(row, shortUrl), revisions: revisions.rows, decisions: decisions.rows, deliveries: deliveries.rows };
}

/** Why a token may not do this to a post: not found for an account it may not see. Undefined when it may. */
export async function barredFrom(db: Db, token: ApiToken, postId: string, act: "write" | "decide"): Promise<Told | undefined> {
  const { rows } = await db.query<{ account_id: string; name: string }>(
    "select p.account_id, a.name from slugline.post p join slugline.account a on a.id = p.account_id where p.id = $1",
    [postId],
  );
  return barred(token, rows[0], act);
}

export function barred(
  token: ApiToken,
  account: { readonly account_id: string; readonly name: string } | undefined,
  act: Act,
): Told | undefined {
  if (!account || !may(token, "see", account.account_id)) return notFound();
  if (may(token, act, account.account_id)) return undefined;
  return problem(403, "role-too-small", `The role of ${token.name} on ${account.name} does not allow this.`);
}
