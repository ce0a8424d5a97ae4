import { setTimeout as sleep } from "node:timers/promises";
import type { OpenStore } from "../../../src/store/open.ts";
import { simulate, type Simulated } from "./simulate.ts";
import type { World } from "./world.ts";

/** A run makes hundreds of steps a second, or its clock goes on; one that does neither for so long stands still. */
const STILL_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

/**
 * One simulated run on connections of its own.
 *
 * @throws Error where the simulation itself stands still: it says nothing about Slugline, but what everybody waited for
 */
export async function simulated(open: () => Promise<OpenStore>, seed: number): Promise<Simulated> {
  const store = await open();
  const ended = new AbortController();
  let world: World | undefined;
  const running = judged(store, seed, (opened) => void (world = opened)).finally(() => ended.abort());
  const run = await Promise.race([running, standstill(() => world && `${world.gate.step} ${world.now()}`, ended.signal)]);
  if (run) return run;
  running.catch(() => undefined);
  const where = world?.gate.whereabouts() ?? "It had not begun.";
  world?.gate.giveUp();
  // It opens no connection any more, and what it holds is taken from it: else every later run would wait.
  store.close().catch(() => undefined);
  const found = await sessionsEnded(open);
  throw new Error(`seed ${seed}: the simulation stood still.\n${where}\n${found}`);
}

async function judged(store: OpenStore, seed: number, opened: (world: World) => void): Promise<Simulated> {
  const run = await simulate(store, seed, opened);
  const story = run.faults.length > 0 ? await run.stories() : "";
  await store.close();
  return { ...run, stories: async () => story };
}

/** Resolves when `at` has answered the same for so long. Slow is not still: a loaded machine may take its time. */
async function standstill(at: () => string | undefined, signal: AbortSignal): Promise<undefined> {
  let last = at();
  for (let since = performance.now(); performance.now() - since < STILL_MS && !signal.aborted;) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    const now = at();
    if (now !== last) since = performance.now();
    last = now;
  }
  // The run has ended: its own answer comes.
  if (signal.aborted) await new Promise(() => undefined);
}

/** Ends every session of the run's database; what each was about. */
async function sessionsEnded(open: () => Promise<OpenStore>): Promise<string> {
  const other = await open();
  const { rows } = await other.query<{ about: string }>(
    `select concat_ws(' ', 'session', pid, state, wait_event_type, wait_event, left(query, 100)) as about, pg_terminate_backend(pid)
       from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() order by query_start`,
  );
  await other.close();
  return rows.map(({ about }) => about).join("\n");
}
