import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createShipper } from "../../src/click/count.ts";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { makeLive, retire, shorten } from "../../src/link/shorten.ts";
import { createRedirect, type Redirect } from "../../src/redirect/server.ts";
import { createStore } from "../../src/store/db.ts";
import { ask } from "../redirect/ask.ts";
import { testStore, until, type TestStore } from "../support/store.ts";
import { tell } from "./tally.ts";

const LINKS = 50;
const VISITS = 1_000;
const AT_ONCE = 20;
/** Whoever asked the store would wait this long for it (ms), and half of the visits are answered before. */
const STORE_WAIT_MS = 2_000;

let store: TestStore;
let way: Awaited<ReturnType<typeof wayTo>>;
let redirect: Redirect;
let gone: string;
const targets = new Map<string, string>();
const closing = new AsyncDisposableStack();

beforeAll(async () => {
  store = await testStore();
  const dataDir = mkdtempSync(join(tmpdir(), "slugline-f21-"));
  closing.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  way = closing.use(await wayTo(String(store.connection.host), Number(store.connection.port)));
  const { pathname, username } = new URL(store.databaseUrl);
  const connection = { connectionString: `postgres://${username}@127.0.0.1:${way.port}${pathname}` };
  const pool = new pg.Pool({ ...connection, max: 4 });
  pool.on("error", () => undefined);
  closing.defer(() => pool.end());
  for (let nth = 0; nth < LINKS; nth += 1) {
    const target = `https://example.org/story-${nth}`;
    const { id, code } = await shorten(store, { target, articleId: null, placement: "story" });
    await makeLive(store, id);
    targets.set(code, target);
  }
  const ended = await shorten(store, { target: "https://example.org/wrong", articleId: null, placement: "story" });
  await makeLive(store, ended.id);
  await retire(store, ended.id, "anna", "wrong story");
  gone = ended.code;
  const site = { host: "127.0.0.1", port: 0, siteUrl: "https://example.org/", log: silentLog, clock: systemClock };
  redirect = await createRedirect({ ...site, store: createStore(pool), connection, dataDir });
  closing.defer(() => redirect.close());
  await until(async () => redirect.complete());
});
afterAll(() => closing.disposeAsync());

/** Followers tap known links, many at once: how long each waited (ms), and where they were led wrong. */
async function visits(): Promise<{ p50: number; p99: number; wrong: string[] }> {
  const codes = [...targets.keys()];
  const [waits, wrong]: [number[], string[]] = [[], []];
  let nth = 0;
  const reader = async () => {
    while (nth < VISITS) {
      const code = codes[(nth += 1) % LINKS]!;
      const began = performance.now();
      const { status, headers } = await ask(redirect.url, `/${code}`);
      waits.push(performance.now() - began);
      if (status !== 302 || headers.location !== targets.get(code)) wrong.push(`${code}: ${status} ${headers.location}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  const sorted = waits.toSorted((one, other) => one - other);
  return { p50: sorted[Math.floor(VISITS * 0.5)]!, p99: sorted[Math.floor(VISITS * 0.99)]!, wrong };
}

describe("F21: the redirect while Postgres", () => {
  test.each([
    ["is gone", () => way.cut()],
    ["accepts connections and answers nothing", () => way.hold()],
  ] as const)(
    "%s: known links lead on at once, retired ones say so, and every click is counted afterwards",
    async (fault, take) => {
      const before = await counted();
      take();
      const { p50, p99, wrong } = await visits();
      expect(wrong).toEqual([]);
      console.log(`Postgres ${fault}: p99 ${p99.toFixed(0)} ms over ${VISITS} visits, ${AT_ONCE} at once`);
      expect(p50).toBeLessThan(STORE_WAIT_MS);
      expect((await ask(redirect.url, `/${gone}`)).status).toBe(410);
      // Of a code it has never heard of, it cannot know now whether it is a link.
      expect((await ask(redirect.url, `/unknown${fault.length}`)).status).toBe(503);
      way.open();
      expect((await counted()) - before).toBe(VISITS);
      await until(async () => (await ask(redirect.url, `/other${fault.length}`)).status === 404);
      tell({ part: "F21", runs: 1, faults: { [`redirect while Postgres ${fault}`]: VISITS } });
    },
  );
});

async function counted(): Promise<number> {
  await createShipper({ store, folder: redirect.clicksFolder, log: silentLog, clock: systemClock }).ship();
  const { rows } = await store.query<{ clicks: number }>(
    "select coalesce(sum(count), 0)::int8 as clicks from slugline.click_hour where class = 'click' and link_number in (select number from slugline.link where state = 'live')",
  );
  return rows[0]!.clicks;
}

/** A way to Postgres' socket that can be cut, or held so that nothing passes. */
async function wayTo(folder: string, port: number) {
  const sockets = new Set<Socket>();
  let state: "open" | "cut" | "held" = "open";
  const server = createServer((from) => {
    sockets.add(from.on("error", () => undefined).on("close", () => sockets.delete(from)));
    if (state === "cut") return void from.destroy();
    if (state === "held") return void from.pause();
    const to = connect(`${folder}/.s.PGSQL.${port}`);
    sockets.add(to.on("error", () => undefined).on("close", () => sockets.delete(to)));
    from.pipe(to).pipe(from);
    from.on("close", () => to.destroy());
    to.on("close", () => from.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = "cut";
      drop();
    },
    /** What is under way stands still, and what is new is taken and not answered. */
    hold() {
      state = "held";
      for (const socket of sockets) socket.pause();
    },
    open() {
      state = "open";
      drop();
    },
    async [Symbol.asyncDispose]() {
      drop();
      await new Promise((closed) => server.close(closed));
    },
  };
}
