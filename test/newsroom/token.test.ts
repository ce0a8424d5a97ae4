import { describe, expect, test } from "vitest";
import { run } from "../../src/cli.ts";
import { newId } from "../../src/lib/id.ts";
import { may } from "../../src/newsroom/person.ts";
import { addToken, lesserOf, revokeToken, tokenLines, tokenOf, type NewToken } from "../../src/newsroom/token.ts";
import { advance, testStore } from "../support/store.ts";

const store = await testStore();
const account = newId();
await store.query("insert into slugline.account (id, name, network, origin) values ($1, 'masto-en', 'mastodon', 'file')", [
  account,
]);

async function made(it: Partial<NewToken> = {}): Promise<string> {
  const token = await addToken(store, {
    name: `program ${newId()}`,
    scopes: ["read"],
    role: "viewer",
    accounts: {},
    personId: null,
    expiresInS: null,
    madeBy: "a test",
    ...it,
  });
  if (token === undefined) throw new Error("taken");
  return token;
}

async function person(role = "editor"): Promise<string> {
  const id = newId();
  await store.query("insert into slugline.person (id, email, name, role) values ($1, $2, 'Rosa', $3)", [
    id,
    `${id}@example.org`,
    role,
  ]);
  return id;
}

describe("a token", () => {
  test("is 256 random bits, told once; what is kept says nothing of it", async () => {
    const [one, other] = [await made(), await made()];
    expect(one).toMatch(/^slug_[\w-]{43}$/);
    expect(one).not.toBe(other);
    const { rows } = await store.query<{ row: string }>(
      "select t::text || e::text as row from slugline.api_token t, (select string_agg(data::text, '') from slugline.event) e",
    );
    for (const { row } of rows) expect(row).not.toContain(one.slice(5));
  });

  test("is nobody's once it is over, revoked, or changed by a letter", async () => {
    const [brief, gone, good] = [await made({ expiresInS: 60 }), await made({ name: "gone" }), await made()];
    expect(await tokenOf(store, brief)).toBeDefined();
    await advance(store, "61s");
    expect(await tokenOf(store, brief)).toBeUndefined();
    expect(await revokeToken(store, { name: "GONE" }, "a test")).toBe(true);
    expect(await revokeToken(store, { name: "gone" }, "a test"), "once").toBe(false);
    expect(await tokenOf(store, gone)).toBeUndefined();
    for (const wrong of [`${good}a`, good.slice(0, -1), good.toUpperCase(), "slug_", "", `slug_${"\u0000".repeat(43)}`])
      expect(await tokenOf(store, wrong), wrong).toBeUndefined();
    expect(await tokenOf(store, good)).toBeDefined();
  });

  test("of a disabled person is dead at once, and alive when they come back", async () => {
    const rosa = await person();
    const hers = await made({ personId: rosa });
    expect((await tokenOf(store, hers))?.person).toEqual({ id: rosa, name: "Rosa" });
    await store.query("update slugline.person set disabled_at = slugline.now() where id = $1", [rosa]);
    expect(await tokenOf(store, hers)).toBeUndefined();
    expect((await tokenLines(store)).find((one) => one.person === "Rosa")?.works).toBe(false);
  });

  test("may do no more than its person, on each account", async () => {
    const rosa = await person("writer");
    await store.query("insert into slugline.person_account (person_id, account_id, role) values ($1, $2, 'none')", [
      rosa,
      account,
    ]);
    const rights = (await tokenOf(store, await made({ personId: rosa, role: "admin" })))!;
    expect([may(rights, "write"), may(rights, "decide"), may(rights, "see", account)]).toEqual([true, false, false]);
    await store.query("update slugline.person set role = 'viewer' where id = $1", [rosa]);
    expect(lesserOf({ role: "none", accounts: { a: "editor" } }, { role: "viewer", accounts: { b: "admin" } })).toEqual({
      role: "none",
      accounts: { a: "viewer", b: "none" },
    });
  });

  test("says to the hour when it was last used", async () => {
    const name = "used";
    const token = await made({ name });
    const used = async () => (await tokenLines(store)).find((one) => one.name === name)?.last_used_at;
    expect(await used()).toBeNull();
    await tokenOf(store, token);
    const first = await used();
    expect(first?.toISOString()).toMatch(/:00:00\.000Z$/);
    await tokenOf(store, token);
    expect(await used()).toEqual(first);
    await advance(store, "3h");
    await tokenOf(store, token);
    expect((await used())!.getTime()).toBeGreaterThan(first!.getTime());
  });

  test("of a name that lives is not made again, of one that was revoked it is", async () => {
    const it = { scopes: ["read"], role: "viewer", accounts: {}, personId: null, expiresInS: null, madeBy: "a test" } as const;
    expect(await addToken(store, { ...it, name: "cms" })).toBeDefined();
    expect(await addToken(store, { ...it, name: "CMS" })).toBeUndefined();
    await revokeToken(store, { name: "cms" }, "a test");
    expect(await addToken(store, { ...it, name: "cms" })).toBeDefined();
  });
});

