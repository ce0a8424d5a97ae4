import { markup, type Markup } from "./markup.ts";
import type { Edition, Story } from "./story.ts";
import { dateLine, directionOf, WORDS, type Words } from "./words.ts";

/**
 * A story's page, with all that real agencies put around (and inside) their text, for the composer to prove itself on:
 * caption, dateline, read-also links, share buttons, newsletter box, credits, short link, comment form with a sum.
 *
 * @param origin of the site, without a trailing slash
 * @param others what the page links to as related
 */
export function articlePage(origin: string, edition: Edition, others: readonly Edition[]): string {
  const { story } = edition;
  const words = WORDS[story.lang];
  const url = origin + edition.path;
  const [lead, ...rest] = edition.paragraphs;
  const middle = Math.ceil(rest.length / 2);
  const head = markup`
    <link rel="canonical" href="${url}">
    <meta name="description" content="${edition.summary}">
    <meta name="author" content="${story.author}">
    <meta property="og:type" content="article">
    <meta property="og:site_name" content="${words.name}">
    <meta property="og:title" content="${edition.title}">
    <meta property="og:description" content="${edition.summary}">
    <meta property="og:url" content="${url}">
    <meta property="og:image" content="${origin}${imagePath(story)}">
    <meta property="og:image:alt" content="${story.image.alt}">
    <meta property="article:published_time" content="${new Date(edition.at).toISOString()}">
    <meta property="article:section" content="${story.section}">
    ${story.tags.map((tag) => markup`<meta property="article:tag" content="${tag}">`)}`;
  const body = markup`<main>
    <article class="post hentry">
      <div class="breadcrumb"><a href="/">${words.nav[0] ?? ""}</a> › ${story.section}</div>
      <h1 class="entry-title">${edition.title}</h1>
      <div class="byline-box"><span class="author">${words.by} ${story.author}</span> · <time datetime="${new Date(edition.at).toISOString()}">${dateLine(story.lang, edition.at)}</time></div>
      ${shareButtons(words, "top")}
      <div class="entry-content">
        ${figure(story)}
        <p>${words.name}</p>
        <p>${dateline(story)}${lead ?? ""}</p>
        ${paragraphs(rest.slice(0, middle))}
        <aside class="related-inline"><strong>${words.readAlso}:</strong> ${others.slice(0, 1).map(linkTo)}</aside>
        ${paragraphs(rest.slice(middle))}
        ${credits(story)}
        <p>${words.followUs} <a href="/follow">@rehearsal</a></p>
        <ul><li>${words.shortLink} <input readonly value="${origin}/?p=${edition.at % 100_000}"></li></ul>
      </div>
      <div class="tags">${words.tags} ${story.tags.map((tag) => markup`<a rel="tag" href="/">${tag}</a>`)}</div>
      ${shareButtons(words, "bottom")}
    </article>
    <section class="newsletter"><h3>${words.newsletter[0]}</h3><p>${words.newsletter[1]}</p><form><input type="email" placeholder="name@example.org"><button disabled>${words.newsletter[2]}</button></form></section>
    <section class="related"><h3>${words.readAlso}</h3><ul>${others.map((other) => markup`<li>${linkTo(other)}</li>`)}</ul></section>
    ${commentForm(words)}
  </main>`;
  return document(story.lang, `${edition.title} | ${words.name}`, head, body);
}

/** The front page: every story of every language, newest first. */
export function frontPage(origin: string, editions: readonly Edition[]): string {
  const head = markup`<link rel="canonical" href="${origin}/"><link rel="alternate" type="application/rss+xml" title="${WORDS.en.name}" href="${origin}/feed.xml">`;
  const teasers = editions.map(
    (edition) => markup`<article class="teaser" lang="${edition.story.lang}" dir="${directionOf(edition.story.lang)}">
      <img src="${imagePath(edition.story)}" alt="${edition.story.image.alt}" width="320" height="180" loading="lazy">
      <h2>${linkTo(edition)}</h2><p>${edition.summary}</p>
      <p class="byline-box">${edition.story.section} · ${dateLine(edition.story.lang, edition.at)}</p>
    </article>`,
  );
  return document("en", WORDS.en.name, head, markup`<main class="front">${teasers}</main>`);
}

export function notFoundPage(): string {
  return document(
    "en",
    "Page not found",
    markup``,
    markup`<main><h1>Page not found</h1><p>There is no such page here. <a href="/">To the front page</a></p></main>`,
  );
}

/** A story's text as its feed carries it whole: with caption, dateline and credits, as agencies' feeds do. */
export function feedBody(edition: Edition): string {
  const [lead, ...rest] = edition.paragraphs;
  const { story } = edition;
  return markup`${figure(story)}<p>${dateline(story)}${lead ?? ""}</p>${paragraphs(rest)}${credits(story)}`.text;
}

export const imagePath = (story: Story) => `/images/${story.id}.png`;

const paragraphs = (texts: readonly string[]) => texts.map((text) => markup`<p>${text}</p>`);

/** "QAMISHLI – " in capitals, "東京 – " where a script knows none. */
const dateline = (story: Story) => `${story.dateline.toUpperCase()} – `;

const linkTo = (edition: Edition) => markup`<a href="${edition.path}">${edition.title}</a>`;

const figure = (story: Story) =>
  markup`<figure class="wp-caption"><img src="${imagePath(story)}" alt="${story.image.alt}" width="960" height="540"><figcaption>${story.image.caption} ${WORDS[story.lang].filePhoto}</figcaption></figure>`;

const credits = (story: Story) => {
  const words = WORDS[story.lang];
  return markup`<p>${words.reportingBy} ${story.author}</p><p>${words.source} ${words.name}</p>`;
};

const shareButtons = (words: Words, where: string) =>
  markup`<div class="share-buttons share-${where}"><span>${words.share}</span> ${["Mastodon", "Bluesky", "Telegram", "WhatsApp", "E-Mail"].map((name) => markup`<a href="/share">${name}</a>`)}</div>`;

const commentForm = (words: Words) => markup`<section id="respond" class="comment-respond"><h3>${words.comment[0]}</h3><form>
      <p class="comment-notes">${words.comment[1]}</p><p><textarea name="comment"></textarea></p>
      <p class="captcha">${words.sum} <input name="sum" size="4"></p><p><button disabled>${words.comment[2]}</button></p></form></section>`;

function document(lang: Story["lang"], title: string, head: Markup, body: Markup): string {
  const words = WORDS[lang];
  return markup`<!doctype html>
<html lang="${lang}" dir="${directionOf(lang)}">
  <head>
    <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="stylesheet" href="/style.css">
    ${head}
  </head>
  <body>
    <header class="site-header"><a class="site-title" href="/">${words.name}</a>
      <nav><ul>${words.nav.map((name) => markup`<li><a href="/">${name}</a></li>`)}</ul></nav></header>
    ${body}
    <footer class="site-footer">© ${words.name} · ${words.rights}</footer>
  </body>
</html>
`.text;
}
