import { join } from "node:path";
import { holdSegments } from "../click/keep.ts";
import { version } from "../lib/version.ts";
import { saveTo, type Saved } from "../store/backup/save.ts";
import type { Store } from "../store/db.ts";

/**
 * Backs up the store, with the clicks that lie in this data folder and are not counted yet. Those beside redirects on other
 * machines stay there, and are counted from where the backup left off.
 */
export async function backUp(store: Store, file: string, dataDir: string): Promise<Saved> {
  await using segments = holdSegments(join(dataDir, "clicks"));
  await segments.look();
  return await saveTo(file, store, {
    version,
    async *clicks(snapshot) {
      await segments.look();
      yield* segments.uncounted(snapshot);
    },
  });
}
