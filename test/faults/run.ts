/**
 * The fault laboratory for as long as wished: `npm run faults -- [--hours N] [--minutes M] [--seed S] [--only F2,sim] [--list]`.
 * Simulated runs and the F tests, whole, one after the other in turn, until the time is over, a second Ctrl-C, or an invariant breaks (exit 1).
 */
import { globSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../../src/lib/root.ts";
import { fTest, simulateFor, type Lab } from "./rounds.ts";
import { seedAsked } from "./seed.ts";
import { kinds, markdown, report } from "./table.ts";
import { nothing } from "./tally.ts";

const USAGE = "npm run faults -- [--hours N] [--minutes M] [--seed S] [--only F2,sim] [--out FOLDER] [--list]";
/** Simulated runs go on for this long before the next F test has its turn. */
const TURN_MS = 30_000;

function asked() {
  try {
    const { values } = parseArgs({
      options: {
        hours: { type: "string" },
        minutes: { type: "string" },
        seed: { type: "string" },
        only: { type: "string" },
        out: { type: "string" },
        list: { type: "boolean" },
      },
    });
    const hours = Number(values.hours ?? 0) + Number(values.minutes ?? 0) / 60;
    const seed = values.seed === undefined ? seedAsked() : Number(values.seed);
    if (!(hours >= 0) || !Number.isInteger(seed)) throw new Error("--hours and --minutes are numbers, --seed is a whole one.");
    return {
      ...values,
      ms: (hours || 1 / 60) * 3_600_000,
      seed,
      only: values.only?.split(",").map((one) => one.trim().toLowerCase()),
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

const { ms, seed, only, out, list } = asked();
/** The F tests by their names, `f05` of `f05-zombie.test.ts` being F5. */
const files = globSync("test/faults/f[0-9]*.test.ts", { cwd: projectRoot }).toSorted();
const nameOf = (file: string) => `f${Number(/\/f(\d+)/.exec(file)?.[1])}`;
if (list) {
  console.log(
    ["sim     in-process simulation", ...files.map((file) => `${nameOf(file).toUpperCase().padEnd(7)} ${file}`)].join("\n"),
  );
  process.exit(0);
}
const chosen = files.filter((file) => only === undefined || only.includes(nameOf(file)));
const simulated = only === undefined || only.includes("sim");
if (chosen.length === 0 && !simulated) {
  console.error(`Nothing is called ${only?.join(", ")}. See: npm run faults -- --list`);
  process.exit(2);
}

const command = `npm run faults -- ${process.argv.slice(2).join(" ")}`.trim();
console.log(
  `seed ${seed}, for ${(ms / 60_000).toFixed(1)} minutes: ${[...(simulated ? ["sim"] : []), ...chosen.map(nameOf)].join(" ")}`,
);
const [stopping, hurry] = [new AbortController(), new AbortController()];
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) return hurry.abort();
    console.log("Stopping after what is under way, which may take some minutes. (Again to end it at once.)");
    stopping.abort();
  });
}
const began = performance.now();
const lab: Lab = {
  sums: nothing(),
  seed,
  folder: await mkdtemp(join(tmpdir(), "slugline-faults-")),
  endsAt: began + ms,
  signal: stopping.signal,
  hurry: hurry.signal,
};
let broken: string | undefined;
try {
  // Whatever was asked for by its name has its turn once, however short the time.
  const least = only === undefined ? 1 : Math.max(chosen.length, 1);
  for (let nth = 0; broken === undefined && !stopping.signal.aborted; nth += 1) {
    if (nth >= least && performance.now() >= lab.endsAt) break;
    if (simulated) broken = await simulateFor(lab, chosen.length > 0 ? TURN_MS : ms);
    const file = chosen[nth % chosen.length];
    if (broken === undefined && file !== undefined) broken = await fTest(lab, file, seed + nth);
  }
} finally {
  await rm(lab.folder, { recursive: true, force: true });
}

const seconds = Math.round((performance.now() - began) / 1_000);
const told = report(lab.sums, { seed, seconds, command, clean: broken === undefined });
const folder = out ?? join(projectRoot, "data/faults");
await mkdir(folder, { recursive: true });
await writeFile(join(folder, `faults-${seed}.json`), `${JSON.stringify(told, null, 2)}\n`);
await writeFile(join(folder, `faults-${seed}.md`), `${markdown(told)}\n\n${kinds(told)}\n`);
console.log(`\n${markdown(told)}\n\n${kinds(told)}\n\nWritten to ${folder}/faults-${seed}.json and .md`);
if (broken !== undefined) {
  console.error(`\nAn invariant broke, or a run did not go on.\n${broken}`);
  process.exitCode = 1;
}
