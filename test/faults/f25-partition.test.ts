import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testStore, type TestStore } from "../support/store.ts";
import { BACKENDS, noBackend, openFleet, type Fleet } from "./fleet.ts";

const STORIES = 30;
/** Longer than the workers' lease of two seconds. */
const HELD_MS = 3_500;

describe.each(BACKENDS)("F25: what one worker says to Postgres no longer arrives, though it lives, queue on %s", (backend) => {
  const missing = noBackend(backend);
  if (missing) console.log(`Skipped: ${missing}.`);

  describe.skipIf(missing !== undefined)("where it is tried", () => {
    let store: TestStore;
    let fleet: Fleet;
    const closing = new AsyncDisposableStack();
    beforeAll(async () => {
      store = await testStore();
      fleet = closing.use(await openFleet(store, backend, ["masto", "x"]));
      console.log(
        "F25 by a proxy that holds one direction; packets are not dropped in the kernel (that needs root and iptables)",
      );
    });
    afterAll(() => closing.disposeAsync());

    test("another takes over, and nothing is sent twice", async () => {
      const way = closing.use(await oneWay(String(store.connection.host), Number(store.connection.port)));
      const { pathname, username } = new URL(store.databaseUrl);
      const cut = fleet.worker("", "", { DATABASE_URL: `postgres://${username}@127.0.0.1:${way.port}${pathname}` });
      await cut.ready;
      const posts = await fleet.approved(STORIES);
      while ((await store.query("select from slugline.delivery where state in ('sending', 'posted')")).rows.length === 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      way.hold();
      await new Promise((resolve) => setTimeout(resolve, HELD_MS));
      const other = fleet.worker();
      await fleet.allPosted();
      way.open();
      // What it still wants to do, it does now.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(cut.child.exitCode ?? cut.child.signalCode).toBeNull();
      for (const { child, ended } of [cut, other]) {
        child.kill("SIGKILL");
        await ended;
      }
      const { faults, endings } = await fleet.verdict("F25", { "one-way partition": 1 });
      expect(faults).toEqual([]);
      expect([...endings.values()]).toEqual(posts.map(() => "posted"));
    });
  });
});

/** A way to Postgres' socket on which what goes there can be held back, while what comes from there still arrives. */
async function oneWay(folder: string, port: number) {
  const sockets = new Set<Socket>();
  const fromWorkers = new Set<Socket>();
  let held = false;
  const server = createServer((worker) => {
    const postgres = connect(`${folder}/.s.PGSQL.${port}`);
    for (const socket of [worker, postgres]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    }
    fromWorkers.add(worker);
    worker.on("data", (data) => void postgres.write(data)).on("close", () => postgres.destroy());
    postgres.on("data", (data) => void worker.write(data)).on("close", () => worker.destroy());
    if (held) worker.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hold() {
      held = true;
      for (const worker of fromWorkers) worker.pause();
    },
    open() {
      held = false;
      for (const worker of fromWorkers) worker.resume();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
