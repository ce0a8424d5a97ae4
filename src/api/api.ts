import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { articleRoutes } from "./articles.ts";
import { createBearer } from "./bearer.ts";
import { decisionRoutes } from "./decisions.ts";
import { deliveryRoutes } from "./deliveries.ts";
import type { ApiDeps } from "./deps.ts";
import { eventRoutes } from "./events.ts";
import { linkRoutes } from "./links.ts";
import { keepOrder } from "./list.ts";
import { newsroomRoutes } from "./newsroom.ts";
import { describe, Document } from "./openapi.ts";
import { occasionRoutes } from "./occasions.ts";
import { postRoutes } from "./posts.ts";
import { problem, notFound } from "./problem.ts";
import { restoredRoutes } from "./restored.ts";
import { ok, route, type Route } from "./route.ts";
import { failed, said, served } from "./serve.ts";
import { textRoutes } from "./texts.ts";
import { tokenRoutes } from "./tokens.ts";

/** The largest body we take: a post's text many times over. */
const LARGEST = 64 * 1024;

/** The programs' door, to be mounted at `/api/v1`: what the editor does, for tokens. It sets no cookie and reads none. */
export function createApi(deps: ApiDeps): Hono {
  const description = route({
    method: "GET",
    path: "/openapi.json",
    needs: "open",
    summary: "This description.",
    answers: { 200: Document },
    handle: async () => ok(document),
  });
  const routes: readonly Route[] = [...routesOf(deps), description];
  const document = describe(routes);
  const api = new Hono();
  api.use(async (c, next) => {
    await next();
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  });
  api.use(
    bodyLimit({
      maxSize: LARGEST,
      onError: () => said(problem(413, "too-large", `A body may have at most ${LARGEST} bytes.`)),
    }),
  );
  const bearer = createBearer(deps);
  for (const one of routes) api.on(one.method, honoPath(one.path), served(deps, bearer, one));
  for (const path of new Set(routes.map((one) => one.path))) {
    const allow = routes.flatMap((one) => (one.path === path ? [one.method] : [])).join(", ");
    api.all(honoPath(path), () => said(problem(405, "wrong-method", `Here one may: ${allow}.`, { headers: { Allow: allow } })));
  }
  // A route, not `notFound`: that would be lost where this is mounted into another Hono.
  api.all("*", () => said(notFound()));
  api.onError((error, c) => failed(deps, error, c.req.path));
  keepOrder(deps.store).catch((error: unknown) => deps.log.error({ err: error }, "The order of changes could not be checked"));
  return api;
}

/** Every address of the programs' door, in the order of the data's way. */
export function routesOf(deps: ApiDeps): Route[] {
  return [
    ...articleRoutes,
    ...postRoutes(deps),
    ...textRoutes(deps),
    ...occasionRoutes(deps),
    ...decisionRoutes(deps),
    ...deliveryRoutes,
    ...linkRoutes(deps),
    ...newsroomRoutes,
    ...restoredRoutes(deps),
    ...eventRoutes(deps),
    ...tokenRoutes,
  ];
}

function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}
