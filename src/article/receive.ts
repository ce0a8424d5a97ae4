import { timingSafeEqual } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import type { Clock } from "../lib/time.ts";
import { cleanText } from "../lib/text/clean.ts";
import type { Store } from "../store/db.ts";
import { NOTHING_TOLD, type Item } from "./article.ts";
import { hookSource, type SourceRow } from "./store.ts";
import { takeItem, withdraw } from "./take.ts";

export interface ReceiveDeps {
  readonly store: Store;
  readonly secrets: (envName: string) => string | undefined;
  readonly clock: Clock;
}

/** 202: what it told of is durable. Everything else is a problem (RFC 9457) and changed nothing. */
export interface HookAnswer {
  readonly status: 202 | 400 | 401 | 404 | 422;
  readonly body: Readonly<Record<string, unknown>>;
}

/** How far a hook's timestamp may be from our clock, in seconds (Standard Webhooks). */
const TOLERANCE_S = 300;

const moment = z.iso.datetime({ offset: true, error: "must be a time such as 2026-03-01T09:30:00Z." });
const address = z.url({ protocol: /^https?$/, error: "must be an http(s) address." }).max(4_000);
const text = (most: number) => z.string().max(most, { error: `may be at most ${most} characters.` });

const articleSchema = z.object({
  guid: text(1_000).optional(),
  url: address,
  title: text(1_000).min(1, { error: "must not be empty." }),
  summary: text(10_000).nullish(),
  html: text(1_500_000).nullish(),
  text: text(1_500_000).nullish(),
  lang: text(35).nullish(),
  authors: z.array(text(300)).max(50).default([]),
  tags: z.array(text(200)).max(100).default([]),
  image: z.union([address, z.object({ url: address, alt: text(2_000).default("") })]).nullish(),
  published: moment.nullish(),
  updated: moment.nullish(),
  embargo: moment.nullish(),
  social: z.record(z.string().max(40), text(10_000)).default({}),
  sensitive: z.boolean().default(false),
  spoiler: text(500).nullish(),
});

const hookSchema = z
  .object({
    event: z.enum(["published", "updated", "removed"], { error: "must be published, updated or removed." }),
    url: address.optional(),
    article: articleSchema.optional(),
  })
  .refine((hook) => hook.url !== undefined || hook.article !== undefined, {
    error: "must name the story: url, or article.",
    path: ["url"],
  });

/**
 * Takes a hook of a CMS: signed (Standard Webhooks), fresh and once per webhook-id. A story it carries is the story; an
 * address alone is a hint, and its page is read. Everything it changes is one transaction, and 202 comes after its commit.
 */
export async function receiveHook(
  deps: ReceiveDeps,
  sourceName: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<HookAnswer> {
  const source = await hookSource(deps.store, sourceName);
  if (!source) return problem(404, "Not Found", "There is no hook of this name.");
  const id = headers["webhook-id"] ?? "";
  const why = signatureProblem(deps, source, headers, body);
  if (why) return problem(401, "Unauthorized", why);
  const read = parse(body);
  if ("status" in read) return read;
  const { event, article, url } = read;
  return deps.store.transaction(async (db) => {
    const { rowCount } = await db.query(
      "insert into slugline.hook_delivery (source_id, webhook_id, event) values ($1, $2, $3) on conflict do nothing",
      [source.id, id, event],
    );
    if (rowCount === 0) return { status: 202, body: { accepted: true, repeated: true } };
    const item = itemOf(source, article, url ?? article?.url ?? null);
    const taken =
      event === "removed"
        ? await withdraw(db, source, item)
        : await takeItem(
            db,
            { sourceId: source.id, kind: "hook", announces: event === "published", hint: article === undefined },
            item,
            "seen",
          );
    const articleId = "articleId" in taken ? taken.articleId : null;
    await db.query("update slugline.hook_delivery set article_id = $3 where source_id = $1 and webhook_id = $2", [
      source.id,
      id,
      articleId,
    ]);
    await db.query(
      "update slugline.source set last_ok_at = slugline.now(), last_new_at = case when $2 then slugline.now() else last_new_at end where id = $1",
      [source.id, taken.kind === "fresh"],
    );
    return { status: 202, body: { accepted: true, article: articleId } };
  });
}

function signatureProblem(
  deps: ReceiveDeps,
  source: SourceRow,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): string | null {
  const secret = source.settings.secretEnv === undefined ? undefined : deps.secrets(source.settings.secretEnv);
  if (secret === undefined) return `This hook cannot be checked: ${source.settings.secretEnv ?? "its secret"} is not set here.`;
  const [id, stamp, signatures] = [headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"]];
  if (!id || !stamp || !signatures)
    return "A hook is signed: webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks).";
  if (id.length > 256) return "webhook-id is longer than 256 characters.";
  const seconds = Number(stamp);
  if (!/^\d{1,12}$/.test(stamp) || Math.abs(deps.clock.now() / 1000 - seconds) > TOLERANCE_S)
    return "webhook-timestamp is more than five minutes from this server's clock.";
  const hook = new Webhook(secret);
  const expected = Buffer.from(hook.sign(id, new Date(seconds * 1000), body.toString("utf8")));
  const matches = signatures.split(" ").filter((signature) => {
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return matches.length > 0 ? null : "The signature does not match. Check that the CMS and this hook have the same secret.";
}

function parse(body: Buffer): z.output<typeof hookSchema> | HookAnswer {
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch {
    return problem(400, "Bad Request", "The body is not JSON.");
  }
  const read = hookSchema.safeParse(json);
  if (read.success) return read.data;
  const errors = read.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  return {
    ...problem(422, "Unprocessable Content", "The body is not a hook as docs/hooks.md describes it."),
    body: { title: "Unprocessable Content", status: 422, errors },
  };
}

function itemOf(source: SourceRow, told: z.output<typeof articleSchema> | undefined, url: string | null): Item {
  if (!told) return { ...NOTHING_TOLD, url, lang: source.settings.lang ?? null };
  const image = typeof told.image === "string" ? { url: told.image, alt: "" } : (told.image ?? null);
  return {
    guid: told.guid ?? null,
    url: told.url,
    title: cleanText(told.title),
    summary: typeof told.summary === "string" ? cleanText(told.summary) : null,
    html: told.html ?? null,
    text: told.text ?? null,
    lang: told.lang ?? source.settings.lang ?? null,
    authors: told.authors.map(cleanText),
    tags: told.tags.map(cleanText),
    image,
    published: told.published ?? null,
    updated: told.updated ?? null,
    embargo: told.embargo ?? null,
    social: told.social,
    sensitive: told.sensitive,
    spoiler: cleanText(told.spoiler ?? "") || null,
  };
}

function problem(status: HookAnswer["status"] & (400 | 401 | 404 | 422), title: string, detail: string): HookAnswer {
  return { status, body: { title, status, detail } };
}
