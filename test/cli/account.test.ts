import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../src/cli.ts";
import { NETWORK_NAMES, NETWORKS } from "../../src/config/networks.ts";
import { startMastodon } from "../support/mastodon.ts";
import { testStore } from "../support/store.ts";

const store = await testStore();
const server = await startMastodon({ accounts: { "canary-masto-token": "desk" } });
afterAll(() => server.close());
const TOKEN = "canary-masto-token";
const [NEW, OLD] = [Buffer.alloc(32, 1).toString("base64"), Buffer.alloc(32, 2).toString("base64")];
const SITE = `site: { name: Daily, url: https://example.org, languages: [en], timeZone: UTC }
outbound: { allow: ["${new URL(server.url).host}", "127.0.0.1:1"] }
`;

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slugline account "));
  newsroom();
  server.clearFaults();
  await store.query("delete from slugline.account");
  await store.query("delete from slugline.rule");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const newsroom = (text = "") => writeFileSync(join(folder, "newsroom.yaml"), SITE + text);

/** Types a command, answers what it asks line by line, and reads what it says. */
async function type(argv: string[], answers: readonly string[] = [], env: Record<string, string> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(argv, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    stdin: Readable.from(answers.map((line) => `${line}\n`)),
    env: {
      DATABASE_URL: store.databaseUrl,
      SLUGLINE_KEY: OLD,
      SLUGLINE_CONFIG: "newsroom.yaml",
      SHORT_URL: "https://go.example.org",
      ...env,
    },
    folder,
  });
  const told = [...out, ...err].join("\n");
  return {
    code,
    out: out.join("\n"),
    err: err.join("\n"),
    told,
    json: () => JSON.parse(out.join("\n")) as Record<string, unknown>,
  };
}

const add = (...more: string[]) => ["account", "add", "masto-en", "--network", "mastodon", "--server", server.url, ...more];
const row = async (name = "masto-en") =>
  (await store.query("select * from slugline.account where name = $1", [name])).rows[0] as Record<string, unknown> | undefined;

