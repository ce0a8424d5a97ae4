import { say } from "../say.ts";
import { OutboundError } from "./error.ts";

/** What one hop asks for. */
export interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** Headers another origin may see. A list of what may go, because secrets have many names (x-api-key, webhook-signature, ...). */
const HARMLESS = new Set([
  "user-agent",
  "accept",
  "accept-encoding",
  "accept-language",
  "if-none-match",
  "if-modified-since",
  "range",
]);

/**
 * The request a redirect asks for (RFC 9110, 15.4), or undefined when the answer is none. Pure: the new host is checked when it is connected to.
 *
 * @throws OutboundError `OUTBOUND_REDIRECT` when it leads from https to http, off the web, or would carry a body to another origin
 */
export function follow(asked: Asked, status: number, location: string | undefined): Asked | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  const url = URL.parse(location, asked.url);
  const from = asked.url.host;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.username || url.password)
    throw refuse(from, "to what is no web address");
  if (asked.url.protocol === "https:" && url.protocol === "http:") throw refuse(from, "from https to http");
  // A fragment is the reader's, not the server's; keep ours where the target has none.
  if (!url.hash) url.hash = asked.url.hash;
  const becomesGet =
    asked.method !== "HEAD" && (status === 303 || ((status === 301 || status === 302) && asked.method === "POST"));
  const method = becomesGet ? "GET" : asked.method;
  const body = becomesGet ? undefined : asked.body;
  const same = url.origin === asked.url.origin;
  if (!same && body !== undefined) throw refuse(from, "a request with a body to another origin");
  const headers = Object.entries(asked.headers).filter(
    ([name]) => (same || HARMLESS.has(name)) && !(becomesGet && name.startsWith("content-")),
  );
  return { url, method, headers: Object.fromEntries(headers), body };
}

function refuse(where: string, what: string): OutboundError {
  return new OutboundError("OUTBOUND_REDIRECT", "maybe", say`${where} redirects ${what}: not followed.`, { where });
}
