import { Fault, sentenceOf } from "../lib/fault.ts";
import { OutboundError } from "../lib/outbound/error.ts";
import type { Answer, Outbound, RequestOptions } from "../lib/outbound/outbound.ts";
import { readHtml } from "../lib/read-html.ts";
import { retryAt } from "../lib/retry-after.ts";
import type { Limits } from "../lib/text/limits.ts";
import { uploadMedia } from "./mastodon/media.ts";
import type { Account, DeliveryKey, Found, Network, Outcome, Ready, Verified } from "./network.ts";

export const USUAL: Limits = { max: 500, unit: "grapheme", perLink: 23, shortMentions: true, media: { max: 4, altMax: 1_500, maxBytes: 16 * 1024 * 1024 } };

/** Mastodon keeps an Idempotency-Key for an hour; a few minutes less, so that clocks need not agree. */
const KEY_MS = 55 * 60_000;
/** Longer than our own request may take: a server that is still working on it is done by then. */
const SETTLE_MS = 45_000;
/** How far a server's clock may be from ours. A link is unique, so that time decides only where to stop looking; words are not. */
const SKEW_MS = { link: 24 * 3_600_000, words: 5 * 60_000 };
const PAGE = 40;
const MOST_PAGES = 5;

/**
 * Mastodon, and whatever speaks its API. No request is ever repeated here: the delivery decides.
 *
 * @param requestMs how long one request may take; less than a delivery's lease
 */
