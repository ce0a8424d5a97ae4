import { createHash, randomBytes } from "node:crypto";
import type { Reply } from "./wire.ts";

interface Deps {
  now(): number;
  /** Who is signed in there, in the browser that comes. */
  visitor(): string;
  denies(): boolean;
  /** From now on this token is that user's, with these rights. */
  admit(token: string, username: string): void;
  /** How long tokens live (seconds), as some servers that speak Mastodon's API have it; undefined as Mastodon: for ever. */
  readonly expiresIn: number | undefined;
}

const INVALID_GRANT =
  "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.";
const CODE_MS = 600_000;

/** Mastodon's sign-in: apps that register themselves, the page that agrees at once, codes that work once with PKCE. */
export function createMastodonSignIn({ now, visitor, denies, admit, expiresIn }: Deps) {
  const apps = new Map<string, { secret: string; redirect: string; scopes: string }>();
  const codes = new Map<
    string,
    { app: string; username: string; redirect: string; challenge: string | null; scope: string; endsAt: number }
  >();
  const secret = (kind: string) => `${kind}-${randomBytes(24).toString("base64url")}`;
  const error = (status: number, name: string, error_description: string): Reply => ({
    status,
    body: { error: name, error_description },
  });

  function register(form: URLSearchParams): Reply {
    const [name, redirect, scopes] = ["client_name", "redirect_uris", "scopes"].map((field) => form.get(field) ?? "");
    if (name === "") return { status: 422, body: { error: "Validation failed: Application name can't be blank" } };
    if (!URL.canParse(redirect!))
      return { status: 422, body: { error: "Validation failed: Redirect URI must be an absolute URI." } };
    const [client_id, client_secret] = [secret("client"), secret("client-secret")];
    apps.set(client_id, { secret: client_secret, redirect: redirect!, scopes: scopes! });
    return {
      status: 200,
      body: {
        id: String(apps.size),
        name,
        website: null,
        scopes: scopes!.split(" "),
        redirect_uris: [redirect],
        redirect_uri: redirect,
        client_id,
        client_secret,
        client_secret_expires_at: 0,
      },
    };
  }

  function authorize({ searchParams: asked }: URL): Reply {
    const id = asked.get("client_id") ?? "";
    const app = apps.get(id);
    const redirect = asked.get("redirect_uri") ?? "";
    if (!app) return error(401, "invalid_client", "Client authentication failed due to unknown client.");
    if (app.redirect !== redirect) return error(400, "invalid_redirect_uri", "The requested redirect uri is malformed.");
    const scope = asked.get("scope") ?? "read";
    if (scope.split(" ").some((one) => !app.scopes.split(" ").includes(one)))
      return error(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed.");
    const back = new URL(redirect);
    back.searchParams.set("state", asked.get("state") ?? "");
    if (denies()) {
      back.searchParams.set("error", "access_denied");
      back.searchParams.set("error_description", "The resource owner or authorization server denied the request.");
    } else {
      const code = secret("code");
      const challenge = asked.get("code_challenge_method") === "S256" ? asked.get("code_challenge") : null;
      codes.set(code, { app: id, username: visitor(), redirect, challenge, scope, endsAt: now() + CODE_MS });
      back.searchParams.set("code", code);
    }
    return { status: 302, body: {}, headers: { location: back.href } };
  }

  function token(form: URLSearchParams): Reply {
    const id = form.get("client_id") ?? "";
    if (apps.get(id)?.secret !== form.get("client_secret"))
      return error(
        401,
        "invalid_client",
        "Client authentication failed due to unknown client, no client authentication included.",
      );
    const created_at = Math.floor(now() / 1_000);
    if (form.get("grant_type") === "client_credentials")
      return { status: 200, body: { access_token: secret("app"), token_type: "Bearer", scope: form.get("scope"), created_at } };
    const code = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const proof = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const right = code?.app === id && code.redirect === form.get("redirect_uri") && code.endsAt > now();
    if (!right || (code.challenge !== null && code.challenge !== proof)) return error(400, "invalid_grant", INVALID_GRANT);
    const access_token = secret("token");
    admit(access_token, code.username);
    const ends = expiresIn === undefined ? {} : { expires_in: expiresIn };
    return { status: 200, body: { access_token, token_type: "Bearer", scope: code.scope, created_at, ...ends } };
  }

  return {
    /** By its id. */
    apps,
    register,
    authorize,
    token,
  };
}
