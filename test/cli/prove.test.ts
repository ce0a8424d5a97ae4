import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { run } from "../../src/cli.ts";
import { keepCredential } from "../../src/newsroom/credential.ts";
import { accountById } from "../../src/newsroom/store.ts";
import { startSix } from "../support/six.ts";
import { testStore, until } from "../support/store.ts";
import { X_APP } from "../support/x-sign-in.ts";

const store = await testStore();
const six = await startSix();
const folder = mkdtempSync(join(tmpdir(), "slugline prove "));
const KEY = Buffer.alloc(32, 7);
const accounts = [
  ...six.accounts("review"),
  { name: "x-in", network: "x", server: six.x.url, clientIdEnv: "X_CLIENT_ID", clientSecretEnv: "X_CLIENT_SECRET" },
  { name: "quiet", network: "mastodon", server: six.mastodon.url, rehearsal: true, tokenEnv: "MASTO_TOKEN" },
];
writeFileSync(
  join(folder, "newsroom.yaml"),
  JSON.stringify({
    site: { name: "Daily", url: "https://example.org", languages: ["en"], timeZone: "UTC" },
    outbound: { allow: six.allow },
    accounts,
  }),
);
afterAll(async () => {
  await six[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const env = {
  ...six.env,
  X_CLIENT_ID: X_APP.id,
  X_CLIENT_SECRET: X_APP.secret!,
  DATABASE_URL: store.databaseUrl,
  SLUGLINE_KEY: KEY.toString("base64"),
  SLUGLINE_CONFIG: "newsroom.yaml",
  SHORT_URL: "https://go.example.org",
};

async function type(argv: string[], stdin: NodeJS.ReadableStream = Readable.from([])) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(argv, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    stdin,
    env,
    folder,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}
await type(["apply", "newsroom.yaml"]);

/** A sign-in that went well. */
const { access_token, refresh_token } = six.x.signIn.grant({ id: "1001", username: "example" });
const { rows } = await store.query<{ id: string }>("select id from slugline.account where name = 'x-in'");
const session = { id: "1001", access: access_token, refresh: refresh_token, since: Date.now(), endsAt: Date.now() + 7_200_000 };
await keepCredential(store, () => [KEY], (await accountById(store, rows[0]!.id))!, "session", JSON.stringify(session));

beforeEach(async () => {
  six.mastodon.clearFaults();
  six.mastodon.lagReads = 0;
  await store.query("update slugline.account set proved_at = null");
});

const provedAt = async (name: string) =>
  (await store.query<{ proved_at: Date | null }>("select proved_at from slugline.account where name = $1", [name])).rows[0]!
    .proved_at;
const SECRETS = [...Object.values(six.env), X_APP.secret!, access_token, refresh_token];

describe("slugline account prove", () => {
  test.each([
    ["masto", true, true],
    ["x", true, true],
    ["x-in", true, true],
    ["bsky", true, true],
    ["tele", null, true],
    ["hook", null, null],
  ])(
    "%s: posted, looked for, removed as far as its network allows; what was said is kept without secrets",
    async (name, found, removed) => {
      const file = join(folder, `${name}.json`);
      const { code, out, err } = await type(["account", "prove", name, "--yes", "--out", file, "--json"]);
      expect(out, err).not.toBe("");
      const told = JSON.parse(out) as { ok: boolean; posted: { id: string } | null; transcript: string };
      expect({ code, ...told }).toMatchObject({ code: 0, ok: true, found, removed, transcript: file });
      const saved = readFileSync(file, "utf8");
      const { exchanges } = JSON.parse(saved) as {
        exchanges: { request: { method: string; url: string; body: string }; answer: { status: number } }[];
      };
      expect(exchanges.length).toBeGreaterThan(0);
      expect(exchanges.every(({ answer }) => answer.status >= 200 && answer.status < 300)).toBe(true);
      expect(exchanges.some(({ request }) => request.method !== "GET" && /Slugline(%20| |\+)proves/.test(request.body))).toBe(
        true,
      );
      for (const secret of SECRETS.filter((one) => one.length > 6)) {
        expect(saved, "the transcript").not.toContain(secret);
        expect(saved, "the transcript").not.toContain(encodeURIComponent(secret));
      }
      expect(saved).not.toMatch(/oauth_signature|accessJwt":"(?!\[secret)/);
      expect(await provedAt(name)).toBeInstanceOf(Date);
    },
  );

  test("nothing of it is left standing", () => {
    expect(six.mastodon.accepted.filter(({ deleted }) => !deleted)).toEqual([]);
    expect(six.x.accepted.filter(({ deleted }) => !deleted)).toEqual([]);
    expect(six.bluesky.records.size).toBe(0);
  });

  test("what shows late is waited for; what is not found is removed all the same, and said", async () => {
    six.mastodon.lagReads = 1;
    expect(await type(["account", "prove", "masto", "--yes"])).toMatchObject({ code: 0 });
    six.mastodon.next(500, 100, "read");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const before = six.mastodon.requests.length;
    const proving = type(["account", "prove", "masto", "--yes", "--json"]);
    await until(async () => {
      const asked = six.mastodon.requests.slice(before).map(({ method }) => method);
      return asked.includes("POST") && asked.at(-1) === "GET";
    });
    // The network's settle time is over.
    vi.setSystemTime(Date.now() + 120_000);
    const { code, out } = await proving.finally(() => vi.useRealTimers());
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, ok: false, found: false, removed: true });
    expect(await provedAt("masto"), "of the time before").toBeInstanceOf(Date);
  });

  test("where the removal fails it says where the post stands", async () => {
    six.mastodon.next(403, 1, "remove");
    const { code, out } = await type(["account", "prove", "masto", "--yes"]);
    expect(code).toBe(1);
    expect(out).toMatch(/FAIL {2}Removed: It still stands at http.*\/\d+: .*403/);
    expect(await provedAt("masto")).toBeNull();
  });

  test("an answer that is lost: it is found by looking, and removed", async () => {
    six.mastodon.next("reset-after-accept", 1, "publish");
    const { code, out } = await type(["account", "prove", "masto", "--yes", "--json"]);
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, found: true, removed: true });
    expect(six.mastodon.accepted.at(-1)!.deleted).toBe(true);
  });

  test("a token that does not work: nothing is posted", async () => {
    const before = six.mastodon.accepted.length;
    six.mastodon.next(401, 1, "verify");
    expect(await type(["account", "prove", "masto", "--yes"])).toMatchObject({
      code: 1,
      out: expect.stringMatching(/FAIL {2}Whose it is: .*401/),
    });
    expect(six.mastodon.accepted).toHaveLength(before);
  });

  test("a program says --yes, a person types it, and is told what it costs", async () => {
    const before = six.x.accepted.length;
    expect(await type(["account", "prove", "x"])).toMatchObject({ code: 2, err: expect.stringContaining("Say --yes") });
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
    const screen = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    setTimeout(() => stdin.write("no\r"), 200);
    const said = await type(["account", "prove", "x"], stdin as unknown as NodeJS.ReadableStream);
    screen.mockRestore();
    expect(said).toMatchObject({ code: 1, err: expect.stringMatching(/It costs about 0\.2 USD[^]*Nothing was posted/) });
    expect(six.x.accepted).toHaveLength(before);
  });

  test("an account in rehearsal, one there is not, one that is disabled", async () => {
    expect((await type(["account", "prove", "quiet", "--yes"])).err).toMatch(/is in rehearsal/);
    expect((await type(["account", "prove", "mast", "--yes"])).err).toMatch(/Did you mean "masto"/);
    await store.query("update slugline.account set state = 'disabled' where name = 'hook'");
    expect((await type(["account", "prove", "hook", "--yes"])).err).toMatch(/is disabled/);
  });
});
