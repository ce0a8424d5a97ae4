import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Config } from "./config.ts";
import { parseNewsroom, type Newsroom } from "./config/newsroom.ts";
import { createHooks } from "./api/hooks.ts";
import { createParser } from "./article/parser.ts";
import { dueArticles, dueSources } from "./article/store.ts";
import { readArticle } from "./article/read.ts";
import { receiveHook } from "./article/receive.ts";
import { checkSource } from "./article/watch.ts";
import { startShipper } from "./click/count.ts";
import { deliver } from "./delivery/deliver.ts";
import type { Crashpoint } from "./delivery/deps.ts";
import { TIMING, type Timing } from "./delivery/delivery.ts";
import { dueDeliveries } from "./delivery/store.ts";
import { createTimeline } from "./delivery/timeline.ts";
import { createEditor } from "./editor/editor.ts";
import { createLiveBell } from "./editor/live-bell.ts";
import { openHealthDoor, portFault } from "./health/server.ts";
import { codeOf, Fault, sentenceOf } from "./lib/fault.ts";
import { createLog, type Log } from "./lib/log.ts";
import { createOutbound } from "./lib/outbound/outbound.ts";
import type { Limits } from "./lib/text/limits.ts";
import { systemClock, type Clock, type Random } from "./lib/time.ts";
import { version } from "./lib/version.ts";
import { mastodon, USUAL as MASTODON_USUAL } from "./networks/mastodon.ts";
import type { Network } from "./networks/network.ts";
import { rehearsal, USUAL as REHEARSAL_USUAL } from "./networks/rehearsal.ts";
import { apply } from "./newsroom/apply.ts";
import { createDrivers } from "./newsroom/drivers.ts";
import { startLearning } from "./newsroom/learn.ts";
import { storedSite } from "./newsroom/store.ts";
import { composeArticle } from "./post/compose.ts";
import { dueArticlesToCompose } from "./post/store.ts";
import { createQueue, type Queue } from "./queue/queue.ts";
import { createRedirect, type Redirect } from "./redirect/server.ts";
import { NEWSROOM_FILE, rehearsalNewsroom } from "./rehearsal/newsroom.ts";
import { startSite } from "./rehearsal/site.ts";
import { reviewByRule } from "./review/auto.ts";
import { duePosts } from "./review/store.ts";
import { createStore, type Store } from "./store/db.ts";
import { listen } from "./store/listen.ts";
import { migrate, migrationState } from "./store/migrate.ts";
import { connectionTo, createPool, openStore, type OpenStore } from "./store/open.ts";

export const ROLES = ["watch", "work", "editor", "redirect", "ship"] as const;
/** watch: sources and hooks' stories · work: compose, decide by rule, deliver · ship: count clicks beside a redirect */
export type Role = (typeof ROLES)[number];

/** What a network takes until its server has told; needs no server and no store. */
export function usualLimits(network: string): Limits {
  return network === "mastodon" ? MASTODON_USUAL : REHEARSAL_USUAL;
}

