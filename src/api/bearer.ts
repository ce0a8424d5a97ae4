import { mayAnywhere, type Act } from "../newsroom/person.ts";
import { tokenOf, type ApiToken, type Scope } from "../newsroom/token.ts";
import type { ApiDeps } from "./deps.ts";
import { problem, type Told } from "./problem.ts";
import type { Needs } from "./route.ts";

/** What the rights behind a token must allow, somewhere at least, for its scope to be worth anything. */
const ACT: Readonly<Record<Scope, Act>> = {
  read: "see",
  write: "write",
  decide: "decide",
  links: "write",
  stop: "stop",
  manage: "manage",
};

const PACE = { burst: 120, perSecond: 10 };
/** Tokens whose pace is kept in mind at once. */
const MOST_PACED = 10_000;

/** Who asks, by `Authorization: Bearer` alone: no cookie, no address is ever looked at. */
export function createBearer(deps: ApiDeps) {
  const paced = createPace(deps.clock.monotonic, deps.pace ?? PACE);

  return async (authorization: string | undefined): Promise<ApiToken | Told> => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (given === undefined) return unauthorized('Bearer realm="slugline"', "Send a token: Authorization: Bearer slug_…");
    const token = await tokenOf(deps.store, given);
    if (!token)
      return unauthorized('Bearer realm="slugline", error="invalid_token"', "This token is not known, was revoked, or is over.");
    const waitS = paced(token.id);
    if (waitS > 0)
      return problem(429, "too-many-requests", `This token asks too often. Try again in ${waitS} s.`, {
        headers: { "Retry-After": String(waitS) },
      });
    return token;
  };
}

function unauthorized(challenge: string, detail: string): Told {
  return problem(401, "unauthorized", detail, { headers: { "WWW-Authenticate": challenge } });
}

/** Why a token may not use a route; undefined when it may. What is about one account is asked again there. */
export function refusedTo(token: ApiToken, needs: Needs, personal: boolean): Told | undefined {
  if (needs === "open" || needs === "any") return undefined;
  const challenge = { "WWW-Authenticate": `Bearer realm="slugline", error="insufficient_scope", scope="${needs}"` };
  if (!token.scopes.includes(needs))
    return problem(
      403,
      "scope-missing",
      `This needs a token with the scope ${needs}; ${token.name} has ${token.scopes.join(", ")}.`,
      {
        headers: challenge,
      },
    );
  if (!mayAnywhere(token, ACT[needs]))
    return problem(403, "role-too-small", `No role of ${token.name} allows this on any account.`, { headers: challenge });
  if (token.needsTotp && (needs === "decide" || needs === "manage"))
    return problem(
      403,
      "second-factor-missing",
      `${token.person?.name ?? token.name} has to set up an authenticator app first (in the editor, My account): an account is out of rehearsal.`,
    );
  if (personal && token.person === null)
    return problem(403, "person-missing", "This is a person's to say: it needs a token that belongs to one (token add --for).");
  return undefined;
}

/** A bucket per token that fills again by itself; answers how many seconds to wait, 0 for none. */
function createPace(now: () => number, { burst, perSecond }: { burst: number; perSecond: number }): (id: string) => number {
  const buckets = new Map<string, { left: number; at: number }>();
  return (id) => {
    const at = now();
    const was = buckets.get(id) ?? { left: burst, at };
    const left = Math.min(burst, was.left + ((at - was.at) / 1000) * perSecond);
    // Put last, so that the first of the map is the one not heard of for longest.
    buckets.delete(id);
    if (buckets.size >= MOST_PACED) for (const oldest of buckets.keys()) return (buckets.delete(oldest), pay(id, left, at));
    return pay(id, left, at);
  };

  function pay(id: string, left: number, at: number): number {
    buckets.set(id, { left: left < 1 ? left : left - 1, at });
    return left < 1 ? Math.max(1, Math.ceil((1 - left) / perSecond)) : 0;
  }
}
