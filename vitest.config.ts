import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const outside = fileURLToPath(new URL("../shared/data", import.meta.url));
/** What Node has compiled of our sources for the processes that tests start: half of what each of them costs is to read them. */
const compiled = fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url));

/** What waits for processes of its own beside what reckons, so that it is neither together at once nor alone at the end. */
class Alternating extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const waits = ({ moduleId }: TestSpecification) => /\/test\/(?:faults|full|store)\//.test(moduleId);
    // oxlint-disable-next-line unicorn/no-array-sort -- Vitest's own method, not an array's
    const sorted = await super.sort(files);
    const [waiting, reckoning] = [sorted.filter(waits), sorted.filter((file) => !waits(file))];
    return sorted.flatMap((_, at) => [...waiting.slice(at, at + 1), ...reckoning.slice(at, at + 1)]);
  }
}

/**
 * For `npm run test:full` alone: what needs more than npm (Redis, Chromium, PHP, a second Postgres), what starts and kills
 * processes by the dozen, and what else would not fit into the two minutes that `npm test` has.
 */
const LONG = [
  "test/full/**",
  "test/faults/f{01,05,07,08,09,10,11,12,13,18,19,20,22,24,25}-*",
  "test/faults/each-says-so.test.ts",
  "test/{api/once-killed,redirect/kill,store/embedded,newsroom/credential-canary,cli/backup,cli/prove,cli/account,queue/faults,store/backup}.test.ts",
];

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "hono/jsx" } },
  test: {
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
    // oxlint-disable-next-line node/no-process-env -- the test run's own switch, not the program's
    exclude: process.env.FULL ? configDefaults.exclude : [...configDefaults.exclude, ...LONG],
    globalSetup: ["test/support/global.ts"],
    setupFiles: ["test/support/after-file.ts"],
    pool: "forks",
    // A process takes one file after another and keeps what it has loaded: nothing of ours runs or holds state by being
    // imported, and each file has a database of its own. That saves more than a third of a run's CPU time.
    isolate: false,
    sequence: { sequencer: Alternating },
    // Many tests wait for a server or a clock: half as many again as there are cores.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    // More than any test needs, on any machine (`until` in test/support/store.ts gives up before).
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    teardownTimeout: 10_000,
    env: {
      NODE_COMPILE_CACHE: compiled,
      // oxlint-disable-next-line node/no-process-env -- the test run's own switch, not the program's
      ...(process.env.TEST_DATA || !existsSync(outside) ? {} : { TEST_DATA: outside }),
    },
  },
});
