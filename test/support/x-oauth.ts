import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** The four keys of an account, and who that is. */
export interface XKeys {
  readonly appKey: string;
  readonly appSecret: string;
  readonly accessToken: string;
  readonly accessSecret: string;
}

/** X checks a signature for its own address, whatever proxy the request came through. */
const SIGNED_FOR = "https://api.x.com";
const LONGEST_MS = 5 * 60_000;

/** The parameters of an `Authorization: OAuth ...` header (RFC 5849, 3.5.1). */
export function oauthOf(headers: IncomingHttpHeaders): Record<string, string> {
  const [scheme, rest = ""] = (headers.authorization ?? "").split(/ (.*)/s);
  if (scheme !== "OAuth") return {};
  return Object.fromEntries(
    [...rest.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name!, decodeURIComponent(value!)]),
  );
}

interface Signed {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Nonces that were used already. */
  readonly nonces: Set<string>;
  readonly now: number;
}

/** Checks HMAC-SHA1 as RFC 5849 describes it; bodies of JSON and multipart are not part of what is signed. Null: it holds. */
export function wrongSignature({ method, url, headers, nonces, now }: Signed, keys: XKeys): string | null {
  const oauth = oauthOf(headers);
  const { oauth_signature: signature = "", ...signed } = oauth;
  if (signed["oauth_consumer_key"] !== keys.appKey || signed["oauth_token"] !== keys.accessToken) return "unknown keys";
  if (signed["oauth_signature_method"] !== "HMAC-SHA1" || signed["oauth_version"] !== "1.0") return "unknown method";
  if (Math.abs(Number(signed["oauth_timestamp"]) * 1000 - now) > LONGEST_MS) return "timestamp out of bounds";
  const nonce = signed["oauth_nonce"] ?? "";
  if (nonce === "" || nonces.has(nonce)) return "nonce used";
  nonces.add(nonce);
  const pairs = [...Object.entries(signed), ...url.searchParams.entries()].map(
    ([name, value]) => [encode(name), encode(value)] as const,
  );
  const parameters = pairs
    .toSorted(([a, va], [b, vb]) => (a === b ? (va < vb ? -1 : 1) : a < b ? -1 : 1))
    .map((pair) => pair.join("="))
    .join("&");
  const base = [method, SIGNED_FOR + url.pathname, parameters].map(encode).join("&");
  const right = createHmac("sha1", `${encode(keys.appSecret)}&${encode(keys.accessSecret)}`)
    .update(base)
    .digest();
  const given = Buffer.from(signature, "base64");
  return given.length === right.length && timingSafeEqual(given, right) ? null : "signature does not match";
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
