import { afterAll, beforeAll, expect, test } from "vitest";
import { testStore, type TestStore } from "../support/store.ts";
import { openFleet, type Fleet } from "./fleet.ts";

let store: TestStore;
let fleet: Fleet;
beforeAll(async () => {
  store = await testStore();
  fleet = await openFleet(store, "postgres", ["masto", "hook"]);
});
afterAll(() => fleet[Symbol.asyncDispose]());

test("F9: while Postgres takes no writes nothing is sent, since no intent is durable; it goes on by itself after it", async () => {
  const worker = fleet.worker();
  await worker.ready;
  const database = new URL(store.databaseUrl).pathname.slice(1);
  await store.query(`alter database ${database} set default_transaction_read_only = on`);
  // The worker's next sessions are read-only. The editors' old ones still write: what they approve is durable, and waits.
  await cutTheWorkers();
  const posts = await fleet.approved(2);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(fleet.six.mastodon.requests.filter(({ method }) => method === "POST")).toEqual([]);
  expect(fleet.six.webhook.accepted).toEqual([]);
  expect(worker.child.exitCode ?? worker.child.signalCode).toBeNull();
  await store.query(`alter database ${database} reset default_transaction_read_only`);
  await cutTheWorkers();
  await fleet.allPosted();
  const { faults, endings } = await fleet.verdict("F9", { "Postgres read-only": 1 });
  expect(faults).toEqual([]);
  expect([...endings.values()]).toEqual(posts.map(() => "posted"));
});

/** Ends the sessions that are neither this test's nor the queue's, nor only just beginning: those do not say yet whose they are. */
async function cutTheWorkers(): Promise<void> {
  await store.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and application_name not like 'slugline %' and state is not null`,
  );
}
