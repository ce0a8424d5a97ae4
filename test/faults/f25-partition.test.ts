import { spawnSync } from "node:child_process";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testStore, type TestStore } from "../support/store.ts";
import { BACKENDS, noBackend, openFleet, type Fleet } from "./fleet.ts";

const STORIES = 30;
/** Longer than the workers' lease of two seconds. */
const HELD_MS = 3_500;

const nft = (rules: string) => spawnSync("nft", ["-f", "-"], { input: rules, encoding: "utf8" });
const noDropping = whyNotDropped();

/** Why packets cannot be dropped in the kernel here, undefined where they can. */
function whyNotDropped(): string | undefined {
  if (!process.env.FULL) return "packets are dropped in the kernel in the full run";
  const { error, stderr } = nft("add table inet slugline_test\ndelete table inet slugline_test");
  if (error) return "no nft on PATH to drop packets in the kernel (Debian: apt-get install nftables)";
  return stderr === ""
    ? undefined
    : `packets cannot be dropped in the kernel here (that needs root): ${stderr.trim().split("\n")[0]}`;
}

/** How one direction is cut: by a proxy that reads no more, or by a kernel that drops what comes for its port. */
const WAYS = {
  "a proxy holds it": { missing: undefined, cut: proxied, goesOnMs: 1_500 },
  // What was dropped is sent again after twice as long each time: within seven seconds, of what was held for three and a half.
  "its packets are dropped in the kernel": { missing: noDropping, cut: dropped, goesOnMs: 8_000 },
} as const;

const cases = BACKENDS.flatMap((backend) => Object.entries(WAYS).map(([how, way]) => ({ backend, how, way })));
describe.each(cases)(
  "F25: what one worker says to Postgres no longer arrives ($how), though it lives, queue on $backend",
  (it) => {
    const { backend, how, way } = it;
    const missing = noBackend(backend) ?? way.missing;
    if (missing) console.log(`Skipped: ${missing}.`);

    describe.skipIf(missing !== undefined)("where it is tried", () => {
      let store: TestStore;
      let fleet: Fleet;
      const closing = new AsyncDisposableStack();
      beforeAll(async () => {
        store = await testStore();
        fleet = closing.use(await openFleet(store, backend, ["masto", "x"]));
      });
      afterAll(() => closing.disposeAsync());

      test("another takes over, and nothing is sent twice", async () => {
        const line = closing.use(await oneWay(String(store.connection.host), Number(store.connection.port), way.cut));
        const { pathname, username } = new URL(store.databaseUrl);
        const cut = fleet.worker("", "", { DATABASE_URL: `postgres://${username}@127.0.0.1:${line.port}${pathname}` });
        await cut.ready;
        const posts = await fleet.approved(STORIES);
        while ((await store.query("select from slugline.delivery where state in ('sending', 'posted')")).rows.length === 0)
          await new Promise((resolve) => setTimeout(resolve, 5));
        line.cut();
        await new Promise((resolve) => setTimeout(resolve, HELD_MS));
        const other = fleet.worker();
        await fleet.allPosted();
        line.mend();
        // What it still wants to do, it does now.
        await new Promise((resolve) => setTimeout(resolve, way.goesOnMs));
        expect(cut.child.exitCode ?? cut.child.signalCode).toBeNull();
        for (const { child, ended } of [cut, other]) {
          child.kill("SIGKILL");
          await ended;
        }
        const { faults, endings } = await fleet.verdict("F25", { [`one-way partition, ${how}`]: 1 });
        expect(faults).toEqual([]);
        expect([...endings.values()]).toEqual(posts.map(() => "posted"));
      });
    });
  },
);

/** Cuts what goes to a port of ours, while what comes from there still arrives; answers how that is mended. */
type Cut = (port: number, fromWorkers: ReadonlySet<Socket>) => () => void;

function proxied(_: number, fromWorkers: ReadonlySet<Socket>): () => void {
  for (const worker of fromWorkers) worker.pause();
  return () => {
    for (const worker of fromWorkers) worker.resume();
  };
}

/** By a table of our own, which goes as it came: nobody else's rules are touched. */
function dropped(port: number): () => void {
  const table = `inet slugline_test_${process.pid}`;
  const { stderr } = nft(
    `add table ${table}
     add chain ${table} cut { type filter hook input priority 0; }
     add rule ${table} cut tcp dport ${port} counter drop`,
  );
  if (stderr !== "") throw new Error(stderr);
  return () => {
    const counted = /packets (\d+)/.exec(nft(`list table ${table}`).stdout)?.[1];
    nft(`delete table ${table}`);
    if (!(Number(counted) > 0)) throw new Error("nothing was dropped");
  };
}

/** A line to Postgres' socket, one direction of which can be cut. */
async function oneWay(folder: string, port: number, cut: Cut) {
  const sockets = new Set<Socket>();
  const fromWorkers = new Set<Socket>();
  let mend: (() => void) | undefined;
  const server = createServer((worker) => {
    const postgres = connect(`${folder}/.s.PGSQL.${port}`);
    for (const socket of [worker, postgres]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    }
    fromWorkers.add(worker);
    worker.on("data", (data) => void postgres.write(data)).on("close", () => postgres.destroy());
    postgres.on("data", (data) => void worker.write(data)).on("close", () => worker.destroy());
    if (mend && cut === proxied) worker.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = (server.address() as AddressInfo).port;
  const line = {
    port: own,
    cut: () => void (mend = cut(own, fromWorkers)),
    mend() {
      mend?.();
      mend = undefined;
    },
    async [Symbol.asyncDispose]() {
      line.mend();
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
  return line;
}
