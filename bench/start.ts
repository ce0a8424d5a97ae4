import { setTimeout as sleep } from "node:timers/promises";
import { quantile, startSlugline, tempFolder } from "../test/support/slugline.ts";

const RUNS = 5;
const IDLE_MS = 20_000;

/** From `slugline start` (installed and built) to ready: on an empty folder, and on one that ran before; memory when idle. */
export async function run(): Promise<void> {
  const cold: number[] = [];
  const warm: number[] = [];
  let memory = 0;
  for (let turn = 0; turn < RUNS; turn += 1) {
    const folder = await tempFolder();
    const first = await startSlugline(folder.path);
    cold.push(first.readyMs);
    await first.stop();
    const second = await startSlugline(folder.path);
    warm.push(second.readyMs);
    if (turn === RUNS - 1) {
      await sleep(IDLE_MS);
      memory = await second.memory();
    }
    await second.stop();
    await folder.remove();
  }
  const line = (what: string, values: readonly number[]) =>
    `${what}: median ${Math.round(quantile(values, 0.5))} ms, slowest ${Math.round(Math.max(...values))} ms of ${values.length}`;
  console.log(line("first start, empty data folder", cold));
  console.log(line("later start", warm));
  console.log(`memory after ${IDLE_MS / 1000} s idle, with its Postgres: ${Math.round(memory / 1024 / 1024)} MB (PSS)`);
}
