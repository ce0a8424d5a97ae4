import pg from "pg";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { createRedirect } from "../../src/redirect/server.ts";
import { createStore } from "../../src/store/db.ts";

/** A redirect in a process of its own, to be killed: `node child.ts <dataDir> <databaseUrl>`; prints its address. */
const [dataDir = "", connectionString = ""] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: 2 });
pool.on("error", () => undefined);
const redirect = await createRedirect({
  store: createStore(pool),
  connection: { connectionString },
  dataDir,
  host: "127.0.0.1",
  port: 0,
  siteUrl: null,
  log: silentLog,
  clock: systemClock,
});
process.on("SIGTERM", () => void redirect.close().then(() => pool.end()));
console.log(redirect.url);
