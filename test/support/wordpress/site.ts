import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { expect } from "vitest";
import { createHooks } from "../../../src/api/hooks.ts";
import { receiveHook } from "../../../src/article/receive.ts";
import { newId } from "../../../src/lib/id.ts";
import { projectRoot } from "../../../src/lib/root.ts";
import { systemClock } from "../../../src/lib/time.ts";
import { startRecording } from "../recording.ts";
import { testStore } from "../store.ts";

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
export const TOKEN = "slt_canary-token";
const PLUGIN = join(projectRoot, "extras/wordpress/slugline.php");
const SHIM = join(projectRoot, "test/support/wordpress/shim.php");

interface Told {
  readonly event: string;
  readonly article: Readonly<Record<string, unknown>>;
}
/** What is done in a request to the site; see `act` of shim.php. */
type Act = Readonly<Record<string, unknown>>;

/** A WordPress with the plugin, and the hook endpoint and API it tells of its stories. `fresh` begins another site. */
export async function openSite() {
  const store = await testStore();
  await store.query("insert into slugline.source (id, name, kind, settings, origin) values ($1, 'cms', 'hook', $2, 'file')", [
    newId(),
    JSON.stringify({ secretEnv: "CMS_SECRET" }),
  ]);
  const hooks = createHooks({
    receive: (source, headers, body) => receiveHook({ store, secrets: () => SECRET, clock: systemClock }, source, headers, body),
  });
  const received: { readonly id: string; readonly body: string }[] = [];
  let failures = 0;
  const app = new Hono()
    .use("/hooks/*", async (c, next) => {
      received.push({ id: c.req.header("webhook-id") ?? "", body: await c.req.text() });
      await next();
      // Slugline has it, and its answer is lost on the way.
      if (failures > 0) c.res = new Response("<h1>Bad Gateway</h1>", { status: 502 });
      failures -= 1;
    })
    .route("/hooks", hooks);
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = await startRecording((request, response) => {
    const known = JSON.parse(request.body.toString()) as { url: string; placement: string };
    const made = { ...known, url: "https://go.example.org/abc", code: "abc", target: known.url };
    response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify(made));
  });
  const folder = await mkdtemp(join(tmpdir(), "slugline-wordpress-"));
  const constants = {
    SLUGLINE_HOOK_URL: `${origin}/hooks/cms`,
    SLUGLINE_HOOK_SECRET: SECRET,
    SLUGLINE_API_URL: api.url,
    SLUGLINE_API_TOKEN: TOKEN,
  };
  let number = 0;

  /** One request to the site; `dies` ends it before what WordPress does at the end of each, `fpm` is under PHP-FPM. */
  async function request(
    acts: readonly Act[],
    how: { constants?: object; dies?: boolean; fpm?: boolean } = {},
  ): Promise<unknown[]> {
    const child = spawn("php", ["-d", "display_errors=stderr", "-d", "error_reporting=-1", SHIM], {
      env: {
        ...process.env,
        SITE: join(folder, `site-${number}`),
        PLUGIN,
        CONSTANTS: JSON.stringify(how.constants ?? constants),
        DIES: how.dies ? "1" : "",
        FPM: how.fpm ? "1" : "",
      },
    });
    let [out, complaints] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (complaints += data.toString()));
    child.stdin.end(JSON.stringify(acts));
    await once(child, "close");
    expect(complaints).toBe("");
    return JSON.parse(out) as unknown[];
  }

  return {
    origin,
    constants,
    api,
    received,
    request,
    cron: (ahead = 0) => request([{ do: "cron", ahead }]),
    save: async (post: object) => (await request([{ do: "save", post }]))[0] as number,
    /** The answers to so many hooks are lost. */
    lose: (answers: number) => void (failures = answers),
    story: (more: object = {}) => ({
      post_status: "publish",
      post_title: "The bridge's back",
      post_name: `bridge-${number}`,
      guid: `https://example.org/?p=${number}00`,
      post_content: "<!-- wp:paragraph --><p>The bridge opens on <b>Monday</b>.</p><!-- /wp:paragraph -->",
      ...more,
    }),
    number: () => number,
    told: () => received.map(({ body }) => JSON.parse(body) as Told),
    /** What Slugline made of it. */
    articles: async () =>
      (
        await store.query<{ title: string; state: string }>(
          "select title, state from slugline.article where canonical_url like $1",
          [`%bridge-${number}%`],
        )
      ).rows,
    fresh() {
      number += 1;
      received.length = 0;
      api.requests.length = 0;
      failures = 0;
    },
    async close() {
      server.close();
      await api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
