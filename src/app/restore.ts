import { join } from "node:path";
import { countKept } from "../click/keep.ts";
import { beginHold } from "../delivery/hold.ts";
import { keepPublic } from "../link/keep.ts";
import { keyId, type Keys } from "../newsroom/seal.ts";
import { sealedAccounts } from "../newsroom/seal-rotate.ts";
import { publicIn } from "../redirect/snapshot.ts";
import { loadFrom } from "../store/backup/load.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";

/** What a restore came to. */
export interface Restored {
  /** The moment of the backup (ISO 8601), and the version that wrote it. */
  readonly at: string;
  readonly version: string;
  readonly hold: boolean;
  /** Rows by table. */
  readonly tables: Readonly<Record<string, number>>;
  /** Clicks that the backup had not counted yet and that are counted now. */
  readonly clicks: number;
  /** Short links made since the backup, read back from the redirect's snapshot: they lead on, their posts are not known. */
  readonly links: number;
  /** What is being looked for on the networks now. */
  readonly open: number;
  /** Accounts whose sealed secrets no key here opens: they must be given anew. */
  readonly unreadable: readonly string[];
}

/**
 * Restores a backup into an empty store, in one transaction. On hold, nothing is sent until all that may have been sent since
 * the backup was looked for and a person ends the hold; without, the backup must be the last word.
 */
export async function restoreFrom(
  file: string,
  store: Store,
  { dataDir, keys, hold }: { readonly dataDir: string; readonly keys: Keys; readonly hold: boolean },
): Promise<Restored> {
  let clicks = 0;
  let links = 0;
  let open = 0;
  const loaded = await loadFrom(file, store, {
    clicks: async (db, lines) => void (clicks = await countKept(db, lines)),
    async last(db, head) {
      for await (const link of publicIn(join(dataDir, "links.snapshot"))) if (await keepPublic(db, link)) links += 1;
      if (hold) await beginHold(db, new Date(head.at));
      else await asIs(db, head.at);
      const { rows } = await db.query<{ open: number }>(
        "select count(*) as open from slugline.delivery where sought is not null",
      );
      open = rows[0]?.open ?? 0;
    },
  });
  const { at, version } = loaded.head;
  return { at, version, hold, tables: loaded.tables, clicks, links, open, unreadable: await unreadableAccounts(store, keys) };
}

/** Nothing was sent since: the store goes on where the backup ends. An older hold of the backup's own stays. */
async function asIs(db: Db, at: string): Promise<void> {
  await tell(db, { kind: "restored-as-is", data: { at } });
}

async function unreadableAccounts(store: Store, keys: Keys): Promise<string[]> {
  const sealed = await sealedAccounts(store);
  if (sealed.length === 0) return [];
  const known = new Set(keys().map(keyId));
  return [...new Set(sealed.filter(({ key }) => !known.has(key)).map(({ name }) => name))];
}
