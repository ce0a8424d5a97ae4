/** A status as the stand-in keeps it: what was asked for, and what became of it. */
export interface Status {
  readonly id: string;
  readonly accountId: string;
  text: string;
  spoiler: string;
  readonly visibility: string;
  readonly language: string | null;
  readonly sensitive: boolean;
  mediaIds: readonly string[];
  readonly idempotencyKey: string | null;
  /** The status it answers; null for none, and once that is deleted. */
  inReplyTo: string | null;
  /** Milliseconds since the epoch, the stand-in's clock. */
  readonly createdAt: number;
  editedAt: number | null;
  deleted: boolean;
  /** How often a read-back still will not show it; counted down by reads. */
  hiddenReads: number;
}

const LINK = /https?:\/\/[^\s<>"'’”]+[^\s<>"'’”.,;:!?)\]]/g;
const MENTION = /@(\w+)@[\w.-]+\w/g;
const TAG = /(^|\s)#([\p{L}\p{N}_\p{M}]+)/gu;

export function linksIn(text: string): string[] {
  return text.match(LINK) ?? [];
}

/** Mastodon's StatusLengthValidator: grapheme clusters, 23 for any link, a remote mention by its local part. */
export function lengthOf(text: string, perLink: number): number {
  const counted = text.replace(LINK, "x".repeat(perLink)).replace(MENTION, "@$1");
  return [...new Intl.Segmenter("und", { granularity: "grapheme" }).segment(counted)].length;
}

/** The HTML Mastodon makes of a text: paragraphs, breaks, and links cut into visible and invisible parts. */
function contentOf(text: string, host: string): string {
  const paragraphs = text.split(/\n{2,}/).map((paragraph) =>
    paragraph
      .split("\n")
      .map((line) => lineOf(line, host))
      .join("<br />"),
  );
  return paragraphs.map((paragraph) => `<p>${paragraph}</p>`).join("");
}

function lineOf(line: string, host: string): string {
  const parts: string[] = [];
  let from = 0;
  for (const match of line.matchAll(LINK)) {
    parts.push(wordsOf(line.slice(from, match.index), host), linkOf(match[0]));
    from = match.index + match[0].length;
  }
  return [...parts, wordsOf(line.slice(from), host)].join("");
}

function wordsOf(words: string, host: string): string {
  return escape(words)
    .replace(
      MENTION,
      '<span class="h-card" translate="no"><a href="https://elsewhere.example/@$1" class="u-url mention">@<span>$1</span></a></span>',
    )
    .replace(
      TAG,
      (_all, before: string, tag: string) =>
        `${before}<a href="${host}/tags/${encodeURIComponent(tag)}" class="mention hashtag" rel="tag">#<span>${tag}</span></a>`,
    );
}

function linkOf(link: string): string {
  const scheme = /^https?:\/\/(?:www\.)?/.exec(link)?.[0] ?? "";
  const shown = link.slice(scheme.length, scheme.length + 30);
  const rest = link.slice(scheme.length + 30);
  const spans = `<span class="invisible">${scheme}</span><span class="${rest ? "ellipsis" : ""}">${escape(shown)}</span><span class="invisible">${escape(rest)}</span>`;
  return `<a href="${escape(link)}" target="_blank" rel="nofollow noopener" translate="no">${spans}</a>`;
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** The Status entity as the API answers it. */
export function statusJson(status: Status, account: object, origin: string): object {
  return {
    id: status.id,
    created_at: new Date(status.createdAt).toISOString(),
    in_reply_to_id: status.inReplyTo,
    in_reply_to_account_id: status.inReplyTo === null ? null : status.accountId,
    sensitive: status.sensitive,
    spoiler_text: status.spoiler,
    visibility: status.visibility,
    language: status.language,
    uri: `${origin}/users/desk/statuses/${status.id}`,
    url: `${origin}/@desk/${status.id}`,
    replies_count: 0,
    reblogs_count: 0,
    favourites_count: 0,
    edited_at: status.editedAt === null ? null : new Date(status.editedAt).toISOString(),
    content: contentOf(status.text, origin),
    reblog: null,
    application: { name: "Slugline", website: null },
    account,
    media_attachments: status.mediaIds.map((id) => mediaJson(id, "", origin)),
    mentions: [],
    tags: [],
    emojis: [],
    card: null,
    poll: null,
  };
}

/** The MediaAttachment entity; `url` is null until it was processed. */
export function mediaJson(id: string, description: string, origin: string, ready = true): object {
  return {
    id,
    type: "image",
    url: ready ? `${origin}/media/${id}.png` : null,
    preview_url: `${origin}/media/${id}-small.png`,
    description,
    meta: {},
    blurhash: null,
  };
}
