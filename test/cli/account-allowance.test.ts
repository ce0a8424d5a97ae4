import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli.ts";
import { testStore } from "../support/store.ts";

const store = await testStore();
const folder = mkdtempSync(join(tmpdir(), "slugline allowance "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "newsroom.yaml"), "site: { name: Daily, url: https://example.org, languages: [en], timeZone: UTC }\n");

async function type(argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(argv, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    stdin: Readable.from([]),
    env: {
      DATABASE_URL: store.databaseUrl,
      SLUGLINE_KEY: Buffer.alloc(32, 2).toString("base64"),
      SLUGLINE_CONFIG: "newsroom.yaml",
      SHORT_URL: "https://go.example.org",
    },
    folder,
  });
  return { code, err: err.join("\n"), told: [...out, ...err].join("\n") };
}

const row = async (name: string) =>
  (await store.query<{ allowance: unknown }>("select allowance from slugline.account where name = $1", [name])).rows[0];

describe("what an account may do, as options", () => {
  const add = (name: string, ...more: string[]) => ["account", "add", name, "--network", "x", "--rehearsal", ...more];

  test("is kept as newsroom.yaml would have it", async () => {
    const { code, told } = await type(
      add(
        "x-en",
        ..."--per-hour 3 --per-day 20 --quiet-from 23:00 --quiet-to 06:30 --quiet-breaking false".split(" "),
        ..."--time-zone Asia/Tokyo --breaking-share 30%".split(" "),
        "--budget-per-day",
        "10 USD",
        "--cost-plain",
        "0.015 USD",
        "--cost-with-link",
        "0.2 USD",
      ),
    );
    expect([code, told]).toEqual([0, expect.stringContaining("is kept")]);
    expect((await row("x-en"))?.allowance).toEqual({
      perHour: 3,
      perDay: 20,
      quiet: { from: "23:00", to: "06:30", breaking: false },
      timeZone: "Asia/Tokyo",
      budget: { currency: "USD", perDay: 10_000_000, breakingShare: 30 },
      cost: { plain: 15_000, withLink: 200_000, currency: "USD" },
    });
  });

  test("that contradicts itself is told, and nothing is kept", async () => {
    const { code, err } = await type(add("x-two", "--budget-per-day", "10 EUR", "--quiet-from", "23:00"));
    expect(code).toBe(2);
    expect(err).toContain("quiet.to: is missing");
    expect(err).toContain("budget.perDay: must be in the currency in which a post is paid: USD.");
    expect(await row("x-two")).toBeUndefined();
  });
});
