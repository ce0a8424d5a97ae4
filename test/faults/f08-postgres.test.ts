import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BACKENDS, noBackend, openFleet } from "./fleet.ts";
import { dice, seedAsked } from "./seed.ts";
import { ownStore } from "./own-store.ts";

/** Posts in the quick run and in the full one; a thousand are in f07-thousand.test.ts. */
const STORIES = process.env.FULL ? 100 : 12;

describe.each(BACKENDS)(
  "F8: Postgres ended in the middle (SIGQUIT, as by -m immediate) and sessions cut, queue on %s",
  (backend) => {
    const missing = noBackend(backend);
    describe.skipIf(missing !== undefined || (backend === "redis" && !process.env.FULL))("where it is installed", () => {
      const closing = new AsyncDisposableStack();
      afterAll(() => closing.disposeAsync());

      test("every approved post is posted once, and who worked on them lives on", { timeout: 600_000 }, async () => {
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
        const restarts = process.env.FULL ? 3 : 1;
        for (let nth = 1; nth <= restarts; nth += 1) {
          const wanted = Math.floor((posts.length * nth) / (restarts + 1));
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
        await until(posted, 60_000);
        await fleet.allPosted(240_000);
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

/** Until the store answers again. */
async function until(question: () => Promise<unknown>, withinMs: number): Promise<void> {
  for (const end = performance.now() + withinMs; performance.now() < end;) {
    const answered = await question().then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the store did not come back");
}
