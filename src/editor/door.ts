import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import { isId } from "../lib/id.ts";
import type { Person } from "../newsroom/people.ts";
import { sessionOf } from "../newsroom/session.ts";
import { ACCESS, accessOf } from "./access.ts";
import type { EditorDeps } from "./deps.ts";
import type { Languages } from "./languages.ts";

export type EditorEnv = { Variables: { person: Person; languages: Languages } };

/**
 * Lets nobody in whom the table of routes does not: no session, no page; a route that is not in the table, no answer but no.
 * A page asks who has no session to sign in; a fragment says that they were signed out, and changes nothing.
 */
export function admit(
  deps: EditorDeps,
  refuse: (c: Context<EditorEnv>, status: 403 | 404, key: string) => Promise<Response>,
): MiddlewareHandler<EditorEnv> {
  return createMiddleware<EditorEnv>(async (c, next) => {
    const route = routeOf(c);
    const key = route && `${route.method} ${route.path}`;
    const access = key !== undefined && Object.hasOwn(ACCESS, key) ? ACCESS[key] : undefined;
    if (access === "open") return next();
    const token = getCookie(c, cookieName(deps));
    const person = token === undefined ? undefined : await sessionOf(deps.store, token);
    if (!person) {
      if (c.req.header("hx-request")) return c.body(null, 401, { "HX-Reswap": "none", "HX-Trigger": "signed-out" });
      return c.redirect("/sign-in", 303);
    }
    c.set("person", person);
    if (!route) return next();
    if (!access) return refuse(c, 403, "problem.403");
    // The handler's own id: in a middleware Hono tells only the middleware's.
    const id = idIn(c.req.path, route.path);
    const answer = await accessOf(deps.store, access, person, isId(id) ? id : NOBODY);
    if (answer === "granted") return next();
    return answer === "absent"
      ? refuse(c, 404, "problem.404")
      : refuse(c, 403, answer === "totp" ? "problem.totp" : "problem.403");
  });
}

/** Which route answers a request; undefined where none does but the one that says so. */
export function routeOf(c: Context): { readonly method: string; readonly path: string } | undefined {
  return matchedRoutes(c).find(({ method, path }) => method !== "ALL" || path !== "/*");
}

/** The segment of an address that stands where its route says `:id`; empty where it says none. */
function idIn(path: string, pattern: string): string {
  const at = pattern.split("/").indexOf(":id");
  return at < 0 ? "" : (path.split("/")[at] ?? "");
}

/** An id no row has, so that a malformed one is simply not found. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

/**
 * Requests that change something come from our own pages: by Fetch Metadata, and where a browser sends none, by
 * Origin; neither is refused (OWASP's CSRF cheat sheet). `same-site` is a stranger too.
 */
export function sameOrigin(deps: EditorDeps): MiddlewareHandler {
  const own = new URL(deps.publicUrl).origin;
  return createMiddleware(async (c, next) => {
    if (c.req.method === "GET" || c.req.method === "HEAD") return next();
    const site = c.req.header("sec-fetch-site");
    const origin = c.req.header("origin");
    const ours = site === undefined ? origin === own || origin === new URL(c.req.url).origin : site === "same-origin";
    return ours ? next() : c.text("Forbidden: this request does not come from Slugline's own pages.", 403);
  });
}

/** What a page of ours may load and do. Text is never HTML; nothing inline, nothing evaluated. */
export function guardHeaders(deps: EditorDeps): MiddlewareHandler {
  const images = ["'self'", "https:", ...(deps.imageOrigins ?? [])].join(" ");
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src ${images}`,
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "object-src 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types default",
  ].join("; ");
  return createMiddleware(async (c, next) => {
    await next();
    c.header("Content-Security-Policy", policy);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "same-origin");
    c.header("Cross-Origin-Opener-Policy", "same-origin");
    c.header("Cross-Origin-Resource-Policy", "same-origin");
    c.header("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
    if (isSecure(deps)) c.header("Strict-Transport-Security", "max-age=31536000");
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  });
}

/** session: signed in; code: the password was right, and a code is asked for */
type CookieFor = "session" | "code";

export function giveCookie(c: Context, deps: EditorDeps, of: CookieFor, token: string, expires: Date): void {
  setCookie(c, cookieName(deps, of), token, { ...cookieOptions(deps), expires });
}

export function cookieOf(c: Context, deps: EditorDeps, of: CookieFor): string | undefined {
  return getCookie(c, cookieName(deps, of));
}

export function dropCookie(c: Context, deps: EditorDeps, of: CookieFor): void {
  deleteCookie(c, cookieName(deps, of), cookieOptions(deps));
}

/** `__Host-` binds a cookie to its host and to https; browsers refuse it without. */
function cookieName(deps: EditorDeps, of: CookieFor = "session"): string {
  return `${isSecure(deps) ? "__Host-" : ""}slugline${of === "code" ? "-code" : ""}`;
}

function cookieOptions(deps: EditorDeps) {
  return { path: "/", httpOnly: true, sameSite: "Lax", secure: isSecure(deps) } as const;
}

function isSecure(deps: EditorDeps): boolean {
  return deps.publicUrl.startsWith("https:");
}
