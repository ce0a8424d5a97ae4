import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createShipper, startShipper } from "../../src/click/count.ts";
import { encodeRecord, RECORD_BYTES } from "../../src/click/record.ts";
import { createClickLog, segmentName, type Write } from "../../src/click/segment.ts";
import type { VisitClass } from "../../src/click/visit.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { testStore, until } from "../support/store.ts";

const store = await testStore();
const root = mkdtempSync(join(tmpdir(), "slugline-clicks-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let link = 0;
const folderFor = () => join(root, newId());
const log = silentLog;
const shipperOn = (folder: string, ahead = { ms: 0 }) =>
  createShipper({ store, folder, log, clock: { ...systemClock, monotonic: () => performance.now() + ahead.ms } });

async function counted(number: number): Promise<Record<string, number>> {
  const { rows } = await store.query<{ class: string; count: string }>(
    "select class, sum(count) as count from slugline.click_hour where link_number = $1 group by class",
    [number],
  );
  return Object.fromEntries(rows.map((row) => [row.class, Number(row.count)]));
}

/** Answers that say when they were let go. */
function visits(clicks: ReturnType<typeof createClickLog>, number: number, visit: VisitClass, many: number): Promise<void>[] {
  return Array.from({ length: many }, () => new Promise((resolve) => clicks.record(number, visit, { end: resolve })));
}

test("clicks are counted by link, hour and class, and the file of a writer that is gone goes", async () => {
  const folder = folderFor();
  const clicks = createClickLog({ folder, log, clock: systemClock });
  const number = ++link;
  await Promise.all([...visits(clicks, number, "click", 5_000), ...visits(clicks, number, "preview", 3)]);
  const ahead = { ms: 0 };
  const shipper = shipperOn(folder, ahead);
  expect(await shipper.ship()).toEqual({ counted: 5_003 });
  expect(await shipper.ship()).toEqual({ counted: 0 });
  await Promise.all(visits(clicks, number, "click", 1));
  await clicks.close();
  expect(await shipper.ship()).toEqual({ counted: 1 });
  expect(readdirSync(folder)).toHaveLength(1);
  ahead.ms = 31_000;
  await shipper.ship();
  expect(readdirSync(folder)).toEqual([]);
  expect(await counted(number)).toEqual({ click: 5_001, preview: 3 });
});

test("an answer leaves only when its click is in the file", async () => {
  const folder = folderFor();
  const clicks = createClickLog({ folder, log, clock: systemClock });
  let answered = 0;
  for (let at = 0; at < 10; at += 1) clicks.record(1, "click", { end: () => (answered += 1) });
  expect(answered).toBe(0);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(answered).toBe(10);
  expect(readFileSync(join(folder, readdirSync(folder)[0] as string))).toHaveLength(10 * RECORD_BYTES);
  await clicks.close();
});

test("two shippers at once, over files that turn over and one that still grows, count each click once", async () => {
  const folder = folderFor();
  const clicks = createClickLog({ folder, log, clock: systemClock, segmentBytes: 64 * RECORD_BYTES });
  const number = ++link;
  const shippers = [shipperOn(folder), shipperOn(folder), shipperOn(folder)];
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(visits(clicks, number, "click", 50));
    await Promise.all(shippers.map((it) => it.ship()));
  }
  await clicks.close();
  await Promise.all(shippers.map((it) => it.ship()));
  expect(await counted(number)).toEqual({ click: 1_000 });
  expect(readdirSync(folder).length).toBeLessThan(3);
});

test("a torn end waits while its writer lives and is left out when it is gone; clicks behind a hole still count", async () => {
  const folder = folderFor();
  const clicks = createClickLog({ folder, log, clock: systemClock });
  const number = ++link;
  await Promise.all(visits(clicks, number, "click", 10));
  await clicks.close();
  const path = join(folder, readdirSync(folder)[0] as string);
  const hole = Buffer.alloc(RECORD_BYTES);
  const more = Buffer.alloc(RECORD_BYTES);
  encodeRecord(more, 0, number, "click", Date.now(), 99);
  appendFileSync(path, Buffer.concat([hole, more, more.subarray(0, 13)]));
  const ahead = { ms: 0 };
  const shipper = shipperOn(folder, ahead);
  expect(await shipper.ship()).toEqual({ counted: 10 });
  ahead.ms = 31_000;
  expect(await shipper.ship()).toEqual({ counted: 1 });
  expect(await counted(number)).toEqual({ click: 11 });
  expect(readdirSync(folder)).toEqual([]);
});

test("a full disk loses the count, never the reader, and counting goes on when there is room", async () => {
  const folder = folderFor();
  let room = 100 * RECORD_BYTES + 7;
  const full: Write = (fd, buffer, offset, length, position) => {
    if (position >= room) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    return writeSync(fd, buffer, offset, Math.min(length, room - position), position);
  };
  const clicks = createClickLog({ folder, log, clock: systemClock, write: full });
  const number = ++link;
  await Promise.all(visits(clicks, number, "click", 150));
  expect(clicks.counts()).toEqual({ written: 100, lost: 50 });
  const shipper = shipperOn(folder);
  expect(await shipper.ship()).toEqual({ counted: 100 });
  await Promise.all(visits(clicks, number, "click", 5));
  expect(clicks.counts()).toEqual({ written: 100, lost: 55 });
  room = Number.POSITIVE_INFINITY;
  await Promise.all(visits(clicks, number, "click", 20));
  await clicks.close();
  await shipper.ship();
  expect(await counted(number)).toEqual({ click: 120 });
});

test("a folder that cannot be made does not stop a reader", async () => {
  const file = join(root, newId());
  writeFileSync(file, "");
  const clicks = createClickLog({ folder: join(file, "clicks"), log, clock: systemClock });
  await Promise.all(visits(clicks, 1, "click", 3));
  expect(clicks.counts()).toEqual({ written: 0, lost: 3 });
  await clicks.close();
});

test("a writer that was stopped for long begins another file, since its own may be taken for finished", async () => {
  const folder = folderFor();
  let ahead = 0;
  const clicks = createClickLog({ folder, log, clock: { ...systemClock, monotonic: () => performance.now() + ahead } });
  await Promise.all(visits(clicks, 1, "click", 1));
  ahead = 60_000;
  await Promise.all(visits(clicks, 1, "click", 1));
  await clicks.close();
  expect(readdirSync(folder)).toHaveLength(2);
});

test("a store that fails in the middle of counting counts nothing, and everything the next time", async () => {
  const folder = folderFor();
  const clicks = createClickLog({ folder, log, clock: systemClock });
  const number = ++link;
  await Promise.all(visits(clicks, number, "click", 10));
  await clicks.close();
  const broken = {
    ...store,
    transaction: <Result>(work: Parameters<typeof store.transaction<Result>>[0]) =>
      store.transaction<Result>(async (db) => {
        await work(db);
        throw new Error("killed before the commit");
      }),
  };
  await expect(createShipper({ store: broken, folder, log, clock: systemClock }).ship()).rejects.toThrow(
    "killed before the commit",
  );
  const uncertain = {
    ...store,
    transaction: async <Result>(work: Parameters<typeof store.transaction<Result>>[0]) => {
      await store.transaction(work);
      throw new Error("committed, but the answer was lost");
    },
  };
  await expect(createShipper({ store: uncertain, folder, log, clock: systemClock }).ship()).rejects.toThrow("answer was lost");
  await shipperOn(folder).ship();
  expect(await counted(number)).toEqual({ click: 10 });
});

test("a running shipper shows a click within a second and survives a file cut short", async () => {
  const folder = folderFor();
  const shipper = startShipper({ store, folder, everyMs: 50, log, clock: systemClock });
  const clicks = createClickLog({ folder, log, clock: systemClock });
  const number = ++link;
  await Promise.all(visits(clicks, number, "click", 2));
  await until(async () => (await counted(number)).click === 2);
  truncateSync(join(folder, readdirSync(folder)[0] as string), 0);
  await shipper.drain();
  writeFileSync(join(folder, "readme.txt"), "not a segment");
  writeFileSync(join(folder, segmentName(newId(), 1)), "");
  await shipper.drain();
  await shipper.stop();
  await clicks.close();
  expect(await counted(number)).toEqual({ click: 2 });
});
