import { z } from "zod";
import { shortUrlOf } from "../link/link.ts";
import { PLACEMENT, storyLink, type StoryLink } from "../link/story.ts";
import type { ApiToken } from "../newsroom/token.ts";
import type { Db } from "../store/db.ts";
import type { ApiDeps } from "./deps.ts";
import { allOf, listed, listQuery, seenLinks, where, type Condition } from "./list.ts";
import { notFound, problem, type Told } from "./problem.ts";
import { ok, route, type Route } from "./route.ts";
import { id, listOf, moment } from "./schemas.ts";

const Link = z
  .object({
    id,
    code: z.string(),
    short: z.string().describe("The address to print and to share."),
    target: z.string(),
    placement: z
      .string()
      .describe("`post:<id>` for a post's own; else where the story's own stands: story, print, newsletter, …"),
    state: z.enum(["reserved", "live", "retired"]),
    article: id.nullable(),
    post: id.nullable(),
    clicks: z.int().describe("Visits of people."),
    machines: z.int().describe("Bots, previews and prefetches."),
    created: moment,
  })
  .meta({ id: "Link" });

const LINE = `l.id, l.code, l.target, l.placement, l.state, l.article_id as article, p.id as post, l.created_at as created,
  coalesce(c.clicks, 0)::int as clicks, coalesce(c.machines, 0)::int as machines`;
const FROM = `slugline.link l left join slugline.post p on p.link_id = l.id
  left join lateral (select sum(count) filter (where class = 'click') as clicks, sum(count) filter (where class <> 'click') as machines
    from slugline.click_hour where link_number = l.number) c on true`;

interface Row {
  readonly id: string;
  readonly code: string;
  readonly changed: number;
}

const placement = z
  .string()
  .regex(PLACEMENT, { error: "must be a word such as story, print or newsletter: a-z, 0-9 and -, at most 40." });

/** Links: a story's own, made for a CMS, and the clicks of all. */
export function linkRoutes(deps: ApiDeps): readonly Route[] {
  const told = <One extends Row>(row: One) => ({ ...row, short: shortUrlOf(deps.shortUrl, row.code) });
  const rules = { shortHost: new URL(deps.shortUrl).host, allowLoopback: deps.allowLoopback };
  const one = async (db: Db, token: ApiToken, which: Condition) => {
    const { sql, values } = allOf(seenLinks(token), which);
    const { rows } = await db.query<Row>(`select ${LINE} from ${FROM} where ${sql}`, values);
    return rows[0] && told(rows[0]);
  };

  return [
    route({
      method: "GET",
      path: "/links",
      needs: "read",
      summary: "Links with their clicks.",
      query: z.strictObject({
        ...listQuery,
        article: id.optional(),
        placement: placement.optional().describe("Of stories' own links: story, print, …"),
      }),
      answers: { 200: listOf(Link) },
      async handle({ db, token, query }) {
        const conditions = [
          seenLinks(token),
          ...(query.article ? [where("l.article_id = ?", query.article)] : []),
          ...(query.placement ? [where("l.placement = ? and l.story_url is not null", query.placement)] : []),
        ];
        const page = await listed<Row>(db, { columns: LINE, from: FROM, row: "l", where: conditions }, query);
        return ok({ items: page.items.map(told), next: page.next });
      },
    }),
    route({
      method: "POST",
      path: "/links",
      needs: "links",
      summary: "Gets or makes the link of a story at a placement, live at once. The same story and placement give the same link.",
      body: z.strictObject({
        url: z.string().min(1).max(2_000).describe("The story's address: one we know, or one on the site's own host."),
        placement: placement.default("story"),
      }),
      answers: { 200: Link, 201: Link },
      refuses: [410],
      async handle({ store, db, token, body }) {
        const got = await storyLink(store, body, rules);
        if (!got.ok) return refusal(got);
        const link = await one(db, token, where("l.id = ?", got.id));
        if (!link) return notFound();
        return got.made ? { status: 201, body: link, headers: { Location: `/api/v1/links/${link.code}` } } : ok(link);
      },
    }),
    route({
      method: "GET",
      path: "/links/{code}",
      needs: "read",
      summary: "One link with its clicks.",
      answers: { 200: Link },
      async handle({ db, token, param }) {
        const link = await one(db, token, where("l.code = ?", param("code")));
        return link ? ok(link) : notFound();
      },
    }),
    route({
      method: "GET",
      path: "/links/{code}/hours",
      needs: "read",
      summary: "The clicks of a link, hour by hour, the latest first; hours without any are left out.",
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(2_000).default(168) }),
      answers: { 200: listOf(z.object({ hour: moment, clicks: z.int(), machines: z.int() })) },
      async handle({ db, token, param, query }) {
        const { sql, values } = allOf(seenLinks(token), where("l.code = ?", param("code")));
        const found = await db.query<{ number: number }>(
          `select l.number from slugline.link l left join slugline.post p on p.link_id = l.id where ${sql}`,
          values,
        );
        if (!found.rows[0]) return notFound();
        const { rows } = await db.query(
          `select hour, coalesce(sum(count) filter (where class = 'click'), 0)::int as clicks,
                  coalesce(sum(count) filter (where class <> 'click'), 0)::int as machines
             from slugline.click_hour where link_number = $1 group by hour order by hour desc limit $2`,
          [found.rows[0].number, query.limit],
        );
        return ok({ items: rows, next: null });
      },
    }),
  ];
}

function refusal(refused: Extract<StoryLink, { ok: false }>): Told {
  const wrong = (sentence: string) =>
    problem(422, `url-${refused.code}`, sentence, { errors: [{ path: "url", problem: sentence }] });
  switch (refused.code) {
    case "target":
      return wrong(refused.why ?? "No link may lead there.");
    case "stranger":
      return wrong("This is neither a story we know nor an address on the news site.");
    case "withdrawn":
      return wrong("This story was withdrawn.");
    case "retired":
      return problem(410, "retired", "The link of this story at this placement was ended; a code is never given again.");
  }
}
