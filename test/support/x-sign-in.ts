import { createHash, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { XUser } from "./x-api.ts";
import type { Reply } from "./wire.ts";

/** An app as a developer made it: confidential with a secret, public without. */
export interface XApp {
  readonly id: string;
  readonly secret: string | null;
  readonly callbacks: readonly string[];
}

export const X_APP: XApp = {
  id: "standin-client-id",
  secret: "standin-client-secret",
  callbacks: ["http://localhost:3000/connect/x/callback"],
};

interface Grant {
  readonly app: string;
  readonly user: XUser;
  readonly scope: string;
  readonly redirect: string;
  readonly challenge: string;
  readonly endsAt: number;
}

interface Deps {
  readonly apps: readonly XApp[];
  /** Who is signed in at x.com in the browser that comes. */
  user(): XUser;
  /** They press Cancel. */
  denies(): boolean;
  now(): number;
}

const CODE_MS = 30_000;
const ACCESS_MS = 7_200_000;
const invalid = (error_description: string): Reply => ({ status: 400, body: { error: "invalid_request", error_description } });

/**
 * X's sign-in: the page where people agree (which agrees at once here), codes that work once within 30 seconds and only
 * with their PKCE verifier, access of two hours, and refresh tokens that work once. Error bodies as people have met them.
 */
export function createXSignIn({ apps, user, denies, now }: Deps) {
  const codes = new Map<string, Grant>();
  const access = new Map<string, { app: string; user: XUser; endsAt: number; family: string }>();
  const refresh = new Map<string, { app: string; user: XUser; scope: string; family: string }>();
  /** Every refresh token that was used up: whoever shows one again has lost an answer, or stole it. */
  const spent = new Set<string>();
  const secret = (kind: string) => `${kind}-${randomBytes(24).toString("base64url")}`;

  function authorize(url: URL): Reply {
    const asked = url.searchParams;
    const app = apps.find(({ id }) => id === asked.get("client_id"));
    const redirect = asked.get("redirect_uri") ?? "";
    if (!app?.callbacks.includes(redirect)) return invalid("Something went wrong: You weren't able to give access to the App.");
    const back = new URL(redirect);
    back.searchParams.set("state", asked.get("state") ?? "");
    const wrong =
      asked.get("response_type") !== "code" || asked.get("code_challenge_method") !== "S256" || !asked.get("code_challenge");
    if (wrong) return invalid("Missing or wrong PKCE.");
    if (denies()) back.searchParams.set("error", "access_denied");
    else {
      const code = secret("code");
      const scope = asked.get("scope") ?? "";
      const challenge = asked.get("code_challenge")!;
      codes.set(code, { app: app.id, user: user(), scope, redirect, challenge, endsAt: now() + CODE_MS });
      back.searchParams.set("code", code);
    }
    return { status: 302, body: {}, headers: { location: back.href } };
  }

  function clientOf(headers: IncomingHttpHeaders, form: URLSearchParams): XApp | Reply {
    const [id, given] = /^Basic (.+)$/.test(headers.authorization ?? "")
      ? Buffer.from(headers.authorization!.slice(6), "base64").toString().split(":").map(decodeURIComponent)
      : [form.get("client_id") ?? "", null];
    const app = apps.find((one) => one.id === id);
    if (!app || app.secret !== given)
      return { status: 401, body: { error: "unauthorized_client", error_description: "Missing valid authorization header" } };
    return app;
  }

  function give(app: string, whose: XUser, scope: string, family: string): Reply {
    const [token, next] = [secret("access"), secret("refresh")];
    access.set(token, { app, user: whose, endsAt: now() + ACCESS_MS, family });
    refresh.set(next, { app, user: whose, scope, family });
    const body = { token_type: "bearer", expires_in: ACCESS_MS / 1_000, access_token: token, scope, refresh_token: next };
    return { status: 200, body };
  }

  function token(headers: IncomingHttpHeaders, body: Buffer): Reply {
    if (!headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) return invalid("Content type must be a form.");
    const form = new URLSearchParams(body.toString());
    const app = clientOf(headers, form);
    if (!("id" in app)) return app;
    if (form.get("grant_type") === "authorization_code") {
      const code = form.get("code") ?? "";
      const grant = codes.get(code);
      codes.delete(code);
      const proof = createHash("sha256")
        .update(form.get("code_verifier") ?? "")
        .digest("base64url");
      const right = grant && grant.app === app.id && grant.endsAt > now() && grant.redirect === form.get("redirect_uri");
      if (!right) return invalid("Value passed for the authorization code was invalid.");
      if (proof !== grant.challenge) return invalid("Value passed for the code verifier did not match the code challenge.");
      return give(app.id, grant.user, grant.scope, secret("family"));
    }
    const given = form.get("refresh_token") ?? "";
    const kept = form.get("grant_type") === "refresh_token" ? refresh.get(given) : undefined;
    if (!kept || kept.app !== app.id) return invalid("Value passed for the token was invalid.");
    refresh.delete(given);
    spent.add(given);
    for (const [old, { family }] of access) if (family === kept.family) access.delete(old);
    return give(app.id, kept.user, kept.scope, kept.family);
  }

  return {
    authorize,
    token,
    spent,
    /** Whose a bearer token is, and which app's; undefined when it has ended or is none. */
    comerOf(bearer: string): { user: XUser; app: string } | undefined {
      const found = access.get(bearer);
      return found && found.endsAt > now() ? found : undefined;
    },
    /** Tokens as a sign-in that went well gives them, for tests that do not begin there. */
    grant(whose: XUser = user(), app: XApp = apps[0]!) {
      return give(app.id, whose, "", secret("family")).body as {
        access_token: string;
        refresh_token: string;
        expires_in: number;
      };
    },
    /** Access tokens end at once, as X ends them now and then; refresh tokens stand. */
    endAccess: () => access.clear(),
    /** The person takes the app's access away. */
    revoke: () => (access.clear(), refresh.clear()),
  };
}
