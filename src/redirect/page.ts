import { createHash } from "node:crypto";
import { acceptedLanguages } from "../lib/accept-language.ts";
import ar from "./messages/ar.json" with { type: "json" };
import ckb from "./messages/ckb.json" with { type: "json" };
import de from "./messages/de.json" with { type: "json" };
import en from "./messages/en.json" with { type: "json" };

const LANGUAGES = [en, ar, ckb, de];

export type PageName = "missing" | "retired" | "busy" | "limited" | "method" | "preview" | "home";

const STYLE =
  ":root{color-scheme:light dark;background:Canvas;color:CanvasText;font:1.1rem/1.5 system-ui,sans-serif}body{max-inline-size:34rem;margin-block:15vh;margin-inline:auto;padding-inline:1.5rem}h1{font-size:1.5rem}a{overflow-wrap:anywhere}";
const POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** A small page without script, cookie or anything from elsewhere. */
export interface Page {
  readonly body: Buffer;
  readonly headers: readonly string[];
}

/** The language of a page for whoever sent this `Accept-Language`; English where none of theirs is ours. */
export function languageFor(accept: string | undefined): string {
  const tags = acceptedLanguages(accept ?? "").map((tag) => tag.toLowerCase().split("-", 1)[0]);
  return tags.find((tag) => LANGUAGES.some(({ lang }) => lang === tag)) ?? en.lang;
}

/**
 * @param lang as `languageFor` told
 * @param siteUrl where the newsroom itself is; null leaves it out
 * @param target for `preview`: where the link leads
 */
export function pageOf(name: PageName, lang: string, siteUrl: string | null, target?: string): Page {
  const messages = LANGUAGES.find((one) => one.lang === lang) ?? en;
  const title = messages[`${name}.title`];
  const leads = target === undefined ? "" : `<p dir="ltr">${anchor(target, target)}</p>`;
  const home = siteUrl === null ? "" : `<p>${anchor(siteUrl, messages.site)}</p>`;
  const body = Buffer.from(
    `<!doctype html><html lang="${messages.lang}" dir="${messages.dir}"><meta charset="utf-8">` +
      `<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title><style>${STYLE}</style>` +
      `<main><h1>${escape(title)}</h1><p>${escape(messages[`${name}.text`])}</p>${leads}${home}</main></html>\n`,
  );
  return {
    body,
    headers: [
      "Content-Type",
      "text/html; charset=utf-8",
      "Content-Length",
      String(body.length),
      "Cache-Control",
      "no-store",
      "X-Robots-Tag",
      "noindex",
      "Content-Security-Policy",
      POLICY,
      "X-Content-Type-Options",
      "nosniff",
    ],
  };
}

const anchor = (href: string, text: string) => `<a href="${escape(href)}" rel="nofollow noopener">${escape(text)}</a>`;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
