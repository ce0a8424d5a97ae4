import { randomUUID } from "node:crypto";
import { problem, type Problem } from "./bluesky-repo.ts";

const MINUTE = 60_000;
const ACCESS_MS = 120 * MINUTE;
const REFRESH_MS = 90 * 86_400_000;
const GRACE_MS = 120 * MINUTE;

interface Refresh {
  readonly password: string;
  endsAt: number;
  /** The token that replaced it; using it again within its grace gives that one again. */
  next?: string;
}

interface Member {
  readonly did: string;
  readonly handle: string;
}

interface Deps {
  readonly member: Member;
  /** App passwords that are good. */
  readonly passwords: Set<string>;
  /** Logins allowed in five minutes. */
  readonly logins: number;
  now(): number;
  origin(): string;
}

/** Logins and tokens as a PDS has them: access for two hours, refresh that rotates with two hours of grace. */
export function createSessions({ member, passwords, logins, now, origin }: Deps) {
  const refreshes = new Map<string, Refresh>();
  const dead = new Set<string>();
  const tries = new Map<number, number>();
  let status: "AccountTakedown" | "AccountDeactivated" | null = null;

  const token = (scope: string, jti: string, ms: number) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const exp = Math.floor((now() + ms) / 1_000);
    return `${part({ typ: scope, alg: "HS256" })}.${part({ scope, sub: member.did, jti, exp })}.${part({ signed: randomUUID() })}`;
  };
  const readToken = (text: string) => {
    try {
      return JSON.parse(Buffer.from(text.split(".")[1] ?? "", "base64url").toString()) as {
        scope: string;
        jti: string;
        exp: number;
      };
    } catch {
      return undefined;
    }
  };
  const handed = (jti: string) => ({
    accessJwt: token("com.atproto.appPass", randomUUID(), ACCESS_MS),
    refreshJwt: token("com.atproto.refresh", jti, REFRESH_MS),
    did: member.did,
    handle: member.handle,
    active: status === null,
    didDoc: {
      id: member.did,
      service: [{ id: "#atproto_pds", type: "AtprotoPersonalDataServer", serviceEndpoint: origin() }],
    },
  });

  function create(body: Record<string, unknown>): object | Problem {
    const window = Math.floor(now() / (5 * MINUTE));
    const count = (tries.get(window) ?? 0) + 1;
    tries.set(window, count);
    if (count > logins) return tooMany(logins, (window + 1) * 5 * MINUTE, now(), 300);
    if (typeof body["identifier"] !== "string" || typeof body["password"] !== "string")
      return problem(400, "InvalidRequest", "Input must have the property identifier");
    if (![member.did, member.handle].includes(body["identifier"]) || !passwords.has(body["password"]))
      return problem(401, "AuthenticationRequired", "Invalid identifier or password");
    if (status === "AccountTakedown") return problem(401, status, "Account has been taken down");
    const jti = randomUUID();
    refreshes.set(jti, { password: body["password"], endsAt: now() + REFRESH_MS });
    return handed(jti);
  }

  function refresh(bearer: string): object | Problem {
    const read = readToken(bearer);
    if (bearer === "") return problem(401, "AuthMissing", "Authentication Required");
    if (read?.scope !== "com.atproto.refresh") return problem(400, "InvalidToken", "Token could not be verified");
    const known = refreshes.get(read.jti);
    if (!known || known.endsAt <= now() || !passwords.has(known.password))
      return problem(400, "ExpiredToken", "Token has been revoked");
    if (status === "AccountTakedown") return problem(401, status, "Account has been taken down");
    known.next ??= randomUUID();
    known.endsAt = Math.min(known.endsAt, now() + GRACE_MS);
    if (!refreshes.has(known.next)) refreshes.set(known.next, { password: known.password, endsAt: now() + REFRESH_MS });
    return handed(known.next);
  }

  /** Undefined when the token may act. */
  function refused(bearer: string): Problem | undefined {
    const read = readToken(bearer);
    if (bearer === "") return problem(401, "AuthMissing", "Authentication Required");
    if (read?.scope !== "com.atproto.appPass" || dead.has(bearer))
      return problem(400, "InvalidToken", "Token could not be verified");
    if (read.exp * 1_000 <= now()) return problem(400, "ExpiredToken", "Token has expired");
    return status === null
      ? undefined
      : problem(401, status, status === "AccountTakedown" ? "Account has been taken down" : "Account is deactivated");
  }

  return {
    create,
    refresh,
    refused,
    distrust: (bearer: string) => void dead.add(bearer),
    become: (now: typeof status) => void (status = now),
  };
}

export function tooMany(limit: number, resetAt: number, now: number, window: number): Problem {
  const reset = Math.ceil(resetAt / 1_000);
  return problem(429, "RateLimitExceeded", "Rate Limit Exceeded", {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": "0",
    "ratelimit-reset": String(reset),
    "ratelimit-policy": `${limit};w=${window}`,
    "retry-after": String(reset - Math.floor(now / 1_000)),
  });
}