describe("slugline account add", () => {
  test("asks for what the network needs, keeps it sealed, and says whose it is", async () => {
    const { code, out, told } = await type(
      ["account", "add", "masto-en", "--network", "mastodon", "--lang", "en"],
      [server.url, TOKEN],
    );
    expect(out).toMatch(
      /masto-en is kept, with 1 sealed secret\.[^]*masto-en \(mastodon\) works: .*desk.*500 graphemes a post.*does not end/,
    );
    expect(code).toBe(0);
    expect(told).not.toContain(TOKEN);
    expect(await row()).toMatchObject({
      origin: "editor",
      server: server.url,
      lang: "en",
      mode: "review",
      state: "active",
      settings: { picture: "card" },
    });
    const { rows } = await store.query<{ row: string }>(
      "select a::text || c::text as row from slugline.account a join slugline.credential c on c.account_id = a.id",
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]!.row).not.toContain(TOKEN);
  });

  test.for(NETWORK_NAMES)("on %s asks for nothing but its own fields, and says where each is found", async (network) => {
    const { secrets, settings, server: where, handle } = NETWORKS[network]!;
    const needed = [
      ...(where && "like" in where ? ["server"] : []),
      ...(handle ? ["handle"] : []),
      ...Object.keys(settings).filter((key) => settings[key]!.needed),
      ...Object.keys(secrets),
    ];
    const fine: Record<string, string> = {
      server: server.url,
      handle: "desk.example",
      chat: "@desk",
      url: "https://partner.example/",
      secret: OLD,
    };
    for (let at = 0; at < needed.length; at += 1) {
      const { code, err } = await type(
        ["account", "add", "one", "--network", network],
        needed.slice(0, at).map((key) => fine[key] ?? "canary"),
      );
      expect({ code, err }).toEqual({
        code: 2,
        err: expect.stringMatching(new RegExp(`^${needed[at]} is missing: .*standard input.*--`)),
      });
      const secret = secrets[needed[at]!];
      if (secret) expect(err).toContain(secret.where);
      expect(err).not.toContain("canary");
      expect(await row("one"), "nothing is half written").toBeUndefined();
    }
  });

  test("takes secrets from variables that are named, never from the command line itself", async () => {
    expect((await type(add("--token-env", "MINE"), [], { MINE: TOKEN })).code).toBe(0);
    const { code, err } = await type(add("--token-env", TOKEN));
    expect(code).toBe(2);
    expect(err).toMatch(/takes the name of an environment variable that is set, never the secret/);
    expect(err).not.toContain(TOKEN);
    const given = await type(add("--token", TOKEN));
    expect(given.code).toBe(2);
    expect(given.told).not.toContain(TOKEN);
  });

  test("given anew, an account keeps nothing of what it had", async () => {
    await type(add(), [TOKEN]);
    const before = await row();
    await store.query("update slugline.account set state = 'locked-out', state_why = 'revoked'");
    const { code } = await type(add("--mode", "auto"), ["canary-wrong-token"]);
    expect(code, "the new token does not work").toBe(1);
    expect(await row()).toMatchObject({ id: before!["id"], mode: "auto", state: "active" });
    expect((await store.query("select from slugline.credential")).rowCount).toBe(1);
  });

  test("what newsroom.yaml declares is changed there", async () => {
    newsroom(`accounts: [{ name: masto-en, network: mastodon, server: "${server.url}", tokenEnv: MASTO }]`);
    const env = { MASTO: TOKEN };
    await type(["apply", "newsroom.yaml"], [], env);
    const { code, err } = await type(add(), [TOKEN], env);
    expect({ code, err }).toEqual({
      code: 1,
      err: "Account masto-en stands in newsroom.yaml. Change it there, and its secrets in the environment.",
    });
    newsroom();
    await type(["apply", "newsroom.yaml"]);
    expect((await type(add(), [TOKEN])).err).toMatch(/Put it back there, or choose another name/);
  });

  test("while short links are on this machine it stays in rehearsal, unless its server is here too", async () => {
    const local = { SHORT_URL: "http://127.0.0.1:3001" };
    const { out } = await type(["account", "add", "x", "--network", "bluesky", "--handle", "desk.example"], ["pass"], local);
    expect(out).toMatch(/It is in rehearsal: Short links are on 127\.0\.0\.1:3001/);
    expect(await row("x")).toMatchObject({ rehearsal: false, rehearsal_why: expect.stringContaining("SHORT_URL") });
    expect((await type(add(), [TOKEN], local)).out).not.toMatch(/rehearsal/);
  });

  test("in rehearsal it needs no secret, and its network hears nothing", async () => {
    const before = server.requests.length;
    expect(await type(add("--rehearsal"))).toMatchObject({ code: 0, out: expect.stringContaining("It is in rehearsal") });
    expect(server.requests).toHaveLength(before);
  });

  test("--takes gives it stories by a rule of its own", async () => {
    await type(add("--takes", "all"), [TOKEN]);
    await type(add("--takes", "all"), [TOKEN]);
    const { rows } = await store.query<{ spec: unknown }>("select spec from slugline.rule");
    expect(rows).toEqual([
      { spec: expect.objectContaining({ accounts: ["masto-en"], when: { source: [], lang: [], tags: [] } }) },
    ]);
    expect(await type(add("--takes", "nowhere"), [TOKEN])).toMatchObject({
      code: 2,
      err: expect.stringContaining('no source "nowhere"'),
    });
  });

  test("slips are told with what would be right", async () => {
    expect((await type(["account", "add", "a", "--network", "mastodn"])).err).toMatch(/Did you mean "mastodon"/);
    expect((await type(add("--chat", "@x"))).err).toMatch(
      /An account on mastodon has no --chat\. It has: --visibility, --token-env/,
    );
    expect((await type(add("--mode", "autom"), [TOKEN])).err).toMatch(/mode: must be one of review, auto\. Did you mean "auto"/);
    expect((await type(add("--voice", "loud"), [TOKEN])).err).toMatch(/no voice "loud"/);
    expect((await type(["account", "add", "a b", "--network", "rehearsal"])).err).toMatch(/name: must be a short name/);
    expect(await row()).toBeUndefined();
  });
});

