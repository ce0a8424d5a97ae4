import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { feed, FEED_ITEMS, rfc822 } from "./feed.ts";
import { articlePage, frontPage, imagePath, notFoundPage } from "./page.ts";
import { drawPicture } from "./picture.ts";
import type { Edition, Story } from "./story.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

const HTML = "text/html; charset=utf-8";
const RELATED = 4;

/** The rehearsal site as a function of what it has published: what a GET of this path is answered. */
export function createAnswers(stock: readonly Story[], published: readonly Edition[], styleSheet: string) {
  const pictures = new Map<string, Promise<Buffer>>();
  const pictureOf = (story: Story) => {
    const drawn = pictures.get(story.id) ?? drawPicture(story.id, story.image);
    pictures.set(story.id, drawn);
    return drawn;
  };

  return async function answer(origin: string, path: string, headers: IncomingHttpHeaders): Promise<Answer> {
    const newest = () => published.toSorted((a, b) => b.at - a.at);
    if (path === "/") return ok(HTML, frontPage(origin, newest().slice(0, FEED_ITEMS)));
    if (path === "/feed.xml") return unlessKnown(headers, newest()[0]?.at ?? 0, feed(origin, newest()));
    if (path === "/robots.txt") return ok("text/plain; charset=utf-8", "User-agent: *\nAllow: /\n");
    if (path === "/style.css") return ok("text/css; charset=utf-8", styleSheet);

    const pictured = stock.find((story) => imagePath(story) === path);
    if (pictured)
      return {
        ...ok("image/png", await pictureOf(pictured)),
        headers: { "content-type": "image/png", "cache-control": "max-age=3600" },
      };

    const edition = published.find((candidate) => candidate.path === path);
    if (!edition) return { ...ok(HTML, notFoundPage()), status: 404 };
    const others = newest().filter((other) => other !== edition);
    const related = others.toSorted((a, b) => closeness(b, edition) - closeness(a, edition)).slice(0, RELATED);
    return ok(HTML, articlePage(origin, edition, related));
  };
}

const closeness = (other: Edition, edition: Edition) =>
  Number(other.story.lang === edition.story.lang) * 2 + Number(other.story.section === edition.story.section);

const ok = (type: string, body: string | Buffer): Answer => ({ status: 200, headers: { "content-type": type }, body });

/** Conditional GET (RFC 9110, section 13): If-None-Match decides, and If-Modified-Since only without it. */
function unlessKnown(headers: IncomingHttpHeaders, modifiedAt: number, body: string): Answer {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const validators = { etag, "last-modified": rfc822(modifiedAt), "cache-control": "no-cache" };
  const match = headers["if-none-match"];
  const since = Date.parse(headers["if-modified-since"] ?? "");
  const known =
    match === undefined
      ? since >= Math.floor(modifiedAt / 1000) * 1000
      : match.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
  if (known) return { status: 304, headers: validators, body: "" };
  return { status: 200, headers: { ...validators, "content-type": "application/rss+xml; charset=utf-8" }, body };
}
