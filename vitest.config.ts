import { existsSync } from "node:fs";
import { configDefaults, defineConfig } from "vitest/config";

const outside = new URL("../shared/data", import.meta.url).pathname;

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "hono/jsx" } },
  test: {
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
    // What needs more than npm (Redis, Chromium, long fault runs) is for `npm run test:full`.
    // oxlint-disable-next-line node/no-process-env -- the test run's own switch, not the program's
    exclude: process.env.FULL ? configDefaults.exclude : [...configDefaults.exclude, "test/full/**"],
    globalSetup: ["test/support/global.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // oxlint-disable-next-line node/no-process-env -- the test run's own switch, not the program's
    env: process.env.TEST_DATA || !existsSync(outside) ? {} : { TEST_DATA: outside },
  },
});