/** What tests put in the place of the real thing. */
export interface Overrides {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly timing?: Timing;
  readonly crashpoint?: Crashpoint;
  readonly log?: Log;
  /** How often the rehearsal newsroom's site publishes, in milliseconds. */
  readonly publishEveryMs?: number;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

export interface App extends AsyncDisposable {
  readonly store: OpenStore;
  readonly roles: ReadonlySet<Role>;
  /** Whether this is the rehearsal newsroom: no configuration was given. */
  readonly rehearsing: boolean;
  readonly healthUrl: string;
  readonly queue: Queue | undefined;
  /** Takes no more work and waits up to `ms` for what is under way; what is not done by then is marked and reconciled later. */
  drain(ms: number): Promise<void>;
}

const WAIT_FOR_STORE_MS = 1_000;

/**
 * Builds what the roles need and starts it: the one place where real things are made, in the order of the data's way.
 *
 * @throws Fault with a sentence for whatever keeps it from starting; nothing is left running then
 */
export async function createApp(config: Config, roles: readonly Role[] = ROLES, overrides: Overrides = {}): Promise<App> {
  const stack = new AsyncDisposableStack();
  try {
    return await build(config, new Set(roles), overrides, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function build(config: Config, roles: ReadonlySet<Role>, overrides: Overrides, stack: AsyncDisposableStack): Promise<App> {
  const log = overrides.log ?? createLog(config.logLevel);
  const clock = overrides.clock ?? systemClock;
  const random = overrides.random ?? Math.random;
  const stopping = new AbortController();
  stack.defer(() => stopping.abort());
  overrides.signal?.addEventListener("abort", () => stopping.abort(), { once: true });
  const drains: ((ms: number) => Promise<void>)[] = [];
  /** After the public door has closed: its last clicks are counted. */
  const last: (() => Promise<void>)[] = [];

  // The public door opens first where it can: known links lead on while the store is away (R4).
  const early =
    config.databaseUrl && roles.has("redirect")
      ? await openRedirect(config, connectionTo(config.databaseUrl), { log, clock, stack })
      : undefined;
  const store = await storeFor(config, early !== undefined, { log, clock, signal: stopping.signal });
  stack.defer(() => store.close());
  await migrate(store, log);
  const redirect = roles.has("redirect")
    ? (early ?? (await openRedirect(config, store.connection, { log, clock, stack })))
    : undefined;
  if (redirect) drains.push(() => redirect.drain());

  const { newsroom, site } = await newsroomFor(config, roles, {
    log,
    clock,
    stack,
    publishEveryMs: overrides.publishEveryMs ?? 60_000,
  });
  if (newsroom) await apply(store, newsroom, { shortUrl: config.shortUrl });
  // As configured here, else as another process' configuration last said.
  const ourSite = newsroom?.site ?? (await storedSite(store));

  const outbound = createOutbound({
    allow: [...config.outboundAllow, ...(newsroom?.outbound.allow ?? [])],
    userAgent: `Slugline/${version} (+${config.publicUrl})`,
  });
  stack.defer(() => outbound.close());
  const networks = new Map<string, Network>(
    [mastodon(outbound, { clock }), rehearsal(createTimeline(store, config.publicUrl))].map((one) => [one.name, one]),
  );
  const driver = createDrivers({ store, networks, secrets: config.secrets });

  let queue: Queue | undefined;
  if (roles.has("watch") || roles.has("work") || roles.has("editor")) {
    queue = await createQueue({ redisUrl: config.redisUrl, connection: store.connection, store, listen, log, clock, random });
    const bells = queue;
    stack.defer(() => bells.stop());
    drains.push((ms) => bells.drain(ms));
  }
  const parser = stack.use(createParser());

  if (queue && roles.has("watch")) {
    const watching = { store, outbound, parser, clock, random, log };
    queue.serve("source", (id, signal) => checkSource(watching, id, signal), { concurrency: 8 });
    queue.sweep("source", dueSources);
    queue.serve("article", (id, signal) => readArticle(watching, id, signal), { concurrency: 4 });
    queue.sweep("article", dueArticles);
  }
  if (queue && roles.has("work")) {
    const composing = { store, shortUrl: config.shortUrl, usualLimits };
    queue.serve("post", (id) => composeArticle(composing, id), { concurrency: 4 });
    queue.sweep("post", dueArticlesToCompose);
    queue.serve("review", (id) => reviewByRule(store, id), { concurrency: 4 });
    queue.sweep("review", duePosts);
    const delivering = {
      store,
      driver,
      clock,
      random,
      timing: overrides.timing ?? TIMING,
      crashpoint: overrides.crashpoint ?? (() => undefined),
      log,
    };
    queue.serve("delivery", (id, signal) => deliver(delivering, id, signal), { concurrency: 16 });
    queue.sweep("delivery", dueDeliveries);
    const learning = startLearning({ store, driver, log, clock });
    stack.defer(() => learning.stop());
  }
  if (roles.has("ship")) {
    const shipper = startShipper({ store, folder: join(config.dataDir, "clicks"), log, clock });
    stack.defer(() => shipper.stop());
    last.push(() => shipper.drain());
  }
  if (roles.has("editor")) {
    const live = stack.use(await createLiveBell(store.connection, log));
    const doors = new Hono();
    const secrets = config.secrets;
    doors.route(
      "/hooks",
      createHooks({ receive: (source, headers, body) => receiveHook({ store, secrets, clock }, source, headers, body) }),
    );
    const imageOrigins = site ? [site] : [];
    doors.route(
      "/",
      createEditor({
        site: ourSite,
        store,
        clock,
        usualLimits,
        live,
        log,
        shortUrl: config.shortUrl,
        publicUrl: config.publicUrl,
        closing: stopping.signal,
        imageOrigins,
        trustProxy: config.trustProxy,
      }),
    );
    await openDoor(doors, config, stack);
    drains.push(async () => stopping.abort());
  }
  await queue?.start();

  const health = await openHealthDoor({
    host: config.host,
    port: config.healthPort,
    store,
    notReady: () => notReady(store, queue, redirect),
    numbers: () => numbersOf(redirect),
    metricsToken: config.metricsToken,
    log,
  });
  stack.defer(() => health.close());

  return {
    store,
    roles,
    rehearsing: site !== undefined,
    healthUrl: health.url,
    queue,
    async drain(ms) {
      await Promise.allSettled(drains.map((drain) => drain(ms)));
      await Promise.allSettled(last.map((drain) => drain()));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

interface Building {
  readonly log: Log;
  readonly clock: Clock;
  readonly stack: AsyncDisposableStack;
}

/** The public door has a small pool of its own: no page of the editor keeps a follower waiting (R6). */
async function openRedirect(
  config: Config,
  connection: OpenStore["connection"],
  { log, clock, stack }: Building,
): Promise<Redirect> {
  const pool = createPool(connection, { log, max: 2 });
  stack.defer(() => pool.end());
  const siteUrl = config.newsroom?.site.url ?? null;
  const redirect = await createRedirect({
    store: createStore(pool),
    connection,
    dataDir: config.dataDir,
    host: config.host,
    port: config.redirectPort,
    trustProxy: config.trustProxy,
    siteUrl,
    log,
    clock,
  });
  stack.defer(() => redirect.close());
  return redirect;
}

/** The store; where the public door is open already, whoever started us need not start us again when Postgres comes back. */
async function storeFor(
  config: Config,
  patient: boolean,
  { log, clock, signal }: { log: Log; clock: Clock; signal: AbortSignal },
): Promise<OpenStore> {
  for (let told = false; ; told = true) {
    try {
      return await openStore({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, log, role: "start", max: 20 });
    } catch (error) {
      if (!patient || codeOf(error) !== "DATABASE_UNREACHABLE") throw error;
      if (!told) log.error(`${sentenceOf(error)} Known short links lead on meanwhile; everything else begins when it is back.`);
      await clock.sleep(WAIT_FOR_STORE_MS, signal);
      if (signal.aborted) throw new Fault("STOPPED", "Stopped before it was ready.");
    }
  }
}

/** The newsroom that is configured; without one, the rehearsal newsroom with a news site of its own. */
async function newsroomFor(
  config: Config,
  roles: ReadonlySet<Role>,
  { log, clock, stack, publishEveryMs }: Building & { publishEveryMs: number },
): Promise<{ newsroom: Newsroom | undefined; site: string | undefined }> {
  if (config.newsroom || !roles.has("watch")) return { newsroom: config.newsroom, site: undefined };
  const site = await startSite({
    host: "127.0.0.1",
    clock,
    publishEveryMs,
    log,
    stateFile: join(config.dataDir, "rehearsal-site.json"),
  });
  stack.defer(() => site.close());
  return { newsroom: parseNewsroom(await rehearsalNewsroom(site.url), NEWSROOM_FILE, config.secrets), site: site.url };
}

async function openDoor(doors: Hono, config: Config, stack: AsyncDisposableStack): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = serve({ fetch: doors.fetch, port: config.port, hostname: config.host }, () => resolve());
    server.once("error", (error) => reject(portFault(error, config.port)));
    stack.defer(
      () =>
        new Promise<void>((closed) => {
          server.close(() => closed());
          if ("closeAllConnections" in server) server.closeAllConnections();
        }),
    );
  });
}

async function notReady(store: Store, queue: Queue | undefined, redirect: Redirect | undefined): Promise<string[]> {
  const why: string[] = [];
  try {
    const { pending } = await migrationState(store);
    if (pending.length > 0) why.push(`Migrations are missing: ${pending.join(", ")}.`);
  } catch (error) {
    why.push(`The store does not answer: ${sentenceOf(error)}`);
  }
  const trouble = await queue?.trouble();
  if (trouble) why.push(trouble);
  if (redirect && !redirect.complete()) why.push("The redirect has not read its links yet.");
  return why;
}

function numbersOf(redirect: Redirect | undefined): Record<string, number> {
  if (!redirect) return {};
  const { links, written, lost } = redirect.counts();
  return { redirect_links: links, redirect_visits_written: written, redirect_visits_lost: lost };
}