describe("slugline account verify", () => {
  test("says of each account whose it is, or what is wrong and what to do", async () => {
    newsroom(`accounts:
  - { name: filed, network: mastodon, server: "${server.url}", tokenEnv: MASTO }
  - { name: quiet, network: mastodon, server: "${server.url}", rehearsal: true, tokenEnv: MASTO }
`);
    const env = { MASTO: "canary-revoked-token" };
    await type(["apply", "newsroom.yaml"], [], env);
    await type(add(), [TOKEN], env);
    const { code, out, told } = await type(["account", "verify"], [], env);
    expect(code).toBe(1);
    expect(out).toMatch(
      /filed \(mastodon\) does not work: .*invalid[^]*Put it into MASTO and restart\. Where to find it: on your server/,
    );
    expect(out).toMatch(/masto-en \(mastodon\) works: .*desk/);
    expect(out).toMatch(/In rehearsal, not asked: quiet\./);
    for (const secret of [TOKEN, "canary-revoked-token"]) expect(told).not.toContain(secret);
  });

  test("as JSON, for one account; exit code 0 when it works", async () => {
    await type(add(), [TOKEN]);
    const { code, json } = await type(["account", "verify", "masto-en", "--json"]);
    expect(code).toBe(0);
    expect(json()).toEqual({
      ok: true,
      accounts: [
        {
          account: "masto-en",
          network: "mastodon",
          ok: true,
          id: expect.any(String),
          handle: expect.stringContaining("desk"),
          endsAt: null,
          limit: 500,
          unit: "grapheme",
          why: null,
          advice: null,
        },
      ],
      skipped: [],
    });
  });

  test("asks for an account in rehearsal only when it is named", async () => {
    await type(add("--rehearsal", "--token-env", "MINE"), [], { MINE: TOKEN });
    const before = server.requests.length;
    expect((await type(["account", "verify", "--json"])).json()).toEqual({ ok: true, accounts: [], skipped: ["masto-en"] });
    expect(server.requests).toHaveLength(before);
    expect((await type(["account", "verify", "masto-en"])).out).toMatch(/works/);
  });

  test("an account there is not, a server that is away, a key that is gone", async () => {
    await type(add(), [TOKEN]);
    expect((await type(["account", "verify", "masto-eng"])).err).toMatch(/Did you mean "masto-en"/);
    expect(await type(["account", "verify"], [], { SLUGLINE_KEY: NEW })).toMatchObject({
      code: 1,
      out: expect.stringMatching(/none of SLUGLINE_KEY/),
    });
    await type(["account", "add", "away", "--network", "mastodon", "--server", "http://127.0.0.1:1"], [TOKEN]);
    expect((await type(["account", "verify", "away"])).out).toMatch(/away \(mastodon\) does not work: .*[^]*reachable from here/);
  });
});

describe("slugline key rotate", () => {
  test("seals anew under the newest key; then the old one may go", async () => {
    await type(add(), [TOKEN]);
    const both = { SLUGLINE_KEY: `${NEW},${OLD}` };
    expect(await type(["check"], [], both)).toMatchObject({
      code: 0,
      out: expect.stringContaining("1 sealed under an older key. Run: slugline key rotate"),
    });
    expect((await type(["key", "rotate", "--json"], [], both)).json()).toMatchObject({ resealed: 1, unreadable: [] });
    expect((await type(["account", "verify"], [], { SLUGLINE_KEY: NEW })).code).toBe(0);
    expect(await type(["key", "rotate"], [], { SLUGLINE_KEY: NEW })).toMatchObject({
      code: 0,
      out: expect.stringContaining("0 secrets sealed anew"),
    });
  });

  test("says what no key opens, and ends with 1", async () => {
    await type(add(), [TOKEN]);
    expect(await type(["key", "rotate"], [], { SLUGLINE_KEY: NEW })).toMatchObject({
      code: 1,
      out: expect.stringMatching(/Not read .*sealed under the key/),
    });
  });
});

describe("slugline check", () => {
  test("says which secret is nowhere, and where to give it", async () => {
    await type(add(), [TOKEN]);
    expect((await type(["check"])).code).toBe(0);
    await store.query("delete from slugline.credential");
    const { code, json } = await type(["check", "--json"]);
    expect(code).toBe(1);
    expect(json()).toMatchObject({
      ok: false,
      secrets: {
        missing: [{ account: "masto-en", secret: "token", why: expect.stringContaining("slugline account add masto-en") }],
        underOldKeys: 0,
      },
    });
  });
});
