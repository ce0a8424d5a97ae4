import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { codeOf } from "../lib/fault.ts";
import { isId } from "../lib/id.ts";
import type { ApiToken } from "../newsroom/token.ts";
import { refusedTo } from "./bearer.ts";
import type { ApiDeps } from "./deps.ts";
import { once, type Sent } from "./once.ts";
import { invalid, notFound, problem, Problem, type Told } from "./problem.ts";
import type { Call, Done, Route } from "./route.ts";

type Bearer = (authorization: string | undefined) => Promise<ApiToken | Told>;

/** Postgres' words for two who were in each other's way: nothing was done, and asking again is right. */
const IN_THE_WAY = new Set(["40001", "40P01", "55P03"]);

/**
 * What happens on every route, in this order: whose token, may it, what does it ask, do it, say only what the schema
 * lists. No handler is reached by whoever may not, or with a body that was not read by its schema.
 */
export function served(deps: ApiDeps, bearer: Bearer, route: Route): (c: Context) => Promise<Response> {
  return async (c) => {
    const token = route.needs === "open" ? NOBODY : await bearer(c.req.header("authorization"));
    if ("problem" in token) return said(token);
    const refused = refusedTo(token, route.needs, route.personal ?? false);
    if (refused) return said(refused);
    const id = c.req.param("id");
    if (id !== undefined && !isId(id)) return said(notFound());
    const query = route.query?.safeParse(
      Object.fromEntries(Object.entries(c.req.query()).map(([name, value]) => [name, storable(value)])),
    );
    if (query && !query.success) return said(invalid("query", query.error));
    const text = route.method === "GET" ? "" : await c.req.text();
    const body = route.body === undefined ? undefined : bodyIn(route.body, c.req.header("content-type"), text);
    if (body && "problem" in body) return said(body);

    const call = (store: Call["store"]): Call => ({
      store,
      db: store,
      token,
      param: (name) => storable(c.req.param(name) ?? ""),
      header: (name) => c.req.header(name),
      query: query?.data,
      body: body?.value,
    });
    if (route.method === "GET") {
      const done = await route.handle(call(deps.store));
      return done instanceof Response ? done : said(done, route);
    }
    const request = {
      tokenId: token.id,
      key: c.req.header("idempotency-key"),
      method: c.req.method,
      address: new URL(c.req.url).pathname,
      body: text,
    };
    const sent = await once(deps.store, request, async (store) => {
      const done = await route.handle(call(store));
      if (done instanceof Response) throw new Error("a stream changes nothing");
      return written(done, route);
    });
    deps.log.info(
      { token: token.name, method: c.req.method, path: c.req.path, status: sent.status },
      "A program asked for a change",
    );
    return "problem" in sent ? said(sent) : responseOf(sent);
  };
}

const NOBODY: ApiToken = {
  id: "",
  name: "",
  scopes: [],
  person: null,
  needsTotp: false,
  expiresAt: null,
  role: "none",
  accounts: {},
};

function bodyIn(schema: NonNullable<Route["body"]>, type: string | undefined, text: string): { value: unknown } | Told {
  if (!/^application\/json(?:\s*;|$)/i.test(type ?? ""))
    return problem(415, "not-json", "Send JSON, with Content-Type: application/json.");
  let json: unknown;
  try {
    json = JSON.parse(text, (_, value: unknown) => (typeof value === "string" ? storable(value) : value));
  } catch {
    return problem(400, "malformed-json", "The body is not JSON.");
  }
  const read = schema.safeParse(json);
  return read.success ? { value: read.data } : invalid("body", read.error);
}

/** Text as the store can hold it: no NUL, no half of a character. */
function storable(text: string): string {
  return text.replaceAll("\u0000", "").toWellFormed();
}

/** An answer with only the fields its schema lists. */
function written(done: Done | Told, route?: Route): Sent {
  if ("problem" in done) {
    const headers = { "Content-Type": "application/problem+json", ...done.headers };
    return { status: done.status, headers, body: JSON.stringify(Problem.parse(done.problem)) };
  }
  const schema = route?.answers[done.status];
  if (schema === undefined || schema === "stream")
    throw new Error(`${route?.path} answers ${done.status}, which it does not list`);
  if (schema === "nothing") return { status: done.status, headers: { ...done.headers }, body: "" };
  return {
    status: done.status,
    headers: { "Content-Type": "application/json", ...done.headers },
    body: JSON.stringify(schema.parse(done.body)),
  };
}

function responseOf({ status, headers, body }: Sent): Response {
  return new Response(status === 204 ? null : body, { status: status as ContentfulStatusCode, headers });
}

/** A problem, or what a route answers. */
export function said(done: Done | Told, route?: Route): Response {
  return responseOf(written(done, route));
}

/** What became of a request that failed inside: logged whole, told without its inside. */
export function failed(deps: ApiDeps, error: Error, path: string): Response {
  if (IN_THE_WAY.has(codeOf(error) ?? ""))
    return said(problem(503, "busy", "Somebody else was in the way; nothing was changed.", { headers: { "Retry-After": "1" } }));
  deps.log.error({ err: error, path }, "A request of a program failed");
  return said(problem(500, "failed", "Something failed on this side; nothing was changed."));
}
