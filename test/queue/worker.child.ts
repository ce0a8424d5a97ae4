/** A process of its own that serves one bell: `node worker.child.ts <databaseUrl> <redisUrl | -> <hang | leave> <lockMs>`. */
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { createQueue } from "../../src/queue/queue.ts";
import { listen } from "../../src/store/listen.ts";
import { poolOn } from "../../src/store/open.ts";

const [databaseUrl = "", redis = "-", how = "hang", lockMs = "30000"] = process.argv.slice(2);
const connection = { connectionString: databaseUrl };
const store = await poolOn(connection, {
  log: silentLog,
  max: 2,
  whenClosed: async () => undefined,
});
const redisUrl = redis === "-" ? undefined : redis;
const queue = await createQueue({
  connection,
  store,
  listen,
  log: silentLog,
  clock: systemClock,
  redisUrl,
  lockMs: Number(lockMs),
});
queue.serve(
  "delivery",
  (subject) => {
    process.stdout.write(`at work on ${subject}\n`);
    return new Promise(() => undefined);
  },
  { concurrency: 1 },
);
queue.sweep("delivery", async () => []);
await queue.start();
process.stdout.write("started\n");
if (how === "leave") {
  await systemClock.sleep(300);
  await queue.stop();
  await store.close();
}
