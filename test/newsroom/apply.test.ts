import { beforeEach, describe, expect, test } from "vitest";
import { parseNewsroom } from "../../src/config/newsroom.ts";
import { apply, rehearsalWhy } from "../../src/newsroom/apply.ts";
import { accountById, claimants, rules } from "../../src/newsroom/store.ts";
import { driverAccount } from "../../src/newsroom/drivers.ts";
import { testStore } from "../support/store.ts";

const store = await testStore();
const shortUrl = "https://go.example.org";
const SITE = "site: { name: Daily, url: https://example.org, languages: [en], timeZone: UTC }";

function newsroom(rest: string) {
  return parseNewsroom(`${SITE}\n${rest}`, "newsroom.yaml", () => "set");
}

const DESK = "{ name: desk, network: mastodon, server: https://m.example, tokenEnv: TOKEN }";
const WHOLE = newsroom(`
sources: [{ name: front, kind: feed, url: https://example.org/feed }]
accounts: [${DESK}]
rules: [{ accounts: [desk] }]`);

async function rowsOf(table: "account" | "source"): Promise<{ name: string; state: string; updated_at: Date }[]> {
  const { rows } = await store.query<{ name: string; state: string; updated_at: Date }>(
    `select name, state, updated_at from slugline.${table} order by name`,
  );
  return rows;
}

async function told(): Promise<string[]> {
  const { rows } = await store.query<{ kind: string }>("select kind from slugline.event order by id");
  return rows.map(({ kind }) => kind);
}

beforeEach(async () => {
  await store.query("truncate slugline.account, slugline.source, slugline.rule, slugline.voice, slugline.event cascade");
});

describe("applying newsroom.yaml", () => {
  test("makes rows of sources, accounts, voices and rules", async () => {
    expect(await apply(store, WHOLE, { shortUrl })).toMatchObject({ sources: 1, accounts: 1, rules: 1, disabled: [] });
    const [desk] = await claimants(store);
    expect(desk).toMatchObject({
      name: "desk",
      mode: "review",
      rehearsal: false,
      rehearsal_why: null,
      settings: { tokenEnv: "TOKEN" },
    });
    expect(desk?.voice.text).toContain("{link}");
    expect(await rules(store)).toHaveLength(1);
  });

  test("twice changes nothing and tells nothing", async () => {
    await apply(store, WHOLE, { shortUrl });
    const [before, kinds] = [[await rowsOf("account"), await rowsOf("source")], await told()];
    await apply(store, WHOLE, { shortUrl });
    expect([await rowsOf("account"), await rowsOf("source")]).toEqual(before);
    expect(await told()).toEqual(kinds);
  });

  test("by two processes at once leaves one of each", async () => {
    await Promise.all(Array.from({ length: 6 }, () => apply(store, WHOLE, { shortUrl })));
    expect(await rowsOf("account")).toHaveLength(1);
    expect(await rowsOf("source")).toHaveLength(1);
    expect(await rules(store)).toHaveLength(1);
  });

  test("what left the file is disabled, not deleted, and comes back with it", async () => {
    await apply(store, WHOLE, { shortUrl });
    expect((await apply(store, newsroom(""), { shortUrl })).disabled).toEqual(["front", "desk"]);
    expect((await rowsOf("account"))[0]?.state).toBe("disabled");
    expect(await claimants(store)).toEqual([]);
    await apply(store, WHOLE, { shortUrl });
    expect((await rowsOf("account"))[0]?.state).toBe("active");
    expect((await rowsOf("source"))[0]?.state).toBe("active");
  });

  test("a fault on the way leaves everything as it was", async () => {
    await apply(store, WHOLE, { shortUrl });
    const broken = { ...WHOLE, accounts: WHOLE.accounts.map((account) => ({ ...account, spacingS: -1 })), rules: [] };
    await expect(apply(store, broken, { shortUrl })).rejects.toThrow();
    expect(await rules(store)).toHaveLength(1);
  });

  test("the row holds the variable's name; the driver reads its value, or says which one to set", async () => {
    await apply(store, WHOLE, { shortUrl });
    const [{ id } = { id: "" }] = await claimants(store);
    const row = (await accountById(store, id))!;
    await expect(driverAccount(row, (name) => (name === "TOKEN" ? "t0p" : undefined)).secret.get("token")).resolves.toBe("t0p");
    await expect(driverAccount(row, () => undefined).secret.get("token")).rejects.toThrow(/TOKEN is not set/);
  });
});

describe("while short links are on this machine", () => {
  test("an account stays in rehearsal, and says why", async () => {
    await apply(store, WHOLE, { shortUrl: "http://127.0.0.1:3001" });
    expect((await claimants(store))[0]?.rehearsal_why).toMatch(/127\.0\.0\.1:3001.*SHORT_URL/);
    await apply(store, WHOLE, { shortUrl });
    expect((await claimants(store))[0]?.rehearsal_why).toBeNull();
  });

  test("unless its server is on this machine too; a name that only looks so is not", () => {
    const why = (server: string) => rehearsalWhy({ server, rehearsal: false }, "http://127.0.0.1:3001");
    expect(why("http://127.0.0.1:4000")).toBeNull();
    expect(why("http://[::1]:4000")).toBeNull();
    expect(why("https://localhost.example.com")).not.toBeNull();
    expect(why("https://127.0.0.1.example.com")).not.toBeNull();
  });
});
