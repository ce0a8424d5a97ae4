/** What the path of a request asks for. */
export type Asked =
  | { readonly kind: "link" | "preview"; readonly code: string }
  | { readonly kind: "home" | "robots" | "favicon" | "nothing" };

/** Codes of our own and those imported from other shorteners. */
const CODE = /^[A-Za-z0-9_-]{1,64}$/;
/** What sticks to an address copied out of a sentence, in the scripts our newsrooms write. */
const STUCK = /[/.,;:!?'"()[\]{}<>*_~…“”„‘’‚«»‹›،؛؟。、！？）」』】\s]+$/u;

/** @param url path and query as the request line has them; the query says nothing to us (`?fbclid=` and the like) */
export function askedOf(url: string): Asked {
  const end = url.search(/[?#]/);
  const path = decoded(end < 0 ? url : url.slice(0, end));
  if (path === "/") return { kind: "home" };
  if (path === "/robots.txt") return { kind: "robots" };
  if (path === "/favicon.ico" || path.startsWith("/apple-touch-icon")) return { kind: "favicon" };
  if (!path.startsWith("/")) return { kind: "nothing" };
  const code = path.slice(1).replace(STUCK, "");
  if (code.endsWith("+") && CODE.test(code.slice(0, -1))) return { kind: "preview", code: code.slice(0, -1) };
  return CODE.test(code) ? { kind: "link", code } : { kind: "nothing" };
}

function decoded(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}
