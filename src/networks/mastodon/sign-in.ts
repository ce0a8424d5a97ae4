import { say } from "../../lib/say.ts";
import { Fault } from "../../lib/fault.ts";
import { number, text } from "../../lib/json.ts";
import type { Outbound } from "../../lib/outbound/outbound.ts";
import type { Clock } from "../../lib/time.ts";
import type { App, Connected, SignIn } from "../network.ts";
import { parsed, sentence } from "./ask.ts";

/** What a newsroom's account does: post with pictures, and look what stands there. */
const SCOPES = "read:accounts read:statuses write:statuses write:media";

interface Deps {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly requestMs: number;
}

/**
 * Mastodon's sign-in (OAuth 2.0). Each server is told of us once, by itself; it forgets apps that nobody used, so that one
 * we know is asked about first. PKCE is always asked for: a server from before 4.3 passes over what it does not know.
 */
export function createSignIn({ outbound, clock, requestMs }: Deps): SignIn {
  async function post(server: string, path: string, form: Readonly<Record<string, string>>, signal: AbortSignal) {
    const answer = await outbound.request(new URL(path, server), {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
      timeoutMs: requestMs,
      signal,
    });
    const json = parsed(answer);
    const secrets = ["client_secret", "code", "code_verifier"].map((name) => form[name] ?? "");
    const said = text(json, "error_description") ?? text(json, "error") ?? "nothing that can be read";
    return { status: answer.status, json, told: sentence(said, secrets) };
  }

  /** Whether the server still knows us. Where it does not say no, it is taken to. */
  async function knows(server: string, { id, secret }: App, signal: AbortSignal): Promise<boolean> {
    const form = { grant_type: "client_credentials", client_id: id, client_secret: secret ?? "", scope: "read:accounts" };
    const { status, json } = await post(server, "/oauth/token", form, signal);
    return !((status === 401 || status === 400) && text(json, "error") === "invalid_client");
  }

  return {
    async register({ server, callback }, known, signal) {
      if (known && (await knows(server, known, signal))) return known;
      const form = { client_name: "Slugline", redirect_uris: callback, scopes: SCOPES };
      const { status, json, told } = await post(server, "/api/v1/apps", form, signal);
      const [id, secret] = [text(json, "client_id"), text(json, "client_secret")];
      if (status !== 200 || id === null || secret === null)
        throw new Fault("MASTODON_ANSWER", `${server} did not let us register as an app (${status}): ${told} Is it a Mastodon?`);
      return { id, secret };
    },

    page({ authorize, callback, app }, { state, challenge }) {
      const page = new URL("/oauth/authorize", authorize);
      page.search = new URLSearchParams({
        response_type: "code",
        client_id: app.id,
        redirect_uri: callback,
        scope: SCOPES,
        state,
        code_challenge: challenge,
        code_challenge_method: "S256",
      }).toString();
      return page;
    },

    async finish({ server, callback, app }, { code, verifier }, signal): Promise<Connected> {
      const form = {
        grant_type: "authorization_code",
        code,
        client_id: app.id,
        client_secret: app.secret ?? "",
        redirect_uri: callback,
        code_verifier: verifier,
      };
      const reply = await post(server, "/oauth/token", form, signal);
      const token = text(reply.json, "access_token");
      if (reply.status !== 200 || token === null)
        return { kind: "refused", why: say`${server} did not take the sign-in (${reply.status}): ${reply.told}` };
      const given = text(reply.json, "scope")?.split(" ");
      const missing = given ? SCOPES.split(" ").filter((one) => !covers(given, one)) : [];
      if (missing.length > 0) return { kind: "refused", why: say`${server} gave no right to ${missing.join(", ")}.` };
      const answer = await outbound.request(new URL("/api/v1/accounts/verify_credentials", server), {
        headers: { accept: "application/json", authorization: `Bearer ${token}` },
        timeoutMs: requestMs,
        signal,
      });
      const json = parsed(answer);
      const id = text(json, "id");
      if (answer.status !== 200 || id === null) {
        const said = sentence(text(json, "error") ?? "nothing that can be read", [token]);
        return { kind: "refused", why: say`${server} did not say whose account it is (${answer.status}): ${said}` };
      }
      // Mastodon's own tokens do not end; some servers that speak its API say when theirs do.
      const seconds = number(reply.json, "expires_in");
      const since = number(reply.json, "created_at") ?? clock.now() / 1_000;
      const endsAt = seconds === null ? null : (since + seconds) * 1_000;
      return { kind: "connected", secrets: { token }, id, handle: text(json, "acct"), endsAt };
    },
  };
}

/** `write` holds `write:statuses`. */
function covers(given: readonly string[], scope: string): boolean {
  return given.includes(scope) || given.includes(scope.split(":")[0] ?? "");
}
