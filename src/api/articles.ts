import { z } from "zod";
import { canonicalUrl } from "../article/url.ts";
import type { Db } from "../store/db.ts";
import { allOf, type Condition, listed, listQuery, named, seen, seenLinks, where } from "./list.ts";
import { notFound } from "./problem.ts";
import { ok, route, type Route } from "./route.ts";
import { dir, id, listOf, moment, reason } from "./schemas.ts";

const STATES = ["seen", "ready", "baseline", "held", "duplicate", "failed", "removed"] as const;

const line = {
  id,
  state: z.enum(STATES),
  title: z.string(),
  url: z.string(),
  source: z.string(),
  lang: z.string().nullable(),
  dir: dir.nullable(),
  version: z.int().describe("Grows with every change a reader would see."),
  unclaimed: z.boolean().describe("No rule took it: nobody posts it."),
  published: moment.nullable(),
  updated: moment.nullable(),
  embargo: moment.nullable(),
  seen: moment.describe("When Slugline first saw it."),
};

const ArticleLine = z.object(line).meta({ id: "ArticleLine" });

const Article = z
  .object({
    ...line,
    canonical: z.string(),
    guid: z.string().nullable(),
    summary: z.string().nullable(),
    body: z.array(z.string()),
    authors: z.array(z.string()),
    tags: z.array(z.string()),
    image: z.object({ url: z.string(), alt: z.string().nullable() }).nullable(),
    paywalled: z.boolean().nullable(),
    error: reason.nullable(),
    posts: z.array(z.object({ id, account: z.string(), state: z.string() })),
    links: z.array(z.object({ code: z.string(), placement: z.string(), state: z.string() })),
  })
  .meta({ id: "Article" });

const LINE = `s.id, s.state, s.title, s.url, src.name as source, s.lang, s.dir, s.version, s.unclaimed, s.published_at as published,
  s.updated_at as updated, s.embargo_until as embargo, s.first_seen_at as seen`;
const FROM = "slugline.article s join slugline.source src on src.id = s.source_id";

export const articleRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/articles",
    needs: "read",
    summary: "Stories, as they were last seen.",
    query: z.strictObject({
      ...listQuery,
      state: z.enum(STATES).optional(),
      source: z.string().max(200).optional().describe("A source's name."),
      url: z.string().max(2_000).optional().describe("The story at this address."),
    }),
    answers: { 200: listOf(ArticleLine) },
    async handle({ db, query }) {
      const conditions: Condition[] = [
        ...(query.state ? [where("s.state = ?", query.state)] : []),
        ...(query.source ? [await named(db, "source", "s.source_id", query.source)] : []),
        ...(query.url ? [where("s.canonical_url = ? and s.state <> 'duplicate'", canonicalUrl(query.url))] : []),
      ];
      return ok(await listed(db, { columns: LINE, from: FROM, row: "s", where: conditions }, query));
    },
  }),
  route({
    method: "GET",
    path: "/articles/{id}",
    needs: "read",
    summary: "One story with its text, its posts and its links.",
    answers: { 200: Article },
    async handle({ db, token, param }) {
      const article = await articleOf(db, param("id"));
      if (!article) return notFound();
      const [posts, links] = await Promise.all([
        postsOf(db, allOf(seen(token, "p.account_id"), where("p.article_id = ? and p.removed_at is null", param("id")))),
        linksOf(db, allOf(seenLinks(token), where("l.article_id = ?", param("id")))),
      ]);
      return ok({ ...article, posts, links });
    },
  }),
];

async function articleOf(db: Db, articleId: string): Promise<object | undefined> {
  const { rows } = await db.query(
    `select ${LINE}, s.canonical_url as canonical, s.guid, s.summary, s.body, s.authors, s.tags, s.paywalled, s.error,
            case when s.image_url is not null then jsonb_build_object('url', s.image_url, 'alt', s.image_alt) end as image
       from ${FROM} where s.id = $1`,
    [articleId],
  );
  return rows[0];
}

type All = ReturnType<typeof allOf>;

async function postsOf(db: Db, { sql, values }: All): Promise<object[]> {
  const { rows } = await db.query(
    `select p.id, p.state, a.name as account from slugline.post p join slugline.account a on a.id = p.account_id
      where ${sql} order by p.id limit 1000`,
    values,
  );
  return rows;
}

async function linksOf(db: Db, { sql, values }: All): Promise<object[]> {
  const { rows } = await db.query(
    `select l.code, l.placement, l.state from slugline.link l left join slugline.post p on p.link_id = l.id
      where ${sql} order by l.id limit 1000`,
    values,
  );
  return rows;
}