describe("the command line", () => {
  /** Types a command and reads what it says. */
  async function type(...argv: string[]) {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await run(["token", ...argv], {
      out: (line) => void out.push(line),
      err: (line) => void err.push(line),
      env: { DATABASE_URL: store.databaseUrl, SLUGLINE_KEY: Buffer.alloc(32, 7).toString("base64") },
      folder: "/nowhere",
    });
    return { code, out: out.join("\n"), err: err.join("\n") };
  }

  test("makes a token with the least role its scopes need, lists it without telling it, and ends it", async () => {
    const added = await type("add", "desk-cms", "--scopes", "read,links");
    const token = /slug_[\w-]{43}/.exec(added.out)?.[0] ?? "";
    expect(await tokenOf(store, token)).toMatchObject({
      name: "desk-cms",
      scopes: ["read", "links"],
      role: "writer",
      person: null,
    });
    const listed = await type("list");
    expect(listed.out).toMatch(/desk-cms +read,links {2}writer {2}last used 20/);
    expect(listed.out).not.toContain("slug_");
    expect(await type("revoke", "desk-cms")).toMatchObject({ code: 0 });
    expect(await tokenOf(store, token)).toBeUndefined();
    expect(await type("revoke", "desk-cms")).toMatchObject({ code: 2, err: expect.stringContaining('no token "desk-cms"') });
  });

  test("makes one for a person, for single accounts, for a time, and says so to programs", async () => {
    const rosa = await person();
    const added = await type(
      "add",
      "one desk",
      "--scopes",
      "decide",
      "--account",
      "masto-en=editor",
      "--for",
      `${rosa}@example.org`,
      "--expires",
      "90d",
      "--json",
    );
    const told = JSON.parse(added.out) as { token: string };
    expect(told).toMatchObject({
      name: "one desk",
      scopes: ["decide"],
      role: "none",
      accounts: { "masto-en": "editor" },
      expires: "90d",
    });
    expect(await tokenOf(store, told.token)).toMatchObject({
      role: "none",
      accounts: { [account]: "editor" },
      person: { id: rosa },
    });
    const { tokens } = JSON.parse((await type("list", "--json")).out) as { tokens: { name: string }[] };
    expect(tokens.find(({ name }) => name === "one desk")).toMatchObject({
      accounts: { "masto-en": "editor" },
      for: "Rosa",
      works: true,
    });
  });

  test.each([
    [["add", "x"], "--scopes is missing"],
    [["add", "x", "--scopes", "reed"], 'Did you mean "read"'],
    [["add", "x", "--scopes", "read", "--role", "editr"], 'Did you mean "editor"'],
    [["add", "x", "--scopes", "read", "--account", "masto-em=editor"], 'Did you mean "masto-en"'],
    [["add", "x", "--scopes", "read", "--account", "masto-en"], "Say the role of masto-en"],
    [["add", "x", "--scopes", "read", "--for", "nobody@example.org"], "nobody with the address"],
    [["add", "x", "--scopes", "read", "--expires", "soon"], "It looks like 12h or 90d"],
    [["add", "\n", "--scopes", "read"], "is no name for a token"],
  ])("says what would be right instead of %j", async (argv, says) => {
    expect(await type(...argv)).toMatchObject({ code: 2, err: expect.stringContaining(says) });
  });
});
