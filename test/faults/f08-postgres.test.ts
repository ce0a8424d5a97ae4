import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BACKENDS, noBackend, openFleet } from "./fleet.ts";
import { dice, seedAsked } from "./seed.ts";
import { until } from "../support/store.ts";
import { ownStore } from "./own-store.ts";

/** A thousand are in f07-thousand.test.ts. */
const STORIES = 40;
const RESTARTS = 3;

describe.each(BACKENDS)(
  "F8: Postgres ended in the middle (SIGQUIT, as by -m immediate) and sessions cut, queue on %s",
  (backend) => {
    const missing = noBackend(backend);
    describe.skipIf(missing !== undefined)("where it is installed", () => {
      const closing = new AsyncDisposableStack();
      afterAll(() => closing.disposeAsync());

      test("every approved post is posted once, and who worked on them lives on", async () => {
        const seed = seedAsked();
        console.log(`seed ${seed}`);
        const chance = dice(seed);
        const own = closing.use(await ownStore());
        const fleet = closing.use(await openFleet(own.store, backend, ["masto", "local"]));
        const posts = await fleet.approved(STORIES);
        const workers = [fleet.worker(), fleet.worker()];
        await Promise.all(workers.map(({ ready }) => ready));
        const counts = { "Postgres restarted, -m immediate": 0, "session terminated": 0 };
        const posted = async () =>
          (await own.store.query<{ n: number }>("select count(*) as n from slugline.delivery where state = 'posted'")).rows[0]!.n;
        for (let nth = 1; nth <= RESTARTS; nth += 1) {
          const wanted = Math.floor((posts.length * nth) / (RESTARTS + 1));
          for (;;) {
            const done = await posted().catch(() => 0);
            if (done >= wanted) break;
            if (!chance.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, 60));
            else counts["session terminated"] += await cut(own.store);
          }
          const pid = Number((await readFile(join(own.dataDir, "postgres/postmaster.pid"), "utf8")).split("\n", 1)[0]);
          process.kill(pid, "SIGQUIT");
          counts["Postgres restarted, -m immediate"] += 1;
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
        await until(() =>
          posted().then(
            () => true,
            () => false,
          ),
        );
        await fleet.allPosted();
        // Nobody had to be started again.
        expect(workers.map(({ child }) => child.exitCode ?? child.signalCode)).toEqual([null, null]);
        const { faults, endings } = await fleet.verdict("F8", counts);
        expect(faults).toEqual([]);
        expect([...endings.values()].filter((ending) => ending === "posted")).toHaveLength(posts.length);
        console.log(`${backend}: ${posts.length} posted once, ${JSON.stringify(counts)}`);
      });
    });
  },
);

/** Cuts one session of the workers', whatever it is at. */
async function cut(db: Awaited<ReturnType<typeof ownStore>>["store"]): Promise<number> {
  const { rows } = await db
    .query<{ cut: boolean }>(
      `select pg_terminate_backend(pid) as cut from pg_stat_activity
        where pid <> pg_backend_pid() and application_name not like 'slugline %' and backend_type = 'client backend'
        order by (state = 'idle'), random() limit 1`,
    )
    .catch(() => ({ rows: [] }));
  return rows.length;
}
