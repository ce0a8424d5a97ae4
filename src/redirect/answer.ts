import type { IncomingMessage, ServerResponse } from "node:http";
import type { ClickLog } from "../click/segment.ts";
import { classify, type Judge } from "../click/visit.ts";
import type { PublicLink } from "../link/store.ts";
import { visitorKey, type Ranges } from "../lib/client-address.ts";
import type { Lookup } from "./lookup.ts";
import type { MissBudget } from "./misses.ts";
import { languageFor, pageOf, type Page, type PageName } from "./page.ts";
import { askedOf } from "./path.ts";
import type { LinkTable } from "./table.ts";

export interface Door {
  readonly table: LinkTable;
  readonly lookup: Lookup;
  readonly clicks: ClickLog;
  readonly judge: Judge;
  readonly misses: MissBudget;
  readonly trusted: Ranges;
  /** The newsroom's own site; null where there is none. */
  readonly siteUrl: string | null;
}

/** A preview may be kept for five minutes: one post can bring a thousand servers at once. */
const PREVIEW_CACHE = ["Cache-Control", "public, max-age=300", "Vary", "User-Agent"] as const;
const NO_CACHE = ["Cache-Control", "no-store"] as const;
const RETRY_AFTER_S = 5;

/** The one route: `GET|HEAD /{code}`. Known links are answered from memory, in the turn they came in. */
export function answerer(door: Door): (request: IncomingMessage, response: ServerResponse) => void {
  const { table, siteUrl } = door;
  const pages = new Map<string, Page>();
  /** Written once for each language. */
  const told = (lang: string, name: PageName): Page => {
    const key = `${lang} ${name}`;
    const page = pages.get(key) ?? pageOf(name, lang, siteUrl);
    pages.set(key, page);
    return page;
  };
  const page = (response: ServerResponse, status: number, name: PageName, more: readonly string[] = []) =>
    send(response, status, told(languageFor(response.req.headers["accept-language"]), name), more);

  const lead = (request: IncomingMessage, response: ServerResponse, link: PublicLink) => {
    if (link.state === "retired") return page(response, 410, "retired");
    const visit = classify(request.rawHeaders, door.judge);
    const cache = visit === "preview" ? PREVIEW_CACHE : NO_CACHE;
    response.writeHead(302, ["Location", link.target, ...cache, "X-Robots-Tag", "noindex", "Content-Length", "0"]);
    if (request.method === "HEAD") response.end();
    else door.clicks.record(link.number, visit, response);
  };

  const missed = (response: ServerResponse, visitor: string) => {
    door.misses.miss(visitor);
    page(response, 404, "missing");
  };

  const seek = async (request: IncomingMessage, response: ServerResponse, code: string, found: (link: PublicLink) => void) => {
    const known = table.get(code);
    if (known) return found(known);
    const visitor = visitorOf(request, door.trusted);
    if (door.misses.spent(visitor)) return page(response, 429, "limited", ["Retry-After", "60"]);
    const link = await door.lookup.find(code);
    // Whether it is a link cannot be known now; a 404 would be remembered by crawlers.
    if (link === "unreachable") return page(response, 503, "busy", ["Retry-After", String(RETRY_AFTER_S)]);
    if (link === "unknown") return missed(response, visitor);
    found(link);
  };

  const preview = (response: ServerResponse, link: PublicLink) => {
    if (link.state === "retired") return page(response, 410, "retired");
    send(response, 200, pageOf("preview", languageFor(response.req.headers["accept-language"]), siteUrl, link.target), []);
  };

  const slowly = (request: IncomingMessage, response: ServerResponse): void => {
    const asked = askedOf(request.url ?? "");
    switch (asked.kind) {
      case "link":
        return void seek(request, response, asked.code, (link) => lead(request, response, link));
      case "preview":
        return void seek(request, response, asked.code, (link) => preview(response, link));
      case "home":
        if (siteUrl === null) return page(response, 200, "home");
        response.writeHead(302, ["Location", siteUrl, "Cache-Control", "public, max-age=300", "Content-Length", "0"]);
        return void response.end();
      case "robots":
        // Crawlers may follow links (a card must be found); nothing here goes into an index by X-Robots-Tag.
        return send(response, 200, ROBOTS, []);
      case "favicon":
        return page(response, 404, "missing");
      case "nothing":
        return nothing(request, response);
    }
  };

  const nothing = (request: IncomingMessage, response: ServerResponse) => {
    const visitor = visitorOf(request, door.trusted);
    if (door.misses.spent(visitor)) return page(response, 429, "limited", ["Retry-After", "60"]);
    missed(response, visitor);
  };

  return (request, response) => {
    const { method, url = "" } = request;
    if (method !== "GET" && method !== "HEAD") {
      // Whatever body comes with it is not read.
      return page(response, 405, "method", ["Allow", "GET, HEAD", "Connection", "close"]);
    }
    const link = table.get(url.slice(1));
    if (link && url.charCodeAt(0) === SLASH) return lead(request, response, link);
    slowly(request, response);
  };
}

const SLASH = 47;
const ROBOTS: Page = {
  body: Buffer.from("User-agent: *\nAllow: /\n"),
  headers: ["Content-Type", "text/plain; charset=utf-8", "Content-Length", "23", "Cache-Control", "public, max-age=86400"],
};

function send(response: ServerResponse, status: number, { body, headers }: Page, more: readonly string[]): void {
  response.writeHead(status, [...headers, ...more]);
  response.end(body);
}

function visitorOf(request: IncomingMessage, trusted: Ranges): string {
  const forwarded = trusted.length > 0 ? request.headers["x-forwarded-for"] : undefined;
  return visitorKey(request.socket.remoteAddress, typeof forwarded === "string" ? forwarded : undefined, trusted);
}
