import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noRedis, startRedis } from "../queue/redis.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { testStore, until, type TestStore } from "../support/store.ts";

/** Every labelled moment on a delivery's way, in order. */
const LABELS = [
  "before-intent",
  "after-intent",
  "before-write",
  "after-answer",
  "before-confirm",
  "after-confirm",
  "before-look",
  "after-look",
];
/** The full run takes more. */
const ROUNDS = process.env.FULL ? 3 : 1;

describe.each(["postgres", "redis"])(
  "a worker killed (SIGKILL) at each moment of a delivery, with the queue on %s",
  (backend) => {
    const missing = backend === "redis" && noRedis !== undefined;
    if (missing) console.log(`Skipped: ${noRedis}. npm run test:full installs it on Debian.`);

    describe.skipIf(missing)("where it is installed", () => {
      let store: TestStore;
      let server: MastodonStandIn;
      let desk: Awaited<ReturnType<typeof openDesk>>;
      let redis: Awaited<ReturnType<typeof startRedis>> | undefined;
      const children = new Set<ChildProcess>();

      beforeAll(async () => {
        store = await testStore();
        server = await startMastodon({ rateLimit: 100_000 });
        desk = await openDesk(store, { server: server.url });
        await desk.account({ name: "masto-en" });
        await desk.account({ name: "local-en", rehearsal: true });
        if (backend === "redis") redis = await startRedis();
      });
      afterAll(async () => {
        for (const child of children) child.kill("SIGKILL");
        await desk.close();
        await server.close();
        await redis?.remove();
      });

      function worker(crashAt: string): ChildProcess {
        const env = {
          ...process.env,
          DATABASE_URL: store.databaseUrl,
          REDIS_URL: redis?.url,
          ALLOW: new URL(server.url).host,
          CRASH_AT: crashAt,
        };
        const child = spawn(process.execPath, ["test/support/delivery-process.ts"], {
          env,
          stdio: ["ignore", "pipe", "inherit"],
        });
        children.add(child);
        void once(child, "exit").then(() => children.delete(child));
        return child;
      }

      /** Runs a worker until it has ended itself at this very moment. */
      async function diesAt(moment: string): Promise<void> {
        const child = worker(moment);
        let said = "";
        child.stdout!.on("data", (data: Buffer) => (said += data.toString()));
        const patience = setTimeout(() => child.kill("SIGTERM"), 12_000);
        const [, signal] = (await once(child, "close")) as [number | null, string | null];
        clearTimeout(patience);
        expect({ moment, signal, said }).toMatchObject({ signal: "SIGKILL", said: expect.stringContaining("at ") });
      }

      test("every post stands exactly once, on Mastodon and on the local timeline", { timeout: 90_000 * ROUNDS }, async () => {
        const posts: { account: string; id: string }[] = [];
        for (let round = 1; round <= ROUNDS; round += 1) {
          for (const label of LABELS) {
            for (const victim of ["masto-en", "local-en"]) {
              const story = await desk.story();
              for (const [account, id] of Object.entries(story.posts)) {
                posts.push({ account, id });
                await desk.approve(id);
              }
              // A look is only taken where an answer was lost, or whoever was sending died before.
              if (label.endsWith("look") && victim === "masto-en") server.next("reset-after-accept-key-lost");
              if (label.endsWith("look") && victim === "local-en") await diesAt(`${victim}/after-intent#1`);
              await diesAt(`${victim}/${label}#1`);
            }
          }
        }
        const last = worker("");
        const open = async () =>
          (
            await store.query<{ state: string }>(
              "select coalesce(d.state, 'none') as state from slugline.post p left join slugline.delivery d on d.post_id = p.id where p.state = 'approved' and coalesce(d.state, '') <> 'posted'",
            )
          ).rows;
        await until(async () => (await open()).length === 0, 30_000).catch(async () => expect(await open()).toEqual([]));
        last.kill("SIGKILL");
        for (const { account, id } of posts) {
          const { code } = await desk.link(id);
          const local = await store.query("select from slugline.timeline where text like $1", [`%/${code}`]);
          const there = account === "masto-en" ? server.byLink(`${SHORT_URL}/${code}`).length : local.rows.length;
          expect({ account, id, there }).toEqual({ account, id, there: 1 });
        }
      });
    });
  },
);
