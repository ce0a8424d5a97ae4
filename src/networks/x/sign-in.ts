import { say } from "../../lib/say.ts";
import { at, text } from "../../lib/json.ts";
import type { Outbound } from "../../lib/outbound/outbound.ts";
import type { Clock } from "../../lib/time.ts";
import type { Connected, SignIn } from "../network.ts";
import { request } from "./request.ts";
import { tokensIn, type Session } from "./session.ts";
import { parsed, problem, sentence } from "./told.ts";
import type { AskToken } from "./token.ts";

/** What a newsroom's account does: look, post with pictures, and stay signed in. */
const SCOPES = ["tweet.read", "tweet.write", "users.read", "media.write", "offline.access"];

interface Deps {
  readonly outbound: Outbound;
  readonly askToken: AskToken;
  readonly clock: Clock;
  readonly requestMs: number;
}

/** X's sign-in (OAuth 2.0 with PKCE). A person makes the app at developer.x.com and names our callback there. */
export function createSignIn({ outbound, askToken, clock, requestMs }: Deps): SignIn {
  return {
    authorize: "https://x.com",

    page({ authorize, callback, app }, { state, challenge }) {
      const page = new URL("/i/oauth2/authorize", authorize);
      page.search = new URLSearchParams({
        response_type: "code",
        client_id: app.id,
        redirect_uri: callback,
        scope: SCOPES.join(" "),
        state,
        code_challenge: challenge,
        code_challenge_method: "S256",
      }).toString();
      return page;
    },

    async finish({ server, callback, app }, { code, verifier }, signal): Promise<Connected> {
      const form = { grant_type: "authorization_code", code, redirect_uri: callback, code_verifier: verifier };
      const reply = await askToken(server, app, form, signal);
      const told = reply.status === 200 ? tokensIn(reply.json) : undefined;
      if (!told) return { kind: "refused", why: say`X did not take the sign-in (${reply.status}): ${reply.told}` };
      const { access, refresh, lifeMs } = told;
      if (refresh === undefined)
        return { kind: "refused", why: "X gave no refresh token: the app may not ask for offline.access." };
      const missing = missingIn(text(reply.json, "scope"));
      if (missing.length > 0)
        return { kind: "refused", why: say`X gave no right to ${missing.join(", ")}: the app needs Read and write.` };
      const since = clock.now();
      const wanted = { method: "GET", path: "users/me", signal, timeoutMs: requestMs } as const;
      const answer = await request(outbound, new URL(server), access, wanted);
      const json = parsed(answer.body);
      const [id, handle] = [text(at(json, "data"), "id"), text(at(json, "data"), "username")];
      if (answer.status !== 200 || id === null) {
        const said = sentence(problem(json) ?? "nothing that can be read", [access, refresh]);
        return { kind: "refused", why: say`X did not say whose account it is (${answer.status}): ${said}` };
      }
      const session: Session = { id, access, refresh, since, endsAt: since + lifeMs };
      return {
        kind: "connected",
        secrets: {
          clientId: app.id,
          ...(app.secret === null ? {} : { clientSecret: app.secret }),
          session: JSON.stringify(session),
        },
        id,
        handle,
        endsAt: session.endsAt,
        renewal: { endsAt: null },
      };
    },
  };
}

/** Where X says which rights it gave, those it did not. */
function missingIn(scope: string | null): string[] {
  const given = scope?.split(" ");
  return given ? SCOPES.filter((one) => !given.includes(one)) : [];
}
