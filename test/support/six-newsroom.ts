import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import { silentLog } from "../../src/lib/log.ts";
import { signedHook } from "./hook.ts";
import { startSix } from "./six.ts";
import { freePorts } from "./slugline.ts";
import { testStore } from "./store.ts";

export const SHORT_URL = "https://go.example.org";
export const ACCOUNTS = ["local", "masto", "x", "bsky", "tele", "hook"];

/** The whole program on the six accounts, each of which posts by itself what the newsroom's CMS sends by its hook. */
export async function openSixNewsroom({ languages }: { languages: readonly string[] }) {
  const [folder, store, six] = await Promise.all([mkdtemp(join(tmpdir(), "slugline six ")), testStore(), startSix()]);
  const [port, redirect, health] = await freePorts();
  const hook = signedHook();
  const newsroom = {
    site: { name: "Six", url: "https://example.org", shortUrl: SHORT_URL, languages, timeZone: "Asia/Damascus" },
    outbound: { allow: six.allow },
    sources: [{ name: "cms", kind: "hook", secretEnv: "CMS_SECRET", images: "all" }],
    accounts: six.accounts("auto"),
    rules: [{ accounts: ACCOUNTS }],
  };
  // JSON is YAML.
  await writeFile(join(folder, "newsroom.yaml"), JSON.stringify(newsroom));
  const env: Record<string, string> = {
    DATABASE_URL: store.databaseUrl,
    SLUGLINE_KEY: Buffer.alloc(32, 7).toString("base64"),
    DATA_DIR: join(folder, "data"),
    PORT: String(port),
    REDIRECT_PORT: String(redirect),
    HEALTH_PORT: String(health),
    SLUGLINE_CONFIG: join(folder, "newsroom.yaml"),
    CMS_SECRET: hook.secret,
    ...six.env,
  };
  const app = await createApp(loadConfig(env, { folder }), undefined, { log: silentLog });
  return {
    store,
    six,
    app,
    hook,
    editor: `http://localhost:${port}`,
    /** For a command that is to find this newsroom. */
    env,
    folder,
    async [Symbol.asyncDispose]() {
      await app.drain(2_000);
      await app[Symbol.asyncDispose]();
      await six[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
