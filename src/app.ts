import { join } from "node:path";
import { Hono } from "hono";
import type { Config } from "./config.ts";
import { USUAL_SERVERS } from "./config/networks.ts";
import { parseNewsroom, type Newsroom } from "./config/newsroom.ts";
import { createApi } from "./api/api.ts";
import { createHooks } from "./api/hooks.ts";
import { openDoor, openRedirect, type Building } from "./app/doors.ts";
import { networksFor, usualLimits } from "./app/networks.ts";
import { notReady, numbersOf } from "./app/ready.ts";
import { createParser } from "./article/parser.ts";
import { dueArticles, dueSources } from "./article/store.ts";
import { readArticle } from "./article/read.ts";
import { receiveHook } from "./article/receive.ts";
import { checkSource } from "./article/watch.ts";
import { startShipper } from "./click/count.ts";
import { deliver } from "./delivery/deliver.ts";
import type { Crashpoint } from "./delivery/deps.ts";
import { TIMING, type Timing } from "./delivery/delivery.ts";
import { dueBreaking, sweepDeliveries } from "./delivery/due.ts";
import { createTimeline } from "./delivery/timeline.ts";
import { createRounds } from "./delivery/rounds.ts";
import { createTurns } from "./delivery/turns.ts";
import { createEditor } from "./editor/editor.ts";
import { createLiveBell } from "./editor/live-bell.ts";
import { openHealthDoor } from "./health/server.ts";
import { codeOf, Fault, sentenceOf } from "./lib/fault.ts";
import { createLog, type Log } from "./lib/log.ts";
import { createOutbound } from "./lib/outbound/outbound.ts";
import { systemClock, type Clock, type Random } from "./lib/time.ts";
import { version } from "./lib/version.ts";
import { rehearsal } from "./networks/rehearsal.ts";
import { apply } from "./newsroom/apply.ts";
import { createConnecting } from "./newsroom/connect-account.ts";
import { createDrivers } from "./newsroom/drivers.ts";
import { startLearning } from "./newsroom/learn.ts";
import { storedSite } from "./newsroom/store.ts";
import { composeArticle } from "./post/compose.ts";
import { reshareByRule } from "./post/occasions.ts";
import { dueArticlesToCompose } from "./post/store.ts";
import { createQueue, type Queue } from "./queue/queue.ts";
import { NEWSROOM_FILE, rehearsalNewsroom } from "./rehearsal/newsroom.ts";
import { startSite } from "./rehearsal/site.ts";
import { reviewByRule } from "./review/auto.ts";
import { duePosts } from "./review/store.ts";
import { listen } from "./store/listen.ts";
import { migrate } from "./store/migrate.ts";
import { connectionTo, openStore, type OpenStore } from "./store/open.ts";

export const ROLES = ["watch", "work", "editor", "redirect", "ship"] as const;
/** watch: sources and hooks' stories · work: compose, decide by rule, deliver · ship: count clicks beside a redirect */
export type Role = (typeof ROLES)[number];

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
  const networks = networksFor(outbound, clock).set("rehearsal", rehearsal(createTimeline(store, config.publicUrl)));
  const driver = createDrivers({ store, networks, secrets: config.secrets, keys: config.keys, clock });

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
    const write = async (id: string) => {
      await composeArticle(composing, id);
      await reshareByRule(composing, id);
    };
    queue.serve("post", write, { concurrency: 4 });
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
    const [turns, rounds] = [createTurns(), createRounds(delivering)];
    drains.push(async () => turns.close());
    queue.serve("delivery", (id, signal) => deliver(delivering, id, signal, turns, rounds), { concurrency: 32 });
    queue.sweep("delivery", sweepDeliveries(clock), undefined, dueBreaking);
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
    doors.route(
      "/api/v1",
      createApi({
        store,
        clock,
        usualLimits,
        live,
        log,
        shortUrl: config.shortUrl,
        allowLoopback: site !== undefined,
        closing: stopping.signal,
      }),
    );
    const imageOrigins = site ? [site] : [];
    doors.route(
      "/",
      createEditor({
        site: ourSite,
        store,
        clock,
        usualLimits,
        promiseOf: (network) => networks.get(network),
        live,
        log,
        shortUrl: config.shortUrl,
        publicUrl: config.publicUrl,
        closing: stopping.signal,
        imageOrigins,
        trustProxy: config.trustProxy,
        keys: config.keys,
        connecting: createConnecting({
          store,
          networks,
          servers: USUAL_SERVERS,
          secrets,
          keys: config.keys,
          publicUrl: config.publicUrl,
          shortUrl: config.shortUrl,
        }),
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
