import { createRepo, problem, type Problem } from "./bluesky-repo.ts";
import { createSessions, tooMany } from "./bluesky-session.ts";
import { createScript, startWire, type Reply } from "./wire.ts";

export type BlueskyCall = "login" | "refresh" | "media" | "publish" | "create" | "read" | "remove";

export interface BlueskyOptions {
  readonly handle?: string;
  readonly password?: string;
  /** Logins in five minutes. Default 30, as Bluesky's own. */
  readonly logins?: number;
  /** Points for writes in an hour: 3 to create, 2 to put, 1 to delete. Default 5,000, as Bluesky's own. */
  readonly points?: number;
}

const DID = "did:plc:standin2345672345672345";
const HOUR = 3_600_000;

const CALLS: Readonly<Record<string, { readonly call: BlueskyCall; readonly points?: number }>> = {
  "com.atproto.server.createSession": { call: "login" },
  "com.atproto.server.refreshSession": { call: "refresh" },
  "com.atproto.repo.uploadBlob": { call: "media" },
  "com.atproto.repo.createRecord": { call: "create", points: 3 },
  "com.atproto.repo.putRecord": { call: "publish", points: 2 },
  "com.atproto.repo.deleteRecord": { call: "remove", points: 1 },
  "com.atproto.repo.getRecord": { call: "read" },
  "com.atproto.repo.listRecords": { call: "read" },
};

/**
 * A PDS for one account, as far as a program that posts hears it: sessions that end and rotate, records under keys that
 * must be TIDs, blobs, limits by points, and the faults that are put into its script. Written from what PDS 0.5.35 does.
 */
export async function startBluesky(options: BlueskyOptions = {}) {
  const { handle = "desk.example.org", password = "abcd-efgh-ijkl-mnop", logins = 30, points = 5_000 } = options;
  const script = createScript<BlueskyCall>("publish");
  const passwords = new Set([password]);
  const spent = new Map<number, number>();
  let shift = 0;
  let url = "";
  const now = () => Date.now() + shift;
  const repo = createRepo(DID, handle);
  const sessions = createSessions({ member: { did: DID, handle }, passwords, logins, now, origin: () => url });

  function overPoints(cost: number): Problem | undefined {
    const hour = Math.floor(now() / HOUR);
    const count = (spent.get(hour) ?? 0) + cost;
    spent.set(hour, count);
    return count > points ? tooMany(points, (hour + 1) * HOUR, now(), 3_600) : undefined;
  }

  function act(name: string, bearer: string, request: { url: URL; body: Buffer; type: string }): object | Problem {
    const { searchParams } = request.url;
    if (name === "com.atproto.repo.getRecord") return repo.get(searchParams.get("repo"), searchParams.get("rkey"));
    if (name === "com.atproto.repo.listRecords")
      return repo.list(searchParams.get("repo"), Number(searchParams.get("limit") ?? 50), searchParams.get("cursor"));
    if (name === "com.atproto.server.refreshSession") return sessions.refresh(bearer);
    if (name === "com.atproto.repo.uploadBlob") return sessions.refused(bearer) ?? repo.upload(request.body, request.type);
    let body: Record<string, unknown>;
    try {
      body = JSON.parse(request.body.toString()) as typeof body;
    } catch {
      return problem(400, "InvalidRequest", "Unable to parse request body");
    }
    if (name === "com.atproto.server.createSession") return sessions.create(body);
    const refused = sessions.refused(bearer) ?? overPoints(CALLS[name]?.points ?? 0);
    if (refused) return refused;
    if (name === "com.atproto.repo.createRecord") return repo.create(body);
    return name === "com.atproto.repo.putRecord" ? repo.put(body) : repo.remove(body);
  }

  const wire = await startWire<BlueskyCall>({
    script,
    now,
    notFound: problem(404, "XRPCNotSupported", "XRPCNotSupported"),
    bodyOf,
    // Whatever secret a request bears, the app password is the one behind it.
    echoOf: (bearer) => json({ error: "InvalidRequest", message: `What is ${bearer} of ${password}?` }),
    asked({ url: asked, headers, body }) {
      const name = asked.pathname.replace(/^\/xrpc\//, "");
      const known = CALLS[name];
      if (!known) return undefined;
      const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
      const request = { url: asked, body, type: headers["content-type"] ?? "" };
      return { call: known.call, secret: bearer, act: () => replyOf(act(name, bearer, request)) };
    },
  });
  url = wire.url;

  return {
    ...wire,
    ...repo,
    did: DID,
    handle,
    password,
    next: script.next,
    /** How often this was asked. */
    count: (call: BlueskyCall) => wire.requests.filter(({ path }) => callOf(path) === call).length,
    advance: (ms: number) => void (shift += ms),
    revoke: () => passwords.clear(),
    distrust: sessions.distrust,
    become: sessions.become,
    [Symbol.asyncDispose]: wire.close,
  };
}

export type BlueskyStandIn = Awaited<ReturnType<typeof startBluesky>>;

function callOf(path: string): BlueskyCall | undefined {
  return CALLS[path.replace(/^\/xrpc\//, "").replace(/\?.*$/, "")]?.call;
}

function replyOf(done: object | Problem): Reply {
  return "status" in done && "body" in done ? (done as Problem) : { status: 200, body: done };
}

const json = (body: object) => ({ type: "application/json; charset=utf-8", body: JSON.stringify(body) });

const NAMES: Readonly<Record<number, readonly [string, string]>> = {
  401: ["AuthenticationRequired", "Authentication Required"],
  403: ["Forbidden", "Forbidden"],
  404: ["XRPCNotSupported", "XRPCNotSupported"],
  413: ["PayloadTooLarge", "request entity too large"],
  429: ["RateLimitExceeded", "Rate Limit Exceeded"],
  500: ["InternalServerError", "Internal Server Error"],
  501: ["MethodNotImplemented", "Method Not Implemented"],
};

/** Its own statuses as XRPC has them; those of the proxy before it as pages. */
function bodyOf(status: number): { type: string; body: string } {
  const name = NAMES[status] ?? (status >= 400 && status < 500 ? ["InvalidRequest", "Input is invalid"] : undefined);
  if (name) return json({ error: name[0], message: name[1] });
  return { type: "text/html", body: `<html><head><title>${status}</title></head><body>nginx</body></html>` };
}