export function mastodon(outbound: Outbound, requestMs = 25_000): Network {
  /** Ids of the accounts behind our tokens do not change; asked once in a process. */
  const ids = new Map<string, string>();

  async function ask(account: Account, path: string, options: RequestOptions = {}): Promise<Answer> {
    const token = await account.secret.get("token");
    return outbound.request(new URL(path, account.server), {
      timeoutMs: requestMs,
      ...options,
      headers: { accept: "application/json", authorization: `Bearer ${token}`, ...options.headers },
    });
  }

  async function publish(account: Account, post: Ready, key: DeliveryKey, signal: AbortSignal): Promise<Outcome> {
    let media: string[];
    try {
      media = await uploadMedia({ outbound, ask: (path, options) => ask(account, path, options), limits: USUAL, signal }, post.media);
    } catch (error) {
      // The status itself was not asked for yet, whatever became of its pictures.
      return error instanceof Fault && error.code === "MEDIA_REFUSED" ? { kind: "refused", why: sentenceOf(error) } : { kind: "busy", why: sentenceOf(error) };
    }
    const body = JSON.stringify({
      status: post.text,
      ...(media.length > 0 ? { media_ids: media } : {}),
      visibility: typeof account.settings["visibility"] === "string" ? account.settings["visibility"] : "public",
      ...(post.lang ? { language: post.lang.split("-")[0] } : {}),
      sensitive: post.sensitive,
      ...(post.spoiler ? { spoiler_text: post.spoiler } : {}),
    });
    const { deadline } = key;
    return outcomeOf(() =>
      ask(account, "/api/v1/statuses", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key.idempotency },
        body,
        signal,
        ...(deadline ? { beforeWrite: () => deadline.check() } : {}),
      }),
    );
  }

  async function find(account: Account, key: DeliveryKey, owned: ReadonlySet<string>, signal: AbortSignal): Promise<Found> {
    try {
      const id = ids.get(account.id) ?? (await ownId(account, signal));
      ids.set(account.id, id);
      const since = key.intentAt - (key.link === null ? SKEW_MS.words : SKEW_MS.link);
      for (let page = 0, before = ""; page < MOST_PAGES; page += 1) {
        const answer = await ask(account, `/api/v1/accounts/${encodeURIComponent(id)}/statuses?exclude_reblogs=true&limit=${PAGE}${before && `&max_id=${before}`}`, { signal });
        if (answer.status !== 200) return cannotTell(answer);
        const statuses = statusesIn(answer);
        if (!statuses) return { kind: "cannot-tell", why: "The account's posts could not be read: the answer is not what Mastodon answers." };
        const ours = statuses.find((status) => status.createdAt >= since && !owned.has(status.id) && isOurs(status, key));
        if (ours) return { kind: "posted", id: ours.id, url: ours.url };
        const last = statuses.at(-1);
        if (!last || statuses.length < PAGE || last.createdAt < since) return { kind: "absent" };
        before = encodeURIComponent(last.id);
      }
      return { kind: "cannot-tell", why: `The account posted more than ${PAGE * MOST_PAGES} times since; this post may be among them or further back.` };
    } catch (error) {
      return { kind: "cannot-tell", why: sentenceOf(error) };
    }
  }

  async function ownId(account: Account, signal: AbortSignal): Promise<string> {
    const answer = await ask(account, "/api/v1/accounts/verify_credentials", { signal });
    const id = text(json(answer), "id");
    if (answer.status !== 200 || id === null) throw new Fault("MASTODON_ANSWER", `The account could not be asked for: ${told(answer)}`);
    return id;
  }

  async function verify(account: Account, signal: AbortSignal): Promise<Verified> {
    const answer = await ask(account, "/api/v1/accounts/verify_credentials", { signal });
    const nobody = { ok: false, id: null, handle: null, endsAt: null };
    if (answer.status === 401 || answer.status === 403) return { ...nobody, why: lockedOut(account, answer) };
    const id = text(json(answer), "id");
    if (answer.status !== 200 || id === null) throw new Fault("MASTODON_ANSWER", `${account.server} did not say whose token this is: ${told(answer)}`);
    ids.set(account.id, id);
    return { ok: true, id, handle: text(json(answer), "acct"), endsAt: null, why: null };
  }

  async function limits(account: Account, signal: AbortSignal): Promise<Limits> {
    const answer = await outbound.request(new URL("/api/v2/instance", account.server), { headers: { accept: "application/json" }, timeoutMs: requestMs, signal });
    const configuration = at(json(answer), "configuration");
    const [statuses, media] = [at(configuration, "statuses"), at(configuration, "media_attachments")];
    const max = number(statuses, "max_characters");
    if (answer.status !== 200 || max === null) throw new Fault("MASTODON_ANSWER", `${account.server} did not say what a post may hold: ${told(answer)}`);
    const known = USUAL.media!;
    return {
      ...USUAL,
      max,
      perLink: number(statuses, "characters_reserved_per_url") ?? USUAL.perLink,
      media: {
        max: number(statuses, "max_media_attachments") ?? known.max,
        altMax: number(media, "description_limit") ?? known.altMax,
        maxBytes: number(media, "image_size_limit") ?? known.maxBytes,
      },
    };
  }

  async function edit(account: Account, id: string, post: Ready, signal: AbortSignal): Promise<Outcome> {
    const body = JSON.stringify({ status: post.text, ...(post.lang ? { language: post.lang.split("-")[0] } : {}), sensitive: post.sensitive, spoiler_text: post.spoiler ?? "" });
    const headers = { "content-type": "application/json" };
    return outcomeOf(() => ask(account, `/api/v1/statuses/${encodeURIComponent(id)}`, { method: "PUT", headers, body, signal }));
  }

  /** `posted` means that it is done: a post that is gone already needs no removing. */
  async function remove(account: Account, id: string, signal: AbortSignal): Promise<Outcome> {
    const outcome = await outcomeOf(() => ask(account, `/api/v1/statuses/${encodeURIComponent(id)}`, { method: "DELETE", signal }));
    if (outcome.kind === "refused" && outcome.why.includes("(404)")) return { kind: "posted", id, url: null };
    return outcome.kind === "posted" ? { kind: "posted", id, url: null } : outcome;
  }

  return { name: "mastodon", promise: "reconciled", settleMs: SETTLE_MS, keyMs: KEY_MS, usual: USUAL, limits, verify, publish, find, edit, remove };
}

