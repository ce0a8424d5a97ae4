import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { openBackend } from "../../src/queue/backend.ts";
import { deliver } from "../../src/delivery/deliver.ts";
import { createRounds } from "../../src/delivery/rounds.ts";
import { createQueue } from "../../src/queue/queue.ts";
import { listen } from "../../src/store/listen.ts";
import { testStore, until, type TestStore } from "../support/store.ts";
import { BACKENDS, noBackend, openFleet, type Fleet } from "./fleet.ts";

const POSTS = process.env.FULL ? 20 : 3;

describe.each(BACKENDS)("F6: the same job fifty times in ten workers' hands, queue on %s", (backend) => {
  describe.skipIf(noBackend(backend) !== undefined)("where it is installed", () => {
    let store: TestStore;
    let fleet: Fleet;
    const closing = new AsyncDisposableStack();
    beforeAll(async () => {
      store = await testStore();
      fleet = closing.use(await openFleet(store, backend, ["local"]));
    });
    afterAll(() => closing.disposeAsync());

    test("changes its row once; forty-nine do nothing", async () => {
      const posts = await fleet.approved(POSTS);
      await store.query("delete from slugline.outbox");
      const options = { redisUrl: fleet.redis?.url, connection: store.connection, log: silentLog, clock: systemClock };
      const queue = closing.use(await createQueue({ ...options, store, listen }));
      let runs = 0;
      const rounds = createRounds(fleet.desk.deps);
      const work = async (id: string, signal: AbortSignal) => {
        runs += 1;
        await deliver(fleet.desk.deps, id, signal, undefined, rounds);
      };
      queue.serve("delivery", work, { concurrency: 10 });
      // Past the key that keeps a waiting bell single: fifty jobs of their own for each row.
      const backend = await openBackend({ ...options, lockMs: 10_000 });
      for (const subject of posts)
        await backend.queues.delivery.addBulk(
          Array.from({ length: 50 }, () => ({ name: "delivery", data: { subject }, opts: { jobId: newId() } })),
        );
      await backend.close();
      await queue.start();
      await until(async () => runs >= 50 * posts.length);
      await fleet.allPosted();
      const { faults } = await fleet.verdict("F6", { "job doubled": 49 * posts.length });
      expect(faults).toEqual([]);
      const { rows } = await store.query<{ attempts: number }>("select attempts from slugline.delivery");
      expect(rows).toEqual(posts.map(() => ({ attempts: 1 })));
    });
  });
});
