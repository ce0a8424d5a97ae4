import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../src/lib/root.ts";
import { openLabStore } from "./lab-store.ts";
import { simulated } from "./sim/patient.ts";
import type { Simulated } from "./sim/simulate.ts";
import { openRunStore } from "./sim/store.ts";
import { add, type Sums, type Told } from "./tally.ts";

/** What every part of a long run shares. */
export interface Lab {
  readonly sums: Sums;
  readonly seed: number;
  /** Goes with the run. */
  readonly folder: string;
  /** When it is to end (`performance.now()`). */
  readonly endsAt: number;
  /** What is under way ends, and nothing new begins. */
  readonly signal: AbortSignal;
  /** What is under way is ended at once. */
  readonly hurry: AbortSignal;
}

/** What one simulated run has to tell. */
export function toldBy(run: Simulated): Told {
  const of = (invariant: string) => run.faults.filter((fault) => fault.invariant === invariant).length;
  return {
    part: "sim",
    runs: 1,
    faults: Object.fromEntries(run.counts),
    deliveries: run.deliveries,
    accepted: run.accepted,
    duplicates: of("I1"),
    lost: of("I3"),
    networks: Object.fromEntries(
      [...run.byAccount].map(([account, { ended, asked }]) => [`${account} (simulated)`, { ended, asked }]),
    ),
  };
}

/** Simulated runs for a while, each by a seed of its own. Answers what broke, with the command that shows it again. */
export async function simulateFor(lab: Lab, ms: number): Promise<string | undefined> {
  await using store = await openLabStore();
  const until = Math.min(performance.now() + ms, lab.endsAt);
  while (performance.now() < until && !lab.signal.aborted) {
    const seed = lab.seed + (lab.sums.parts["sim"] ?? 0);
    const run = await simulated(() => openRunStore(store.connection), seed).catch((error: Error) => error);
    if (run instanceof Error) return `${again(seed, "sim")}\n${run.message}`;
    add(lab.sums, toldBy(run));
    if (run.faults.length > 0) return `${again(seed, "sim")}\n${await run.stories()}`;
  }
  console.log(`sim: ${lab.sums.parts["sim"]} runs, ${lab.sums.deliveries} deliveries, ${lab.sums.accepted} accepted`);
  return undefined;
}

/** One F test, whole, in a process of its own. Answers what broke. */
export async function fTest(lab: Lab, file: string, seed: number): Promise<string | undefined> {
  const name = /\/(f\d+)/.exec(file)?.[1] ?? "";
  const tally = join(lab.folder, `${seed}.jsonl`);
  const child = spawn(process.execPath, [join(projectRoot, "node_modules/vitest/vitest.mjs"), "run", "--maxWorkers=1", file], {
    cwd: projectRoot,
    env: { ...process.env, FULL: "1", FAULT_SEED: String(seed), FAULT_TALLY: tally, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C is for us: the test goes on to its end, and stops its own servers and processes.
    detached: true,
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const stop = () => child.kill("SIGINT");
  lab.hurry.addEventListener("abort", stop, { once: true });
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  lab.hurry.removeEventListener("abort", stop);
  if (lab.hurry.aborted) killGroup(child);
  const lines = existsSync(tally) ? readFileSync(tally, "utf8").trim().split("\n").filter(Boolean) : [];
  for (const line of lines) add(lab.sums, JSON.parse(line) as Told);
  console.log(`${name}, seed ${seed}: ${code === 0 ? "well" : `ended with ${code}`}`);
  if (code === 0 || lab.hurry.aborted) return undefined;
  return `${again(seed, name)}\n${said.join("")}`;
}

/** What the test had started and could no longer end. */
function killGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}

function again(seed: number, only: string): string {
  return `Seed ${seed}. To see it again: npm run faults -- --seed ${seed} --only ${only} --minutes 1`;
}
