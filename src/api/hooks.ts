import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { HookAnswer } from "../article/receive.ts";

/** A pushed article is text; ten times the longest we have seen. */
const MOST_BYTES = 2 * 1024 * 1024;

export interface HookDeps {
  /** Takes a hook for a source by name; answers only once what it told of is durable. */
  receive(source: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<HookAnswer>;
}

/** `POST /hooks/{source}`: an article pushed by a CMS (Standard Webhooks). Problems are told as RFC 9457 says. */
export function createHooks(deps: HookDeps): Hono {
  const app = new Hono();
  app.post(
    "/:source",
    bodyLimit({
      maxSize: MOST_BYTES,
      onError: (c) =>
        c.json(
          { title: "Content Too Large", status: 413, detail: `A hook may carry at most ${MOST_BYTES} bytes.` },
          413,
          PROBLEM,
        ),
    }),
    async (c) => {
      const body = Buffer.from(await c.req.arrayBuffer());
      const answer = await deps.receive(c.req.param("source"), c.req.header(), body);
      if (answer.status === 202) return c.json(answer.body, 202);
      return c.json(answer.body, answer.status, PROBLEM);
    },
  );
  app.all("/:source", (c) =>
    c.json({ title: "Method Not Allowed", status: 405, detail: "A hook is a POST." }, 405, { ...PROBLEM, Allow: "POST" }),
  );
  return app;
}

const PROBLEM = { "Content-Type": "application/problem+json" };
