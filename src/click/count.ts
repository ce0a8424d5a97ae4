import { open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { Store } from "../store/db.ts";
import { RECORD_BYTES } from "./record.ts";
import { addCounts, forgetShipped, moveShipped, shippedOf } from "./store.ts";
import { tally } from "./tally.ts";

/** How much of a segment is counted in one transaction (bytes): 32,768 visits. */
const PIECE_BYTES = 1024 * 1024;
/** A segment that has not moved for this long has lost its writer, which touches it every 4 s. By our own clock only. */
const STILL_MS = 30_000;
const SEGMENT = /^([0-9a-f-]{36})-(\d{6,})\.clicks$/;

interface Segment {
  readonly name: string;
  readonly size: number;
  /** Nothing will be added: its writer has begun another, or is gone. */
  readonly finished: boolean;
}

interface Shipped {
  /** Visits counted, of all classes. */
  readonly counted: number;
}

export interface Shipper {
  /** Counts what there is, once; safe beside any number of others, and after a kill at any moment. */
  ship(signal?: AbortSignal): Promise<Shipped>;
}

/**
 * Carries click records into the hourly counts, each exactly once: a segment's place moves in the transaction that counts,
 * and only from where the records were read. Finished segments are removed after that transaction.
 */
export function createShipper({ store, folder, log, clock }: { store: Store; folder: string; log: Log; clock: Clock }): Shipper {
  /** What each segment looked like, and since when it has looked so. */
  const looks = new Map<string, { look: string; since: number }>();
  /** Up to where each segment is known to be counted, so that a quiet folder asks nothing of the store. */
  const known = new Map<string, number>();
  /** Counted to their end, but the file cannot be removed. */
  const stuck = new Set<string>();
  let tidied = Number.NEGATIVE_INFINITY;

  const forget = (name: string) => {
    looks.delete(name);
    known.delete(name);
    stuck.delete(name);
  };

  async function segments(): Promise<Segment[]> {
    const names = (await readdir(folder).catch((error: unknown) => none(error))).filter((name) => SEGMENT.test(name)).toSorted();
    for (const name of looks.keys()) if (!names.includes(name)) forget(name);
    const found: Segment[] = [];
    for (const [at, name] of names.entries()) {
      const { size, mtimeMs } = await stat(join(folder, name)).catch(() => ({ size: -1, mtimeMs: 0 }));
      // Taken away by another shipper.
      if (size < 0) continue;
      const look = `${size} ${mtimeMs}`;
      if (looks.get(name)?.look !== look) looks.set(name, { look, since: clock.monotonic() });
      const still = clock.monotonic() - (looks.get(name)?.since ?? 0) >= STILL_MS;
      // Names sort by writer, then number: a writer that has begun the next one never comes back to this one.
      const overtaken = names[at + 1]?.startsWith(name.slice(0, 36)) === true;
      found.push({ name, size, finished: still || overtaken });
    }
    return found;
  }

  /** Counts one segment to its end; returns how many visits. */
  async function countSegment(
    segment: Segment,
    place: { bytes: number; done: boolean } | undefined,
    signal?: AbortSignal,
  ): Promise<number> {
    let counted = 0;
    let from = place?.bytes ?? null;
    let done = place?.done ?? false;
    while (!done && !signal?.aborted) {
      const start = from ?? 0;
      const piece = await read(join(folder, segment.name), start, PIECE_BYTES);
      if (piece === undefined) return counted;
      const it = tally(piece, segment.finished);
      const last = segment.finished && piece.length < PIECE_BYTES;
      known.set(segment.name, start);
      if (it.bytes === 0 && !last) break;
      const to = start + it.bytes;
      const moved = await store.transaction(async (db) => {
        if (!(await moveShipped(db, { segment: segment.name, from, to, done: last }))) return false;
        await addCounts(db, it.counts);
        return true;
      });
      if (!moved) return counted;
      if (it.unreadable > 0)
        log.error({ segment: segment.name, unreadable: it.unreadable }, "Some click records could not be read.");
      counted += it.bytes / RECORD_BYTES - it.unreadable;
      known.set(segment.name, to);
      from = to;
      done = last;
      if (piece.length < PIECE_BYTES) break;
    }
    if (done) await remove(segment.name);
    return counted;
  }

  async function remove(name: string): Promise<void> {
    await unlink(join(folder, name)).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return;
      stuck.add(name);
      log.warn({ segment: name, code: codeOf(error) }, `A counted file of clicks cannot be removed: ${sentenceOf(error)}`);
    });
  }

  return {
    async ship(signal) {
      const all = await segments();
      const open = all.filter(
        ({ name, size, finished }) => (finished && !stuck.has(name)) || size - (known.get(name) ?? 0) >= RECORD_BYTES,
      );
      const failures: unknown[] = [];
      let counted = 0;
      if (open.length > 0) {
        const places = await shippedOf(
          store,
          open.map(({ name }) => name),
        );
        for (const segment of open) {
          // One file that cannot be read does not keep the others waiting.
          await countSegment(segment, places.get(segment.name), signal).then(
            (more) => (counted += more),
            (error: unknown) => failures.push(error),
          );
        }
      }
      if (failures.length > 0) throw failures[0];
      if (clock.monotonic() - tidied > 24 * 3_600_000) {
        await forgetShipped(
          store,
          all.map(({ name }) => name),
        );
        tidied = clock.monotonic();
      }
      return { counted };
    },
  };
}

export interface RunningShipper {
  /** Counts everything that is written by now. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

const SLOWEST_MS = 10_000;

/** Ships again and again, often enough that an editor sees a click come in. While the store is down, segments grow. */
export function startShipper({
  store,
  folder,
  everyMs = 300,
  log,
  clock,
}: {
  store: Store;
  folder: string;
  everyMs?: number;
  log: Log;
  clock: Clock;
}): RunningShipper {
  const shipper = createShipper({ store, folder, log, clock });
  const stopping = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();
  /** One pass at a time. */
  const pass = (signal?: AbortSignal) => {
    const next = turn.catch(() => undefined).then(() => shipper.ship(signal));
    turn = next;
    return next;
  };
  const loop = (async () => {
    let wait = everyMs;
    while (!stopping.signal.aborted) {
      try {
        await pass(stopping.signal);
        if (wait > everyMs) log.info("Clicks are counted again.");
        wait = everyMs;
      } catch (error) {
        if (wait === everyMs)
          log.warn({ code: codeOf(error) }, `Clicks cannot be counted now and wait in their files: ${sentenceOf(error)}`);
        wait = Math.min(Math.max(wait, 500) * 2, SLOWEST_MS);
      }
      await clock.sleep(wait, stopping.signal);
    }
  })();
  return {
    drain: async () => void (await pass()),
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

/** Up to `most` bytes from `start`, cut to whole records; undefined when the file is gone. */
async function read(path: string, start: number, most: number): Promise<Buffer | undefined> {
  const file = await open(path, "r").catch((error: unknown) => void none(error));
  if (file === undefined) return undefined;
  try {
    const piece = Buffer.alloc(most);
    let filled = 0;
    while (filled < most) {
      const { bytesRead } = await file.read(piece, filled, most - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return piece.subarray(0, filled - (filled % RECORD_BYTES));
  } finally {
    await file.close();
  }
}

/** Nothing there is an answer; anything else is a fault. */
function none(error: unknown): string[] {
  if (codeOf(error) !== "ENOENT") throw error;
  return [];
}
