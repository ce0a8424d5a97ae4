// A process of its own that holds a place in an embedded Postgres: node tenant-process.ts <folder> <start|cli>
// It prints one JSON line, {socketDir} or {code, message}, and holds the place until SIGTERM.
import { silentLog } from "../../src/lib/log.ts";
import { codeOf, sentenceOf } from "../../src/lib/fault.ts";
import { openEmbedded } from "../../src/store/embedded.ts";

const [, , dataDir = "", role = "start"] = process.argv;
try {
  const embedded = await openEmbedded({ dataDir, log: silentLog, role: role === "cli" ? "cli" : "start" });
  process.stdout.write(`${JSON.stringify({ socketDir: embedded.connection.host })}\n`);
  process.once("SIGTERM", () => void embedded.stop().then(() => process.exit(0)));
  setInterval(() => undefined, 1_000);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: codeOf(error), message: sentenceOf(error) })}\n`);
  process.exitCode = 1;
}
