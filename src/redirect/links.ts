import type { PoolConfig } from "pg";
import { codeOf, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { linksChangedAfter, overlapBefore, publicLinks, publicLinksByCode, type PublicLink } from "../link/store.ts";
import type { Store } from "../store/db.ts";
import { listen, type Listener } from "../store/listen.ts";
import { createLookup, type Lookup } from "./lookup.ts";
import { snapshotAt } from "./snapshot.ts";
import { createTable, type LinkTable } from "./table.ts";

export interface Links extends Lookup {
  readonly table: LinkTable;
  /** Whether the whole table was read from the store since the start. */
  readonly complete: boolean;
  close(): Promise<void>;
}

export interface LinksOptions {
  readonly store: Store;
  /** For a connection of its own that listens. */
  readonly connection: PoolConfig;
  /** Where `links.snapshot` lies. */
  readonly dataDir: string;
  readonly log: Log;
  readonly clock: Clock;
}

const PAGE = 10_000;
const CODES_AT_ONCE = 1_000;
/** The net under the notifications: what changed is asked for this often, everything once an hour. */
const CHANGES_EVERY_MS = 30_000;
const ALL_EVERY_MS = 3_600_000;
const RETRY_MS = 2_000;
const CLOSE_WITHIN_MS = 2_000;
/** The snapshot is written whole again when this many lines were added, and more than a quarter of it. */
const REWRITE_AFTER = 10_000;

/**
 * The public links of the store in memory, kept up by notifications, and on disk for a start without the store. Returns as
 * soon as the snapshot is read; the store is asked in the background, for as long as it takes.
 */
export async function keepLinks({ store, connection, dataDir, log, clock }: LinksOptions): Promise<Links> {
  const table = createTable();
  const snapshot = snapshotAt(dataDir, log);
  const closing = new AbortController();
  const told = new Set<string>();
  let listener: Listener | undefined;
  let complete = false;
  let latest: string | undefined;
  let failing = false;

  const take = (rows: readonly PublicLink[]) => {
    const news = rows.filter((row) => table.put(row));
    if (news.length > 0) snapshot.append(news);
  };
  const lookup = createLookup({ db: store, table, take, clock });

  async function readAll(): Promise<void> {
    let newest: string | undefined;
    for (let after = 0; !closing.signal.aborted;) {
      const page = await publicLinks(store, after, PAGE);
      take(page);
      for (const { changed } of page) if (newest === undefined || Date.parse(changed) > Date.parse(newest)) newest = changed;
      const last = page.at(-1);
      if (page.length < PAGE || last === undefined) break;
      after = last.number;
    }
    latest = newest ?? latest;
    complete = true;
  }

  async function readChanges(): Promise<void> {
    if (latest === undefined) return readAll();
    let after = { changed: await overlapBefore(store, latest), number: 0 };
    while (!closing.signal.aborted) {
      const page = await linksChangedAfter(store, after, PAGE);
      take(page);
      const last = page.at(-1);
      if (last === undefined) return;
      latest = last.changed;
      if (page.length < PAGE) return;
      after = last;
    }
  }

  async function readTold(): Promise<void> {
    const codes = [...told].slice(0, CODES_AT_ONCE);
    for (const code of codes) told.delete(code);
    try {
      take(await publicLinksByCode(store, codes));
    } catch (error) {
      for (const code of codes) told.add(code);
      throw error;
    }
  }

  /** Everything that reads the store, one after the other. */
  let wake: () => void = () => undefined;
  let changesAt = clock.monotonic();
  let allAt = Number.NEGATIVE_INFINITY;
  async function keepUp(): Promise<void> {
    while (!closing.signal.aborted) {
      const rung = new Promise<void>((resolve) => (wake = resolve));
      let wait = CHANGES_EVERY_MS;
      try {
        listener ??= await listen(
          connection,
          ["slugline_link"],
          onNotify,
          log,
          () => ((changesAt = Number.NEGATIVE_INFINITY), wake()),
        );
        if (told.size > 0) await readTold();
        else if (clock.monotonic() - allAt >= ALL_EVERY_MS) {
          await readAll();
          allAt = changesAt = clock.monotonic();
        } else if (clock.monotonic() - changesAt >= CHANGES_EVERY_MS) {
          await readChanges();
          changesAt = clock.monotonic();
        }
        if (snapshot.appended > Math.max(REWRITE_AFTER, table.size / 4)) await snapshot.rewrite(table);
        if (failing) log.info({ links: table.size }, "The store can be asked for links again.");
        failing = false;
        if (told.size > 0 || clock.monotonic() - changesAt >= CHANGES_EVERY_MS) wait = 0;
      } catch (error) {
        if (!failing)
          log.warn(
            { code: codeOf(error), links: table.size },
            `Links cannot be read from the store: ${sentenceOf(error)}. Known links lead on.`,
          );
        failing = true;
        wait = RETRY_MS;
      }
      if (closing.signal.aborted) return;
      const pause = new AbortController();
      const stop = () => pause.abort();
      closing.signal.addEventListener("abort", stop, { once: true });
      // A bell does not shorten the wait after a failure: nothing would come of it.
      if (!failing) void rung.then(stop);
      await clock.sleep(wait, pause.signal);
      closing.signal.removeEventListener("abort", stop);
    }
  }

  function onNotify(_channel: string, code: string): void {
    lookup.forget(code);
    told.add(code);
    wake();
  }

  const known = await snapshot.load(table);
  log.debug({ links: known }, "Links read from the snapshot");
  const keeping = keepUp();

  return {
    table,
    get complete() {
      return complete;
    },
    find: (code) => lookup.find(code),
    forget: (code) => lookup.forget(code),
    async close() {
      closing.abort();
      // A store that does not answer is not waited for.
      const ended = new AbortController();
      await Promise.race([keeping.finally(() => ended.abort()), clock.sleep(CLOSE_WITHIN_MS, ended.signal)]);
      await listener?.close();
      if (snapshot.appended > 0) await snapshot.rewrite(table);
      snapshot.close();
    },
  };
}
