import { gather } from "../lib/gather.ts";
import { MOST_GIVEN } from "../store/given.ts";
import { startFree, type Starting, type Try } from "./begin.ts";
import type { DeliveryDeps } from "./deps.ts";
import { finishPosted, type Ended } from "./finish.ts";
import { takeUp, type DeliveryRow } from "./store.ts";

/**
 * Group commit: what the hands of one process ask of the store at the same moment is asked in one transaction, where nothing
 * stands in its way. What a round does not answer, or could not, is done by itself, with every check: a round only saves time.
 */
export interface Rounds {
  takeUp(postId: string): Promise<DeliveryRow | undefined>;
  /** Undefined where it did not begin: it is to be looked at by itself. */
  start(it: Starting): Promise<Try | undefined>;
  /** Whether all of it is written down. */
  finish(it: Ended): Promise<boolean>;
}

export function createRounds(deps: DeliveryDeps): Rounds {
  const { store } = deps;
  const begin = gather(MOST_GIVEN, (all: readonly Starting[]) => store.transaction((db) => startFree(deps, db, all)));
  const end = gather(MOST_GIVEN, (all: readonly Ended[]) => finishPosted(deps, all));
  const open = gather(MOST_GIVEN, (postIds: readonly string[]) => takeUp(store, postIds, "unlocked"));
  return {
    takeUp: async (postId) => (await open(postId).catch(() => undefined)) ?? (await takeUp(store, [postId]))[0],
    start: (it) => begin(it).catch(() => undefined),
    finish: (it) => end(it).catch(() => false),
  };
}
