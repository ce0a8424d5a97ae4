import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { may, type Act } from "../newsroom/person.ts";
import { sessionOf, type Person } from "../newsroom/people.ts";
import type { EditorDeps } from "./deps.ts";

export type EditorEnv = { Variables: { person: Person } };

/** Paths that open without a session; every other one, also one that does not exist, needs one. */
const OPEN = /^\/(?:sign-in(?:\/[^/]*)?|assets\/.+|favicon\.ico)$/;

export function isOpen(path: string): boolean {
  return OPEN.test(path);
}

/** Lets nobody in without a session. A page asks them to sign in; a fragment says that they were signed out, and changes nothing. */
export function needsSession(deps: EditorDeps): MiddlewareHandler<EditorEnv> {
  return createMiddleware<EditorEnv>(async (c, next) => {
    if (isOpen(c.req.path)) return next();
    const token = getCookie(c, cookieName(deps));
    const person = token === undefined ? undefined : await sessionOf(deps.store, token);
    if (!person) {
      if (c.req.header("hx-request")) return c.body(null, 401, { "HX-Reswap": "none", "HX-Trigger": "signed-out" });
      return c.redirect("/sign-in", 303);
    }
    c.set("person", person);
    return next();
  });
}

/** Only for people who may do this; the others are told so. */
export function needs(act: Act, refuse: (c: Context<EditorEnv>) => Response | Promise<Response>): MiddlewareHandler<EditorEnv> {
  return createMiddleware<EditorEnv>(async (c, next) => (may(c.get("person").role, act) ? next() : refuse(c)));
}

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

export function giveSession(c: Context, deps: EditorDeps, token: string, expires: Date): void {
  setCookie(c, cookieName(deps), token, { ...cookieOptions(deps), expires });
}

export function takeSession(c: Context, deps: EditorDeps): string | undefined {
  const token = getCookie(c, cookieName(deps));
  deleteCookie(c, cookieName(deps), cookieOptions(deps));
  return token;
}

/** `__Host-` binds a cookie to its host and to https; browsers refuse it without. */
function cookieName(deps: EditorDeps): string {
  return isSecure(deps) ? "__Host-slugline" : "slugline";
}

function cookieOptions(deps: EditorDeps) {
  return { path: "/", httpOnly: true, sameSite: "Lax", secure: isSecure(deps) } as const;
}

function isSecure(deps: EditorDeps): boolean {
  return deps.publicUrl.startsWith("https:");
}
