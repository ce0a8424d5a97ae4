/** Parameters that say who came from where, never which story. */
const TRACKING =
  /^(?:utm_\w+|(?:fb|g|gb|dc|ms|y|tw|tt|wb)clid|gclsrc|fb_(?:action_ids|action_types|source|ref)|mc_[ce]id|_hs(?:enc|mi)|igshid?|mkt_tok|oly_(?:anon|enc)_id|vero_id|wickedid|yclid|_openstat|__twitter_impression|at_(?:medium|campaign|custom\d|link_\w+|bbc_team|ptr_name|format)|xtor|wt_mc|cmpid|ito|guccounter|guce_referrer(?:_sig)?|ns_(?:mchannel|source|campaign|linkname|fee))$/i;

/** An absolute http(s) address, or null. Leading and trailing white space goes; `base` resolves relative ones. */
export function webUrl(text: string | null | undefined, base?: string | null): string | null {
  if (text === null || text === undefined) return null;
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > 4_000) return null;
  const url = URL.parse(trimmed, base ?? undefined);
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "" ? url.href : null;
}

/** The address as we link to it: no tracking parameters, no user, fragment gone unless it names a page (`#!`). */
export function cleanUrl(text: string, base?: string | null): string | null {
  const href = webUrl(text, base);
  if (href === null) return null;
  const url = new URL(href);
  const kept = url.search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "" && !TRACKING.test(nameOf(pair)));
  url.search = kept.length === 0 ? "" : `?${kept.join("&")}`;
  if (!url.hash.startsWith("#!")) url.hash = "";
  url.username = "";
  url.password = "";
  return url.href;
}

/**
 * The story's one identity, from an address: as `cleanUrl`, with percent-escapes in capitals, no slash at the end and,
 * on the default port, one scheme. To compare, never to link to.
 */
export function canonicalUrl(text: string, base?: string | null): string | null {
  const href = cleanUrl(text, base);
  if (href === null) return null;
  const url = new URL(href);
  if (url.port === "" && url.protocol === "http:") url.protocol = "https:";
  if (url.pathname.length > 1) url.pathname = url.pathname.replace(/\/{1,8}$/, "");
  return url.href.replace(/%[0-9a-f]{2}/g, (escape) => escape.toUpperCase());
}

function nameOf(pair: string): string {
  return pair.split("=", 1)[0] ?? "";
}
