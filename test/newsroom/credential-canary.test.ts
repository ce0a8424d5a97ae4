import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pino } from "pino";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { run } from "../../src/cli.ts";
import { loadConfig } from "../../src/config.ts";
import { startMastodon } from "../support/mastodon.ts";
import { freePorts } from "../support/slugline.ts";
import { testStore, until } from "../support/store.ts";

/** A secret of ours in every place there is for one. */
const CANARIES = {
  sealed: "canary-sealed-token-7c1d",
  given: "canary-given-token-90ab",
  hook: `whsec_${Buffer.from("canary-hook-secret-0f").toString("base64")}`,
  key: Buffer.from("canary-master-key-of-32-bytes-01").toString("base64"),
  metrics: "canary-metrics-token-55",
};

test("canary secrets in every place for one are in no log, row, job, answer, page or metric (ASVS 16.2.5)", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slugline canary "));
  const store = await testStore();
  await using server = await startMastodon({ accounts: { [CANARIES.given]: "robot", [CANARIES.sealed]: "keeper" } });
  const [port, redirect, health] = await freePorts();
  await writeFile(
    join(folder, "newsroom.yaml"),
    `site: { name: Canary, url: "https://example.org", languages: [en], timeZone: UTC }
outbound: { allow: ["${new URL(server.url).host}"] }
sources: [{ name: cms, kind: hook, secretEnv: CMS_SECRET }]
accounts: [{ name: robot, network: mastodon, server: "${server.url}", tokenEnv: MASTO_TOKEN, mode: auto }]
rules: [{ accounts: [robot] }]
`,
  );
  const env = {
    DATABASE_URL: store.databaseUrl,
    SLUGLINE_KEY: CANARIES.key,
    SLUGLINE_CONFIG: "newsroom.yaml",
    DATA_DIR: "data",
    LOG_LEVEL: "trace",
    PORT: String(port),
    REDIRECT_PORT: String(redirect),
    HEALTH_PORT: String(health),
    CMS_SECRET: CANARIES.hook,
    MASTO_TOKEN: CANARIES.given,
    METRICS_TOKEN: CANARIES.metrics,
  };
  const told: string[] = [];
  const type = (argv: string[], answers: string[] = []) =>
    run(argv, {
      out: (line) => void told.push(line),
      err: (line) => void told.push(line),
      stdin: Readable.from(answers.map((line) => `${line}\n`)),
      env,
      folder,
    });
  // Nothing is redacted here: what comes must be clean by itself.
  const sink = new Writable({ write: (chunk: Buffer, _, done) => (told.push(chunk.toString()), done()) });

  const added = ["account", "add", "keeper", "--network", "mastodon", "--server", server.url, "--mode", "auto", "--takes", "all"];
  expect(await type(added, [CANARIES.sealed])).toBe(0);
  const app = await createApp(loadConfig(env, { folder }), undefined, { log: pino({ level: "trace" }, sink) });

  const push = async (guid: string, secret: string = CANARIES.hook) => {
    const text = "The old bridge opens on Monday, the council said on Tuesday. ".repeat(8);
    const body = JSON.stringify({
      event: "published",
      article: { guid, url: `https://example.org/${guid}`, title: `Story ${guid}`, text, lang: "en" },
    });
    const now = new Date();
    const answer = await fetch(`http://localhost:${port}/hooks/cms`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "webhook-id": guid,
        "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
        "webhook-signature": new Webhook(secret).sign(guid, now, body),
      },
      body,
    });
    told.push(await answer.text());
    return answer.status;
  };
  const states = async (guid: string) =>
    (
      await store.query<{ state: string }>(
        "select d.state from slugline.delivery d join slugline.post p on p.id = d.post_id join slugline.article r on r.id = p.article_id where r.title = $1",
        [`Story ${guid}`],
      )
    ).rows.map((row) => row.state);
  const come = (guid: string, state: string) =>
    until(async () => {
      const all = await states(guid);
      return all.length === 2 && all.every((one) => one === state);
    });

  expect(await push("one")).toBe(202);
  await come("one", "posted");
  expect(await push("forged", `whsec_${Buffer.alloc(24, 1).toString("base64")}`)).toBe(401);
  server.next({ status: 422, echo: true }, 2);
  await push("two");
  await come("two", "refused");
  server.next({ status: 401, echo: true }, 4, "any");
  await push("three");
  await come("three", "locked-out");
  server.clearFaults();
  server.revoke();
  server.next({ status: 401, echo: true }, 2, "verify");

  for (const argv of [
    ["account", "verify"],
    ["account", "verify", "--json"],
    ["check"],
    ["check", "--json"],
    ["key", "rotate", "--json"],
    ["account", "add", "keeper", "--network", "mastodon", "--token", CANARIES.sealed],
  ])
    await type(argv);
  for (const address of [`:${port}/`, `:${port}/hooks/cms`, `:${port}/nowhere`, `:${health}/metrics`, `:${health}/readyz`])
    told.push(await (await fetch(`http://localhost${address}`)).text());
  told.push(await (await fetch(`${app.healthUrl}/metrics`, { headers: { authorization: `Bearer ${CANARIES.metrics}` } })).text());
  await app.drain(2_000);
  await app[Symbol.asyncDispose]();

  const tables = await store.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
  );
  expect(tables.rows.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["slugline.event", "slugline.attempt", "slugline.credential"]),
  );
  const rows: string[] = [];
  for (const { name } of tables.rows)
    rows.push(...(await store.query<{ row: string }>(`select t::text as row from ${name} t`)).rows.map(({ row }) => row));
  await rm(folder, { recursive: true, force: true });

  expect(told.length, "there is something to look through").toBeGreaterThan(20);
  expect(rows.some((row) => row.includes("Story three"))).toBe(true);
  expect(server.requests.some(({ headers }) => headers.authorization?.includes(CANARIES.sealed))).toBe(true);
  for (const [place, canary] of Object.entries(CANARIES))
    for (const form of [canary, Buffer.from(canary).toString("base64").replace(/=+$/, ""), Buffer.from(canary).toString("hex")])
      for (const text of [...told, ...rows]) expect(text.includes(form), `${place} in: ${text.slice(0, 300)}`).toBe(false);
});
