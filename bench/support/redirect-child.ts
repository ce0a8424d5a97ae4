import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { createRedirect } from "../../src/redirect/server.ts";
import { createStore } from "../../src/store/db.ts";

/** The server under load, in a process of its own: `bare` or `slugline <dataDir>`. Told "cpu", it says its CPU time so far (us). */
const [kind, dataDir = ""] = process.argv.slice(2);

async function bare(): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(302, { Location: "https://example.org/story" });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function slugline(): Promise<string> {
  // Nobody answers for the store: links come from the snapshot, as after a start without it.
  const connection = { host: "127.0.0.1", port: 9, user: "nobody" };
  const pool = new pg.Pool(connection);
  pool.on("error", () => undefined);
  const at = { dataDir, host: "127.0.0.1", port: 0, siteUrl: null, log: silentLog, clock: systemClock };
  return (await createRedirect({ store: createStore(pool), connection, ...at })).url;
}

const url = kind === "bare" ? await bare() : await slugline();
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
process.on("disconnect", () => process.exit());
process.send?.({ url });
