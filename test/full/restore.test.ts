import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../src/cli.ts";
import { silentLog } from "../../src/lib/log.ts";
import { endHold, holdOf } from "../../src/newsroom/hold.ts";
import { openStore } from "../../src/store/open.ts";
import { signedHook } from "../support/hook.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { freePorts, startSlugline, tempFolder, type Ports, type Running } from "../support/slugline.ts";
import { until } from "../support/store.ts";

let server: MastodonStandIn;
let folders: Awaited<ReturnType<typeof tempFolder>>[];
let ports: Ports;
let running: Running | undefined;
const hook = signedHook();

beforeAll(async () => {
  server = await startMastodon({ rateLimit: 1_000_000 });
  folders = [await tempFolder(), await tempFolder()];
  ports = await freePorts();
});
afterAll(async () => {
  await running?.stop();
  await server.close();
  for (const folder of folders) await folder.remove();
});

/** One posts at once, the other has always a few that wait for its pace. */
const newsroom = () => `
site: { name: Drill, url: "https://example.org", languages: [en], timeZone: UTC }
outbound: { allow: ["${new URL(server.url).host}"] }
sources: [{ name: cms, kind: hook, secretEnv: CMS_SECRET }]
accounts:
  - { name: masto, network: mastodon, server: "${server.url}", tokenEnv: MASTO_TOKEN, mode: auto }
  - { name: slow, network: mastodon, server: "${server.url}", tokenEnv: MASTO_TOKEN, mode: auto, spacing: 1s }
rules: [{ accounts: [masto, slow] }]
`;

const start = async (folder: string) =>
  (running = await startSlugline(folder, {
    newsroom: newsroom(),
    ports,
    env: { CMS_SECRET: hook.secret, MASTO_TOKEN: server.token },
  }));

async function type(folder: string, argv: string[]): Promise<string> {
  const said: string[] = [];
  const code = await run(argv, {
    out: (line) => void said.push(line),
    err: (line) => void said.push(line),
    env: { DATA_DIR: `${folder}/data`, LOG_LEVEL: "error" },
    folder,
  });
  expect(said.join("\n") && code).toBe(0);
  return said.join("\n");
}

test("a backup under load, posts go on, the machine is lost: after the restore all of today is found, and nothing stands twice", async () => {
  const [lost, found] = folders.map(({ path }) => path) as [string, string];
  await start(lost);
  let alive = true;
  const sent: string[] = [];
  const busy = (async () => {
    for (let n = 0; alive; n += 1) {
      await hook.send(running!.url, `drill-${n}`).catch(() => undefined);
      sent.push(`drill-${n}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  await until(async () => server.accepted.length >= 12);
  const saved = JSON.parse(await type(lost, ["backup", "night.backup", "--json"])) as { tables: Record<string, number> };
  const atBackup = server.accepted.length;
  await until(async () => server.accepted.length >= atBackup + 12);
  alive = false;
  await running!.kill();
  await busy;

  await type(found, ["restore", `${lost}/night.backup`, "--hold"]);
  await start(found);
  const store = await openStore({ dataDir: `${found}/data`, log: silentLog, role: "cli" });
  try {
    const before = server.accepted.length;
    // The CMS tells of everything once more, as if nothing had happened.
    for (const id of sent) await hook.send(running!.url, id).catch(() => undefined);
    const hold = await until(async () => {
      const now = await holdOf(store);
      return now?.open === 0 && now;
    });
    expect(server.accepted).toHaveLength(before);
    expect(hold.found).toBeGreaterThan(0);
    expect(await endHold(store, { name: "Rosa", person: null })).toEqual({ ok: true });
    const left = async () =>
      (await store.query("select from slugline.delivery where state in ('due', 'sending', 'unknown')")).rows.length;
    await until(async () => (await left()) === 0);
    const texts = new Map<string, number>();
    for (const { text } of server.accepted) texts.set(text, (texts.get(text) ?? 0) + 1);
    expect([...texts].filter(([, times]) => times > 1)).toEqual([]);
    // Nor under a second link: two accounts, two posts of a story.
    const titles = new Map<string, number>();
    for (const { text } of server.accepted) titles.set(text.split("\n", 1)[0]!, (titles.get(text.split("\n", 1)[0]!) ?? 0) + 1);
    expect([...titles].filter(([, times]) => times > 2)).toEqual([]);
    const { rows } = await store.query<{ n: number }>("select count(*) as n from slugline.delivery where state = 'posted'");
    expect(rows[0]!.n).toBeGreaterThanOrEqual(saved.tables["delivery"]!);
    console.log(
      `${sent.length} stories, ${saved.tables["delivery"]} deliveries at the backup, ${hold.found} found, ${hold.stories} held, 0 twice`,
    );
  } finally {
    await store.close();
  }
});
