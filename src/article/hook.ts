import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { NOTHING_TOLD, type Item } from "./article.ts";
import { parseDate } from "./date.ts";
import { cleanUrl, webUrl } from "./url.ts";

/** Seconds a hook's timestamp may be off, either way (Standard Webhooks). */
const TOLERANCE_S = 300;

export type Verdict = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly why: string };

/**
 * Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`, compared in constant time; any of several `v1,` signatures will do.
 *
 * @param secret `whsec_` and base64, or plain text
 * @param now milliseconds since the epoch
 */
export function verify(secret: string, headers: Readonly<Record<string, string | undefined>>, body: Uint8Array, now: number): Verdict {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (!id || !timestamp || !signatures) return { ok: false, why: "The headers webhook-id, webhook-timestamp and webhook-signature are required." };
  if (id.length > 256 || !/^[\x21-\x7e]+$/.test(id)) return { ok: false, why: "webhook-id must be 1 to 256 visible ASCII characters." };
  if (!/^\d{1,12}$/.test(timestamp)) return { ok: false, why: "webhook-timestamp must be seconds since the epoch." };
  if (Math.abs(now / 1_000 - Number(timestamp)) > TOLERANCE_S) return { ok: false, why: "webhook-timestamp is more than five minutes off. Check both clocks; sign each try anew." };
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret, "utf8");
  if (key.length === 0) return { ok: false, why: "The source has no secret." };
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  let matches = false;
  for (const signature of signatures.split(" ").slice(0, 20)) {
    const given = Buffer.from(signature.startsWith("v1,") ? signature.slice(3) : "", "base64");
    if (given.length === expected.length && timingSafeEqual(given, expected)) matches = true;
  }
  return matches ? { ok: true, id } : { ok: false, why: "The signature does not match. Check the secret, and that the body is signed byte for byte." };
}

const address = z.string().max(4_000).refine((text) => webUrl(text) !== null, "must be an http(s) address");
const time = z.string().refine((text) => parseDate(text) !== null, "must be a date such as 2026-11-03T10:00:00Z");
const words = (most: number) => z.string().max(most);
const article = z.strictObject({
  guid: words(2_000).min(1).nullish(),
  url: address,
  title: words(1_000).refine((text) => text.trim() !== "", "must not be empty"),
  summary: words(10_000).nullish(),
  html: words(5_000_000).nullish(),
  text: words(5_000_000).nullish(),
  lang: words(35).nullish(),
  authors: z.array(words(200)).max(50).nullish(),
  tags: z.array(words(200)).max(100).nullish(),
  image: z.union([address, z.strictObject({ url: address, alt: words(5_000).nullish() })]).nullish(),
  published: time.nullish(),
  updated: time.nullish(),
  embargo: time.nullish(),
  social: z.record(words(60), words(10_000)).nullish(),
});
const event = z.enum(["published", "updated", "removed"]);
const payload = z
  .strictObject({ event, url: address.optional(), article: article.optional() })
  .refine((body) => body.url !== undefined || body.article !== undefined, { message: "url or article is required", path: ["url"] });

export type HookEvent = z.infer<typeof event>;
export type Told =
  | { readonly ok: true; readonly event: HookEvent; readonly item: Item; readonly url: string; /** Only an address was told. */ readonly hint: boolean }
  | { readonly ok: false; /** Every fault, as `path: what is wrong`. */ readonly faults: readonly string[] };

/** What a hook's body says, with every fault it has. */
export function readHook(body: string): Told {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { ok: false, faults: ["The body is not JSON."] };
  }
  const parsed = payload.safeParse(json);
  if (!parsed.success) return { ok: false, faults: parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`) };
  const told = parsed.data.article;
  const url = cleanUrl(told?.url ?? parsed.data.url!)!;
  return { ok: true, event: parsed.data.event, url, hint: told === undefined, item: told === undefined ? { ...NOTHING_TOLD, url } : itemOf(told, url) };
}

function itemOf(told: z.infer<typeof article>, url: string): Item {
  const image = typeof told.image === "string" ? { url: told.image, alt: "" } : told.image ? { url: told.image.url, alt: told.image.alt ?? "" } : null;
  return {
    guid: told.guid ?? null,
    url,
    title: told.title,
    summary: told.summary ?? null,
    html: told.html ?? null,
    text: told.html ? null : (told.text ?? null),
    lang: told.lang ?? null,
    authors: told.authors ?? [],
    tags: told.tags ?? [],
    image: image === null ? null : { url: webUrl(image.url)!, alt: image.alt },
    published: parseDate(told.published),
    updated: parseDate(told.updated),
    embargo: parseDate(told.embargo),
    social: told.social ?? {},
  };
}
