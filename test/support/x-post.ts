import twitterText from "twitter-text";

/** A post as the stand-in keeps it. */
export interface XPost {
  readonly id: string;
  readonly userId: string;
  /** As it was sent. */
  readonly text: string;
  readonly mediaIds: readonly string[];
  /** The post it answers; null for none. */
  readonly replyTo: string | null;
  /** The post its thread began with, which may be itself. */
  readonly conversation: string;
  readonly createdAt: number;
  deleted: boolean;
  hiddenReads: number;
}

/** How much of 280 a text takes, by X's own library. */
export function weightOf(text: string): number {
  return twitterText.parseTweet(text).weightedLength;
}

/** A post as X lists it: links behind t.co, told apart in `entities`; `&`, `<` and `>` as HTML writes them; the fields asked for. */
export function postJson(post: XPost, username: string, fields: ReadonlySet<string>): Record<string, unknown> {
  const { text, urls } = wrapped(post, username);
  const long = weightOf(post.text) > 280;
  const short = long ? `${text.slice(0, 260)}… https://t.co/${shortOf(post.id, 99)}` : text;
  const note = { text, ...(urls.length > 0 ? { entities: { urls } } : {}) };
  return {
    id: post.id,
    text: short,
    ...(fields.has("created_at") ? { created_at: new Date(Math.floor(post.createdAt / 1000) * 1000).toISOString() } : {}),
    ...(fields.has("conversation_id") ? { conversation_id: post.conversation } : {}),
    ...(fields.has("referenced_tweets") && post.replyTo !== null
      ? { referenced_tweets: [{ type: "replied_to", id: post.replyTo }] }
      : {}),
    ...(fields.has("entities") && urls.length > 0
      ? { entities: { urls: long ? urls.filter(({ end }) => end <= 260) : urls } }
      : {}),
    ...(long && fields.has("note_tweet") ? { note_tweet: note } : {}),
    ...(long && fields.has("note_post") ? { note_post: note } : {}),
  };
}

function wrapped(post: XPost, username: string) {
  const urls: (Record<string, unknown> & { readonly end: number })[] = [];
  let text = "";
  let from = 0;
  const add = (more: Record<string, unknown>) => {
    const url = `https://t.co/${shortOf(post.id, urls.length)}`;
    urls.push({ start: [...text].length, end: [...text].length + url.length, url, ...more });
    text += url;
  };
  for (const { url, indices } of twitterText.extractUrlsWithIndices(post.text, { extractUrlsWithoutProtocol: true })) {
    text += escaped(post.text.slice(from, indices[0]));
    const expanded = /^https?:/i.test(url) ? url : `http://${url}`;
    add({
      expanded_url: expanded,
      display_url: expanded.replace(/^https?:\/\//i, "").slice(0, 27),
      status: 200,
      unwound_url: expanded,
    });
    from = indices[1];
  }
  text += escaped(post.text.slice(from));
  for (const [index, mediaId] of post.mediaIds.entries()) {
    if (index === 0) text += " ";
    const expanded = `https://x.com/${username}/status/${post.id}/photo/${index + 1}`;
    add({ expanded_url: expanded, display_url: "pic.x.com/picture", media_key: `3_${mediaId}` });
    break;
  }
  return { text, urls };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function shortOf(id: string, index: number): string {
  return (BigInt(id) * 100n + BigInt(index)).toString(36).slice(-10);
}
