import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createShipper } from "../../src/click/count.ts";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { makeLive, shorten } from "../../src/link/shorten.ts";
import { testStore } from "../support/store.ts";
import { ask } from "./ask.ts";

const store = await testStore();
const root = mkdtempSync(join(tmpdir(), "slugline-kill-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const SOCKETS = 20;

test.each([
  ["SIGKILL", 2_000],
  ["SIGKILL", 4_000],
  ["SIGTERM", 2_000],
] as const)("%s after %d clicks: each click that was answered is counted once", async (signal, after) => {
  const dataDir = mkdtempSync(join(root, "data-"));
  const link = await shorten(store, { target: "https://example.org/story", articleId: null, placement: "story" });
  await makeLive(store, link.id);
  const child = spawn(process.execPath, [join(import.meta.dirname, "child.ts"), dataDir, store.databaseUrl], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const url = String((await once(child.stdout, "data"))[0]).trim();

  let answered = 0;
  let sent = 0;
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const reader = async () => {
    for (;;) {
      sent += 1;
      const answer = await ask(url, `/${link.code}`, { agent }).catch(() => undefined);
      if (answer === undefined) return;
      expect(answer.status).toBe(302);
      answered += 1;
      if (answered === after) child.kill(signal);
    }
  };
  const shipper = createShipper({ store, folder: join(dataDir, "clicks"), log: silentLog, clock: systemClock });
  const readers = Promise.all(Array.from({ length: SOCKETS }, reader));
  // Counting goes on while clicks come in.
  await shipper.ship();
  await readers;
  await gone;
  agent.destroy();
  await Promise.all([
    shipper.ship(),
    createShipper({ store, folder: join(dataDir, "clicks"), log: silentLog, clock: systemClock }).ship(),
  ]);
  const { rows } = await store.query<{ count: string }>(
    "select sum(count)::text as count from slugline.click_hour where link_number = $1",
    [link.number],
  );
  const counted = Number(rows[0]?.count);
  expect(answered).toBeGreaterThanOrEqual(after);
  expect(counted).toBeGreaterThanOrEqual(answered);
  // At most the one request each socket had under way was written but not answered.
  expect(counted).toBeLessThanOrEqual(sent);
  expect(counted - answered).toBeLessThanOrEqual(SOCKETS);
});
