import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli.ts";
import { SHORT_URL, openDesk } from "../support/desk.ts";
import { emptyStore, testStore, type TestStore } from "../support/store.ts";

const KEY = Buffer.alloc(32, 7).toString("base64");
let store: TestStore;
let folder: string;
let desk: Awaited<ReturnType<typeof openDesk>>;

beforeAll(async () => {
  store = await testStore();
  folder = mkdtempSync(join(tmpdir(), "slugline-cli-backup-"));
  desk = await openDesk(store);
  await desk.account({ name: "masto-en", rehearsal: true });
});
afterAll(async () => {
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
});

async function type(argv: string[], into: TestStore = store) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(argv, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    env: { DATABASE_URL: into.databaseUrl, SLUGLINE_KEY: KEY, SHORT_URL, PUBLIC_URL: "https://desk.example.org" },
    folder,
  });
  return { code, out: out.join("\n"), err: err.join("\n"), lines: out };
}

describe("backup and restore at the command line", () => {
  test("a newsroom is written to a file, brought into an empty store on hold, and let go by a person's word", async () => {
    const { posts } = await desk.story();
    await desk.approve(posts["masto-en"]!);
    const saved = await type(["backup", "night.backup", "--json"]);
    expect(saved).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(saved.out)).toMatchObject({ tables: { post: 1, account: 1 }, clicks: 0 });
    expect(statSync(join(folder, "night.backup")).mode & 0o777).toBe(0o600);
    const text = zstdDecompressSync(await readFile(join(folder, "night.backup"))).toString();
    for (const secret of [KEY, Buffer.alloc(32, 7).toString("hex")]) expect(text).not.toContain(secret);

    const into = await emptyStore();
    const restored = await type(["restore", "night.backup"], into);
    expect(restored).toMatchObject({ code: 0, out: expect.stringContaining("On hold: 1 posts may have been sent since.") });
    expect((await type(["resume"], into)).err).toContain("on hold");
    expect((await type(["hold", "end"], into)).err).toContain("1 posts are still being looked for");
    expect(JSON.parse((await type(["hold", "--json"], into)).out)).toMatchObject({ hold: { open: 1, asked: 0 } });
    expect((await type(["check"], into)).out).toContain("Restored from a backup and on hold: 1 being looked for");
    await into.query("update slugline.delivery set state = 'asked', idempotency = 'k' where sought is not null");
    expect(await type(["hold", "end"], into)).toMatchObject({ code: 0, out: "The hold is over: what is due goes out." });
    expect((await type(["hold"], into)).out).toBe("There is no hold.");
  });

  test("what cannot be done is said with what would be right", async () => {
    await type(["backup", "one.backup"]);
    expect(await type(["backup", "one.backup"])).toMatchObject({ code: 1, err: expect.stringContaining("is there already") });
    expect(await type(["restore", "one.backup"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("set DATA_DIR to a new folder"),
    });
    expect(await type(["restore", "none.backup"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("none.backup cannot be read"),
    });
    expect(await type(["restore", "one.backup", "--hold", "--as-is"])).toMatchObject({ code: 2 });
    expect(await type(["backup", "nowhere/one.backup"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("cannot be written"),
    });
    const bare = await emptyStore();
    expect(await type(["backup", "bare.backup"], bare)).toMatchObject({
      code: 1,
      err: expect.stringContaining("nothing to back up"),
    });
  });

  test("secrets that no key here opens are told by their accounts", async () => {
    await store.query(
      "insert into slugline.credential (account_id, name, sealed, pinned) select id, 'token', '\\x01aabbccddeeff0011' || decode(repeat('00', 40), 'hex'), '' from slugline.account",
    );
    await type(["backup", "sealed.backup"]);
    const into = await emptyStore();
    const restored = await type(["restore", "sealed.backup", "--as-is"], into);
    expect(restored.out).toContain("No key here opens the secrets of: masto-en.");
    expect(restored.out).toContain("As it is");
    expect((await type(["hold"], into)).out).toBe("There is no hold.");
    await store.query("delete from slugline.credential");
  });
});

describe("account rehearse", () => {
  test("puts an account into rehearsal and back, and says what keeps it there", async () => {
    expect(await type(["account", "rehearse", "masto"])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Did you mean "masto-en"'),
    });
    expect((await type(["account", "rehearse", "masto-en"])).out).toContain("in rehearsal: nothing of it reaches its network");
    expect((await type(["account", "rehearse", "masto-en", "--end"])).out).toContain(
      "newsroom.yaml says that it is in rehearsal",
    );
    await store.query("update slugline.account set rehearsal = false");
    expect(JSON.parse((await type(["account", "rehearse", "masto-en", "--json"])).out)).toMatchObject({
      rehearsing: true,
      why: null,
    });
    expect((await type(["account", "rehearse", "masto-en", "--end"])).out).toContain("posts for real");
  });
});

describe("replay", () => {
  test("shows what the rules would post beside what was posted, and changes nothing", async () => {
    await desk.story({ title: "Rules change" });
    await store.query(
      "update slugline.article set embargo_until = first_seen_at + interval '1 hour', tags = '{river}' where title = 'Rules change'",
    );
    const count = async () =>
      (
        await store.query<{ n: number }>(
          "select (select count(*) from slugline.post) + (select count(*) from slugline.link) + (select count(*) from slugline.event) as n",
        )
      ).rows[0]!.n;
    const before = await count();
    const now = await type(["replay", "--since", "1d", "--json"]);
    expect(now).toMatchObject({ code: 0, err: "" });
    const one = now.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find((it) => JSON.stringify(it).includes("Rules change"));
    expect(one).toMatchObject({
      unclaimed: false,
      would: [{ account: "masto-en", mode: "review", stale: false, notBefore: expect.any(String) }],
      really: [{ account: "masto-en", state: "waiting", text: expect.stringContaining("Rules change") }],
    });
    // A draft of other rules: only what is tagged otherwise goes out, by itself, and old news is told as old.
    writeFileSync(
      join(folder, "draft.yaml"),
      `site: { name: Daily, url: "https://example.org", languages: [en], timeZone: UTC }
sources: [{ name: cms, kind: hook, secretEnv: CMS_SECRET }]
accounts: [{ name: draft-en, network: rehearsal, mode: auto, voice: loud }]
voices: { loud: { text: "BREAKING {headline} {link}" } }
rules: [{ when: { tags: [river] }, accounts: [draft-en], staleAfter: 1s }]
`,
    );
    await store.query(
      "update slugline.article set published_at = first_seen_at - interval '1 day', embargo_until = null where title = 'Rules change'",
    );
    await store.query("delete from slugline.rule");
    const draft = await run(["replay", "--since", "1d", "--config", "draft.yaml"], {
      out: (line) => void said.push(line),
      err: (line) => void said.push(line),
      env: { DATABASE_URL: store.databaseUrl, SLUGLINE_KEY: KEY, CMS_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
      folder,
    });
    expect(draft).toBe(0);
    const text = said.join("\n");
    expect(text).toContain("BREAKING Rules change");
    expect(text).toContain("auto by account draft-en");
    expect(text).toContain("too old: a person would be asked");
    expect(text).toContain("no rule takes it");
    expect(text).toMatch(/\d+ stories: 1 posts would be written, 0 were posted/);
    expect(await count()).toBe(before);
    expect(await type(["replay", "--since", "soon"])).toMatchObject({ code: 2, err: expect.stringContaining("12h or 7d") });
  });
  const said: string[] = [];
});