/** What a request that changes something came to (DESIGN R2). */
async function outcomeOf(request: () => Promise<Answer>): Promise<Outcome> {
  let answer: Answer;
  try {
    answer = await request();
  } catch (error) {
    if (error instanceof OutboundError && error.sent === "maybe") return { kind: "unknown", why: sentenceOf(error) };
    if (error instanceof Fault && error.code === "SECRET_MISSING") return { kind: "locked-out", why: sentenceOf(error) };
    if (error instanceof Fault) return { kind: "busy", why: sentenceOf(error) };
    return { kind: "unknown", why: sentenceOf(error) };
  }
  const when = retryAt(answer.headers, Date.now());
  const later = when === undefined ? {} : { retryAt: when };
  const { status } = answer;
  if (status >= 200 && status < 300) {
    const id = text(json(answer), "id");
    return id === null ? { kind: "unknown", why: `The answer (${status}) could not be read.` } : { kind: "posted", id, url: webAddress(text(json(answer), "url")) };
  }
  if (status === 401 || status === 403) return { kind: "locked-out", why: `The account may not post (${status}): ${told(answer)}` };
  if (status === 429) return { kind: "busy", why: `The server asks to wait (429): ${told(answer)}`, ...later };
  if (status === 408 || status >= 500) return { kind: "unknown", why: `The server failed (${status}).`, ...(status === 503 ? later : {}) };
  return { kind: "refused", why: `The server refused it (${status}): ${told(answer)}` };
}

interface Status {
  readonly id: string;
  readonly url: string | null;
  readonly createdAt: number;
  readonly content: string;
  readonly card: string | null;
}

function statusesIn(answer: Answer): Status[] | null {
  const list = json(answer);
  if (!Array.isArray(list)) return null;
  return list.flatMap((one: unknown) => {
    const [id, createdAt] = [text(one, "id"), Date.parse(text(one, "created_at") ?? "")];
    if (id === null || Number.isNaN(createdAt)) return [];
    return [{ id, createdAt, url: webAddress(text(one, "url")), content: text(one, "content") ?? "", card: text(at(one, "card"), "url") }];
  });
}

/** By the post's own link, which no other post has; without one, by its words. */
function isOurs(status: Status, key: DeliveryKey): boolean {
  const { text: words, links } = readHtml(status.content);
  if (key.link !== null) return links.includes(key.link) || status.card === key.link;
  const plain = (it: string) => it.normalize("NFC").replace(/\s+/gu, " ").trim();
  return plain(words) === plain(key.text);
}

function cannotTell(answer: Answer): Found {
  const when = retryAt(answer.headers, Date.now());
  return { kind: "cannot-tell", why: `The account's posts could not be read (${answer.status}): ${told(answer)}`, ...(when === undefined ? {} : { retryAt: when }) };
}

function lockedOut(account: Account, answer: Answer): string {
  return `${account.server} does not accept the token of ${account.name} (${answer.status}): ${told(answer)} Make a new one under Preferences > Development, with write:statuses, write:media, read:accounts and read:statuses.`;
}

/** The server's own sentence, short and on one line. */
function told(answer: Answer): string {
  const sentence = text(json(answer), "error") ?? `the answer is ${answer.headers["content-type"] ?? "of no type"}`;
  return `${sentence.replace(/\s+/g, " ").slice(0, 300).replace(/\.$/, "")}.`;
}

function json(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
}

function text(value: unknown, name: string): string | null {
  const found = at(value, name);
  return typeof found === "string" && found !== "" ? found : null;
}

function number(value: unknown, name: string): number | null {
  const found = at(value, name);
  return typeof found === "number" && Number.isFinite(found) && found > 0 ? found : null;
}

/** Shown as a link in the editor: only an address of the web. */
function webAddress(url: string | null): string | null {
  return url !== null && /^https?:\/\//.test(url) ? url : null;
}
